#include <fmt/format.h>

#include <utility>

#include "host/base/exit_code.hpp"
#include "host/cli/index/action_text.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_change.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/refinement_request.hpp"
#include "host/index/index_folder.hpp"
#include "host/index/merge_indexes.hpp"
#include "host/index/model_note.hpp"
#include "host/index/shard_note.hpp"
#include "host/index/thumbnail_note.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

using IndexList = std::vector<std::shared_ptr<IndexFolder>>;

/// Opens what is merged, in the order in which its items stand afterwards.
IndexList opened_indexes(const CommandLine& command, const std::vector<std::string>& folders) {
  IndexList indexes;
  for (const auto& folder : folders) indexes.push_back(IndexFolder::open(folder));
  for (const auto& index : indexes) check_can_join(*indexes.front(), *index);
  if (!command.has("incomplete")) check_nothing_is_missing(indexes, "take what is there with --incomplete");
  return in_order_of_shards(std::move(indexes));
}

/// The space of the merged index: that of each, or with --whiten what whitening makes of it.
IndexSpace merged_space(const CommandLine& command, const IndexFolder& first) {
  auto space = first.space();
  if (!command.has("whiten")) return space;
  const auto whiten = refinement_request(command).whiten;
  if (space.change.whiten > 0)
    throw Error(fmt::format("the rows of {} are whitened already; leave out --whiten", first.path()));
  if (!space.unit_length()) {
    throw Error(
        fmt::format("whitened rows are compared by the cosine, and those of {} by the distance {}; leave out "
                    "--whiten, or "
                    "build the indexes with --distance cosine",
                    first.path(), distance_title(space.distance)));
  }
  if (whiten > space.dimension) {
    throw UsageError(fmt::format("--whiten is {}, and a row has {} numbers before it; take 1 to {}", whiten,
                                 space.dimension, space.dimension));
  }
  space.change.whiten = space.dimension = whiten;
  return space;
}

void fill_from(const IndexList& indexes, IndexWriter& filled, Context& context) {
  const auto& first = *indexes.front();
  if (const auto& whitening = first.transform().whitening)
    filled.whiten(*whitening, first.state().whitening.rows);
  for (const auto* note : {kModelNote, kThumbnailNote}) {
    if (auto noted = first.note(note); !noted.is_null()) filled.set_note(note, noted);
  }
  int64_t rows = 0;
  for (const auto& index : indexes) rows += index->state().rows - index->state().removed;
  check_enough_rows(filled, rows);
  for (const auto& index : indexes) copy_items(index->path(), filled, context);
  whiten_rows(filled, context);
}

}  // namespace

int merge_indexes(const CommandLine& command) {
  const auto sources = action_arguments(command, 1, true, "merge INDEX... --output INDEX");
  if (!command.has("output"))
    throw UsageError("--output INDEX is missing: the index that is made of the others");
  const ComponentChoice choice(command);
  const auto catalog = load_catalog(command);
  choice.check(catalog);
  const auto indexes = opened_indexes(command, sources);
  json index;
  const auto writer =
      filled_index(command.get<std::string>("output"), merged_space(command, *indexes.front()),
                   "host index merge", [&](IndexWriter& filled) {
                     fill_from(indexes, filled, command.context());
                     index = choice.build(filled, catalog, command.context());
                   });
  print_made(command, writer, std::move(index),
             fmt::format("{} of {} indexes", counts_text(writer), sources.size()));
  return kExitOk;
}

}  // namespace kindred::host
