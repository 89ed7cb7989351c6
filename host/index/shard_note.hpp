#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/index/index_folder.hpp"

namespace kindred::host {

/// The note of an index that holds one shard of what a build was asked for.
inline constexpr const char* kShardNote = "shard";

struct ShardNote {
  int64_t index = 0, count = 1;  ///< from 0
  std::string whole;             ///< a hash of what shards that belong together have in common
  std::string inputs;            ///< a hash of the files or samples as they were when it was built
  int64_t first = 0, end = 0;    ///< of the files of all shards, those that fell to it; both 0: not known
};

nlohmann::json to_json(const ShardNote& note);
/// Nothing where the index is no shard.
std::optional<ShardNote> shard_note_from(const nlohmann::json& note);

/// Throws Error where one of the indexes is not built to its end, or where some are shards of a build and
/// others of its shards are not among them, and names those, or where shards do not meet, since files
/// changed. `way_out` is the end of the message, which says what can be done beside building them.
void check_nothing_is_missing(const std::vector<std::shared_ptr<IndexFolder>>& indexes,
                              const std::string& way_out);

/// The indexes with shards in their order; what is no shard stays where it was given, behind them.
std::vector<std::shared_ptr<IndexFolder>> in_order_of_shards(
    std::vector<std::shared_ptr<IndexFolder>> indexes);

}  // namespace kindred::host
