#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/cli/embed/embedding_sink.hpp"

namespace kindred::host {

/// What a complete shard of an embedding is of. It lies beside the array, as NAME.json.
struct ShardRecord {
  EmbeddingIdentity identity;  ///< with its share
  EmbeddingPosition position;  ///< at its end
  /// Lines at the end of the list that follow those of all shards: what is known of it only at the end.
  int64_t last_lines = 0;
};

/// "cars-00001-of-00004.npy" -> "cars-00001-of-00004.json".
std::string record_file(const std::string& array);

/// Which shard an array with such a name is; nothing where it has another.
std::optional<ShardChoice> shard_in_name(const std::string& array);

/// Nothing where the array has no record. Throws Error where it cannot be read.
std::optional<ShardRecord> read_shard_record(const std::string& array);

/// Writes it atomically. Throws Error.
void write_shard_record(const std::string& array, const ShardRecord& record);

/// Says whether two shards are of one work: of the same model, the same names of inputs, the same batches. On
/// which device they were computed does not count, since each may have had another.
bool is_of_same_work(const EmbeddingIdentity& a, const EmbeddingIdentity& b);

}  // namespace kindred::host
