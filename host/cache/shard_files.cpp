#include "host/cache/shard_files.hpp"

#include "host/base/content_hash.hpp"
#include "host/cache/entry_files.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;

bool is_skipped_list(const json& value) {
  if (!value.is_array()) return false;
  for (const auto& one : value) {
    if (!one.is_object() || !one.contains("index") || !one["index"].is_number_integer() ||
        !one.contains("name") || !one["name"].is_string() || !one.contains("message") ||
        !one["message"].is_string()) {
      return false;
    }
  }
  return true;
}

std::string text_of(const ShardProgress& progress) {
  return json_text({{"rows", progress.rows}, {"skipped", progress.skipped}}) + "\n";
}

std::optional<ShardProgress> read_shard_progress(const std::string& path, int64_t most_rows) {
  json value;
  try {
    value = json::parse(read_file(path), nullptr, false);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!value.is_object() || !value.contains("rows") || !value["rows"].is_number_unsigned() ||
      value["rows"].get<uint64_t>() > static_cast<uint64_t>(most_rows) || !value.contains("skipped") ||
      !is_skipped_list(value["skipped"])) {
    return std::nullopt;
  }
  return ShardProgress{value["rows"], value["skipped"]};
}

std::string text_of(const ShardRecord& record) {
  return json_text({{"algorithm", kChecksumAlgorithm},
                    {"checksums",
                     {{"meta", record.meta_hash},
                      {"rows", record.rows_hash},
                      {"skipped", hash_of_skipped(record.skipped)}}},
                    {"skipped", record.skipped}}) +
         "\n";
}

std::string recorded_rows_hash(const std::string& path) {
  json value;
  try {
    value = json::parse(read_file(path), nullptr, false);
  } catch (const Error&) {
    return "";
  }
  const auto place = "/checksums/rows"_json_pointer;
  return value.is_object() && value.contains(place) && value[place].is_string() ? value[place] : "";
}

std::string hash_of_skipped(const json& skipped) {
  ContentHash hash;
  // The list is hashed as it will be read again: what is no UTF-8 is shown with escapes.
  hash.add(json_text(json::parse(json_text(skipped))));
  return hash.hex();
}

}  // namespace kindred::host
