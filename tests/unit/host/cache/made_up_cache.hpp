#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "host/base/content_hash.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/shard_files.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// Entries of 10 rows of 3 float32 in 3 shards of up to 4 rows, written file by file as RowCache leaves them.
class MadeUpCache {
 public:
  static constexpr const char* kWhole = "00112233445566778899aabbccddeeff";
  static constexpr const char* kPart = "ffeeddccbbaa99887766554433221100";
  static constexpr int kShards = 3;

  /// A header like NumPy's, 128 bytes.
  static std::string header(const std::string& dtype = "<f4", const std::string& shape = "4, 3") {
    auto text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    text.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + '\n';
  }
  static int rows_of(int shard) { return shard == 2 ? 2 : 4; }
  static std::string rows(int shard) {
    const auto count = static_cast<size_t>(rows_of(shard));
    return header("<f4", std::to_string(count) + ", 3") + std::string(12 * count, 'r');
  }

  /// The name of a shard's file.
  static std::string file(int shard, host::ShardFile kind) {
    return host::text_of(host::ShardFileName{shard, kShards, kind});
  }
  static std::string rows_file(int shard) { return file(shard, host::ShardFile::rows); }
  static std::string record_file(int shard) { return file(shard, host::ShardFile::record); }
  static std::string partial_file(int shard) { return file(shard, host::ShardFile::partial); }
  static std::string progress_file(int shard) { return file(shard, host::ShardFile::progress); }

  std::string path(const std::string& key, const std::string& file) const {
    return folder_ / (key + "/" + file);
  }
  void write(const std::string& key, const std::string& file, const std::string& text) const {
    write_file_atomically(path(key, file), text);
  }

  void write_description(const std::string& key, const nlohmann::json& view) const {
    std::filesystem::create_directories(folder_.path() / key);
    write(key, "lock", "");
    write(key, "meta.json", description(view).dump(2));
  }

  void write_shard(const std::string& key, int shard) const {
    write(key, rows_file(shard), rows(shard));
    auto skipped = nlohmann::json::array();
    if (shard == 1) skipped = {{{"index", 4}, {"name", "4.jpg"}, {"message", "cut off"}}};
    const host::ShardRecord record{host::hash_of_file(path(key, "meta.json")),
                                   host::hash_of_file(path(key, rows_file(shard))), skipped};
    write(key, record_file(shard), host::text_of(record));
  }

  void write_whole(const std::string& key = kWhole) const {
    write_description(key, "plain");
    for (int shard = 0; shard < kShards; ++shard) write_shard(key, shard);
  }

  /// Shard 0 is complete, of shard 1 two rows are done, and shard 2 was not begun.
  void write_part(const std::string& key = kPart) const {
    write_description(key, {{"random", 2}, {"seed", 7}});
    write_shard(key, 0);
    write(key, partial_file(1), rows(1));
    write(key, progress_file(1), R"({"rows": 2, "skipped": []})");
  }

  /// As versions before 0.12 left it: complete, or begun.
  void write_earlier(const std::string& key, bool complete) const {
    write_description(key, "plain");
    auto meta = description("plain");
    meta.erase("shards");
    write(key, "meta.json", meta.dump(2));
    write(key, complete ? "rows.npy" : "rows.npy.partial", header("<f4", "10, 3") + std::string(120, 'r'));
    for (const auto* file : {"progress.json", "skipped.json", "checksums.json"}) write(key, file, "{}");
  }

  std::string directory() const { return folder_.path().string(); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  static nlohmann::json description(const nlohmann::json& view) {
    return {{"dataset", {"acme.birds", "1"}},
            {"encoder", {{"id", "acme.net"}, {"params", {{"depth", 3}}}}},
            {"stage", "layer2"},
            {"view", view},
            {"samples", 10},
            {"shards", {{"count", kShards}, {"rows", 4}}}};
  }
  TemporaryFolder folder_{"made_up_cache"};
};

}  // namespace kindred::testing
