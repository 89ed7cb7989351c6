#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kindred::host {

/// Says whether a value is a list of skipped samples: [{"index": 3, "name": "3.jpg", "message": "cut off"},
/// ...].
bool is_skipped_list(const nlohmann::json& value);

/// How far the partial array of a shard is: {"rows": 12, "skipped": [...]}.
struct ShardProgress {
  int64_t rows = 0;        ///< that are safely in the array
  nlohmann::json skipped;  ///< a list of the samples skipped among them
};

std::string text_of(const ShardProgress& progress);
/// Nothing where the file is missing, damaged, or counts more than `most_rows`: then nothing of the array can
/// be believed.
std::optional<ShardProgress> read_shard_progress(const std::string& path, int64_t most_rows);

/// What is known of the array of a complete shard: {"algorithm": "xxh3_128", "checksums": {"meta": ...,
/// "rows": ..., "skipped": ...}, "skipped": [...]}. The rows of skipped samples are NaN.
struct ShardRecord {
  std::string meta_hash, rows_hash;  ///< ContentHash of the files
  nlohmann::json skipped;            ///< a list of skipped samples
};

std::string text_of(const ShardRecord& record);
/// The checksum of the array that a record names; "" where the file is missing or names none.
std::string recorded_rows_hash(const std::string& path);
/// The checksum of a list of skipped samples, which has no file of its own.
std::string hash_of_skipped(const nlohmann::json& skipped);

}  // namespace kindred::host
