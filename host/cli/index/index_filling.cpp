#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/text.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_change.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/cli/index/index_items.hpp"
#include "host/cli/index/index_sink.hpp"
#include "host/cli/index/thumbnails.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr size_t kFailuresShown = 20;
constexpr const char* kBuildNote = "unfinished_build";

/// What a command did to an index.
struct Filled {
  EmbedCount count;
  int64_t added = 0, there_before = 0;
  std::vector<json> failures;
};

void tell_failures(const Filled& filled, Context& context) {
  if (filled.count.failed == 0) return;
  context.warning(filled.count.text + " could not be embedded");
  const auto shown_count = std::min(filled.failures.size(), kFailuresShown);
  for (size_t i = 0; i < shown_count; ++i) {
    const auto& line = filled.failures[i];
    context.warning(line.value("path", line.value("sample", "?")) + ": " + line.value("error", ""));
  }
  if (filled.failures.size() > shown_count)
    context.warning(fmt::format("and {} more, which --json lists", filled.failures.size() - shown_count));
}

json said_of(const IndexWriter& writer, const Filled& filled) {
  return {{"folder", writer.path()},
          {"added", filled.added},
          {"there_before", filled.there_before},
          {"failed", filled.count.failed},
          {"failures", filled.failures},
          {"items", writer.state().rows - writer.state().removed},
          {"rows", writer.state().rows}};
}

void print(const CommandLine& command, const json& said, const std::string& text) {
  std::cout << (command.json() ? json_text(said, 2) : text) << "\n";
}

std::string items_text(const IndexWriter& writer) {
  return fmt::format("{}: {} items of {} numbers", shown(writer.path()),
                     writer.state().rows - writer.state().removed, writer.space().dimension);
}

/// Puts what a command line names into an index.
class Filling {
 public:
  Filling(const CommandLine& command, const IndexEncoder& encoder, IndexWriter& writer)
      : command_(command), encoder_(encoder), writer_(writer) {
    if (!command.has("thumbnails")) return;
    if (!encoder.reads_pictures_too())
      throw UsageError("--thumbnails: the model reads no pictures, of which they could be made");
    ask_for_thumbnails(writer);
  }

  /// `resumes`: what is there already is of this work, begun earlier.
  Filled fill(const std::vector<std::string>& paths, bool resumes) {
    if (command_.has("data")) return from_dataset(resumes);
    auto files = encoder_.files(paths);
    const auto before = files.size();
    if (encoder_.reads_pictures()) leave_out_known(files, resumes);
    Filled filled;
    filled.there_before = static_cast<int64_t>(before - files.size());
    if (files.empty()) return filled;
    if (encoder_.reads_pictures())
      check_enough_rows(writer_, writer_.state().rows + static_cast<int64_t>(files.size()));
    IndexSink sink(writer_, describe_files(), Existing::refuse, resumes && !encoder_.reads_pictures());
    return through(sink, filled, [&] { return encoder_.encode_files(files, sink, use_of(sink)); });
  }

  /// Encodes files again in place of the items that they gave.
  Filled replace(const std::map<std::string, Item>& items) {
    std::vector<std::string> files;
    for (const auto& [path, item] : items) files.push_back(path);
    const auto describe = [&](const json& line, int64_t) {
      auto item = items.at(line.at("path").get<std::string>());
      item.file = stamp_of_file(item.path).value_or(item.file);
      return item;
    };
    IndexSink sink(writer_, describe, Existing::replace);
    return through(sink, {}, [&] { return encoder_.encode_files(files, sink, use_of(sink)); });
  }

 private:
  Filled from_dataset(bool resumes) {
    const auto [dataset, sides] = encoder_.samples();
    check_enough_rows(writer_, dataset->size());
    IndexSink sink(writer_, describe_samples(dataset, sides), Existing::refuse, resumes);
    return through(sink, {},
                   [&, &samples = *dataset] { return encoder_.encode_dataset(samples, sink, use_of(sink)); });
  }

  PictureUse use_of(IndexSink& sink) const { return {sink.see_pictures(), writer_.space().change.mirror}; }

  template <class Encode>
  Filled through(IndexSink& sink, Filled filled, Encode&& encode) {
    try {
      filled.count = encode();
    } catch (const Interrupted& stop) {
      throw Interrupted(fmt::format("{}; {} items are in {}, and the same command goes on from there",
                                    stop.what(), writer_.state().rows - writer_.state().removed,
                                    sink.name()));
    }
    filled.added = sink.added();
    filled.failures = sink.failures();
    return filled;
  }

  /// Takes files out whose items are there. It is an error where nobody began to add them.
  void leave_out_known(std::vector<std::string>& files, bool resumes) const {
    std::vector<std::string> known;
    files.erase(std::remove_if(files.begin(), files.end(),
                               [&](const std::string& file) {
                                 const bool is_known = writer_.find(id_of_path(file)).has_value();
                                 if (is_known) known.push_back(file);
                                 return is_known;
                               }),
                files.end());
    if (known.empty()) return;
    if (!resumes) {
      throw Error(
          fmt::format("{} of {} files {} in the index {} already: {}; nothing was added. `host index "
                      "update` encodes those anew that changed",
                      known.size(), known.size() + files.size(), known.size() == 1 ? "is" : "are",
                      writer_.path(), first_few(known)));
    }
    command_.context().info(fmt::format("going on with {}, which holds {} of {} files", writer_.path(),
                                        known.size(), known.size() + files.size()));
  }

  const CommandLine& command_;
  const IndexEncoder& encoder_;
  IndexWriter& writer_;
};

IndexWriter begun_anew(const CommandLine& command, const IndexEncoder& encoder) {
  const auto folder = command.get<std::string>("output");
  auto writer = IndexWriter::create(folder, asked_space(command, encoder), "host index build");
  encoder.note_in(writer);
  writer.set_note(kBuildNote, true);
  return writer;
}

/// The index that a build begins or goes on with.
IndexWriter begun(const CommandLine& command, const IndexEncoder& encoder) {
  const auto folder = command.get<std::string>("output");
  const auto manifest = fs::path(folder) / kManifestFile;
  if (!fs::exists(manifest)) return begun_anew(command, encoder);
  {
    IndexWriter writer(folder, "host index build");
    check_model(folder, writer.space(), encoder.model_name(), encoder.fingerprint());
    if (writer.note(kBuildNote) != true && writer.state().rows > 0) {
      throw Error(
          fmt::format("{} is an index that is complete; add to it with host index add, or name another "
                      "--output",
                      folder));
    }
    if (writer.state().rows > 0) check_same_change(command, writer);
    if (writer.state().rows > 0 || is_same_change(command, writer)) return writer;
    fs::remove(manifest);  // nothing of it would be lost
  }
  return begun_anew(command, encoder);
}

/// The model that the command names, or the one that the index was built with.
std::string model_of(const CommandLine& command, const IndexWriter& writer) {
  if (command.has("model")) return command.get<std::string>("model");
  if (auto noted = noted_model(writer.note(kModelNote)); !noted.empty()) return noted;
  throw UsageError(
      fmt::format("--model DIR is missing: the model \"{}\" that made the index is not where it "
                  "was",
                  writer.space().model_name));
}

std::vector<std::string> paths_behind_index(const CommandLine& command) {
  auto paths = command.list("ARGUMENTS");
  if (paths.empty()) throw UsageError("INDEX is missing; usage: host index ACTION INDEX ...");
  paths.erase(paths.begin());
  return paths;
}

}  // namespace

int build_index(const CommandLine& command) {
  if (!command.has("output")) throw UsageError("--output INDEX is missing");
  if (!command.has("model")) throw UsageError("--model DIR is missing");
  const auto paths = command.list("ARGUMENTS");
  if (command.has("data") == !paths.empty()) throw UsageError("give either PATHS or --data FILE");
  const ComponentChoice choice(command);
  const IndexEncoder encoder(command, command.get<std::string>("model"));
  choice.check(encoder.catalog());
  auto writer = begun(command, encoder);
  const auto filled = Filling(command, encoder, writer).fill(paths, true);
  tell_failures(filled, command.context());
  whiten_rows(writer, command.context());
  auto said = said_of(writer, filled);
  said["index"] = choice.build(writer, encoder.catalog(), command.context());
  writer.set_note(kBuildNote, nullptr);
  writer.finish();
  print(command, said, items_text(writer));
  return writer.state().rows == 0 ? kExitRunFailed : kExitOk;
}

int add_to_index(const CommandLine& command) {
  const auto paths = paths_behind_index(command);
  if (command.has("data") == !paths.empty()) throw UsageError("give either PATHS or --data FILE");
  const ComponentChoice choice(command);
  IndexWriter writer(command.list("ARGUMENTS").front(), "host index add");
  check_is_whitened(writer.path(), writer.space(), writer.state());
  const IndexEncoder encoder(command, model_of(command, writer));
  check_model(writer.path(), writer.space(), encoder.model_name(), encoder.fingerprint());
  const bool resumes = !IndexSink::is_finished(writer.note(IndexSink::kNote));
  if (resumes)
    command.context().info(
        fmt::format("an earlier command that added to {} did not end; files that it added "
                    "are left out",
                    writer.path()));
  const auto filled = Filling(command, encoder, writer).fill(paths, resumes);
  tell_failures(filled, command.context());
  choice.follow(writer, encoder.catalog(), command.context());
  writer.finish();
  print(command, said_of(writer, filled), fmt::format("{}; {} were added", items_text(writer), filled.added));
  return filled.added == 0 && filled.there_before == 0 ? kExitRunFailed : kExitOk;
}

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
    encoder.emplace(command, model_of(command, writer));
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
  print(command, said,
        fmt::format("{}; {} were updated, {} are unchanged, {} of {} vanished ones were removed",
                    items_text(writer), filled.added, changes.same, prunes ? changes.vanished.size() : 0,
                    changes.vanished.size()));
  return filled.count.failed > 0 && filled.added == 0 ? kExitRunFailed : kExitOk;
}

}  // namespace kindred::host
