#include <fmt/format.h>

#include <map>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/cli/index/action_text.hpp"
#include "host/cli/index/filling.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/index/index_items.hpp"
#include "host/cli/index/thumbnails.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

/// What became of the files of an index since their rows were made.
struct FileChanges {
  std::map<std::string, Item> changed;  ///< by path
  std::vector<std::string> vanished;    ///< ids
  int64_t same = 0;
};

/// Looks at size and time first: only where one differs a file is read.
FileChanges changes_of(const IndexWriter& writer, Context& context) {
  constexpr int64_t kAtOnce = 10'000;
  FileChanges changes;
  for (int64_t begin = 0; begin < writer.state().rows; begin += kAtOnce) {
    if (context.interrupted()) throw Interrupted("while files were looked at; nothing was changed");
    for (auto& [row, item] : writer.live_items(begin, begin + kAtOnce)) {
      if (item.path.empty() || item.file.bytes < 0) continue;
      const auto now = glance_at_file(item.path);
      if (!now) {
        changes.vanished.push_back(item.id);
      } else if ((now->bytes == item.file.bytes && now->time == item.file.time) ||
                 (now->bytes == item.file.bytes && stamp_of_file(item.path)->hash == item.file.hash)) {
        ++changes.same;
      } else {
        changes.changed.emplace(item.path, std::move(item));
      }
    }
  }
  return changes;
}

/// --thumbnails also asks for those of pictures that are there and did not change. Returns how many.
int64_t added_thumbnails(const CommandLine& command, IndexWriter& writer) {
  if (!command.has("thumbnails")) return 0;
  ask_for_thumbnails(writer);
  const auto made = make_missing_thumbnails(writer, Decoders(load_catalog(command)), command.context());
  command.context().info(fmt::format("{} thumbnails were made of pictures that were there", made));
  return made;
}

}  // namespace

int update_index(const CommandLine& command) {
  if (!paths_behind_index(command).empty())
    throw UsageError("host index update takes an INDEX alone; host index add takes files that are new");
  const ComponentChoice choice(command);
  IndexWriter writer(command.list("ARGUMENTS").front(), "host index update");
  check_is_whitened(writer.path(), writer.space(), writer.state());
  auto& context = command.context();
  const auto changes = changes_of(writer, context);
  Filled filled;
  std::optional<IndexEncoder> encoder;
  if (!changes.changed.empty()) {
    encoder.emplace(command, model_of_index(command, writer));
    check_model(writer.path(), writer.space(), encoder->model_name(), encoder->fingerprint());
    if (!encoder->reads_pictures()) {
      throw Error(
          fmt::format("{} of the files of {} changed, and only pictures can be updated, since the lines "
                      "of a text file may be others now: remove its items and add the file again",
                      changes.changed.size(), writer.path()));
    }
    filled = Filling(command, *encoder, writer).replace(changes.changed);
    tell_failures(filled, context);
  }
  const auto thumbnails = added_thumbnails(command, writer);
  const bool prunes = command.has("prune") && !changes.vanished.empty();
  if (prunes) writer.remove(changes.vanished);
  if (!prunes && !changes.vanished.empty()) {
    context.warning(
        fmt::format("{} files are not there any more: {}; their items stay, and --prune removes "
                    "them",
                    changes.vanished.size(), shown(first_few(changes.vanished))));
  }
  if (encoder) choice.follow(writer, encoder->catalog(), context);
  writer.finish();
  auto said = said_of(writer, filled);
  said["updated"] = filled.added;
  said["thumbnails_added"] = thumbnails;
  said["unchanged"] = changes.same;
  said["vanished"] = changes.vanished.size();
  said["pruned"] = prunes ? changes.vanished.size() : 0;
  print_filled(command, said,
               fmt::format("{}; {} were updated, {} are unchanged, {} of {} vanished ones were removed",
                           items_text(writer), filled.added, changes.same,
                           prunes ? changes.vanished.size() : 0, changes.vanished.size()));
  return filled.count.failed > 0 && filled.added == 0 ? kExitRunFailed : kExitOk;
}

}  // namespace kindred::host
