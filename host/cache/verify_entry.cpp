#include "host/cache/verify_entry.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/base/content_hash.hpp"
#include "host/cache/array_header.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/shard_files.hpp"
#include "host/cache/shard_layout.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

class Verification {
 public:
  explicit Verification(const CacheEntry& entry) : entry_(entry) {}

  EntryCheck run() {
    try {
      check();
    } catch (const std::exception& error) {  // a file that cannot be read
      check_.problems.emplace_back(error.what());
    }
    return std::move(check_);
  }

 private:
  void check() {
    check_meta();
    if (exists(kMetaFile)) meta_hash_ = hash_of_file(entry_.path(kMetaFile));
    check_.has_checksum = entry_.complete;
    std::vector<ShardFileName> files;
    for (const auto& name : shard_files_in(entry_.folder)) {
      if (name.count == entry_.shards) files.push_back(name);
    }
    std::sort(files.begin(), files.end(),
              [](const ShardFileName& a, const ShardFileName& b) { return a.shard < b.shard; });
    for (const auto& name : files) {
      if (name.kind == ShardFile::rows) check_complete(name.shard);
      // Without progress nothing of the array is believed, so nothing of it can be wrong.
      if (name.kind == ShardFile::progress) check_partial(name);
    }
    check_meta_hash();
  }

  void problem(const std::string& file, const std::string& what) {
    check_.problems.push_back(file + " " + what);
  }

  std::string name_of(int64_t shard, ShardFile kind) const { return text_of({shard, entry_.shards, kind}); }
  bool exists(const std::string& file) const { return fs::exists(entry_.path(file)); }

  /// Discarded where the problem was told.
  json read_json(const std::string& file) {
    if (!exists(file)) {
      problem(file, "is missing");
      return json::value_t::discarded;
    }
    auto value = json::parse(read_file(entry_.path(file)), nullptr, false);
    if (value.is_discarded()) problem(file, "is not JSON");
    return value;
  }

  void check_meta() {
    const auto meta = read_json(kMetaFile);
    if (meta.is_discarded()) return;
    const auto number = [&](const char* pointer) {
      const json::json_pointer place(pointer);
      return meta.contains(place) && meta[place].is_number_unsigned() ? meta[place].get<int64_t>() : -1;
    };
    const auto rows = number("/samples"), shard_rows = number("/shards/rows");
    if (rows < 0 || shard_rows <= 0)
      return problem(kMetaFile, "is no description: expected an object with samples and shards");
    layout_ = {rows, shard_rows};
    if (entry_.shards >= 0 && layout_.count() != entry_.shards) {
      problem(kMetaFile, "describes " + std::to_string(layout_.count()) + " shards, the files say " +
                             std::to_string(entry_.shards));
      layout_ = {};
    }
  }

  /// Gives the number of rows, or -1.
  int64_t check_array(const ShardFileName& name) {
    const auto file = text_of(name), path = entry_.path(file);
    if (!exists(file)) {
      problem(file, "is missing");
      return -1;
    }
    ArrayHeader header;
    try {
      header = read_array_header(path);
    } catch (const Error& error) {
      check_.problems.emplace_back(error.what());
      return -1;
    }
    const auto size = fs::file_size(path);
    if (size != header.file_bytes) {
      problem(file, "has " + std::to_string(size) + " bytes, its header promises " +
                        std::to_string(header.file_bytes));
    }
    const auto rows = header.shape.front();
    if (layout_.rows > 0 && layout_.rows_of(name.shard) != rows) {
      problem(file, "has " + std::to_string(rows) + " rows, " + kMetaFile + " says " +
                        std::to_string(layout_.rows_of(name.shard)));
    }
    return rows;
  }

  void check_complete(int64_t shard) {
    check_array({shard, entry_.shards, ShardFile::rows});
    const auto file = name_of(shard, ShardFile::record);
    const auto record = read_json(file);
    if (record.is_discarded()) {
      check_.has_checksum = false;
      return;
    }
    if (!record.is_object()) return problem(file, "names no checksums and no skipped samples");
    const bool lists = record.contains("skipped") && is_skipped_list(record["skipped"]);
    if (!lists) problem(file, "has no list of skipped samples");
    if (!record.contains("checksums") || !record["checksums"].is_object()) {
      check_.has_checksum = false;
      return problem(file, "names no checksums");
    }
    if (record.value("algorithm", json()) != kChecksumAlgorithm) {  // of another version
      check_.has_checksum = false;
      return;
    }
    const auto differs = [&](const char* of, const std::string& hash) {
      return record["checksums"].value(of, json()) != hash;
    };
    const auto rows_file = name_of(shard, ShardFile::rows);
    if (differs("rows", hash_of_file(entry_.path(rows_file))))
      problem(rows_file, "is not what was written: its checksum differs");
    if (lists && differs("skipped", hash_of_skipped(record["skipped"])))
      problem(file, "is not what was written: the checksum of its skipped samples differs");
    ++records_;
    if (differs("meta", meta_hash_)) other_meta_.push_back(file);
  }

  /// Where every record has another checksum than meta.json, it is that file which changed.
  void check_meta_hash() {
    if (!exists(kMetaFile) || other_meta_.empty()) return;  // that it is missing was told
    if (other_meta_.size() == records_)
      return problem(kMetaFile, "is not what was written: its checksum differs");
    for (const auto& file : other_meta_)
      problem(file, "is not what was written: its checksum of meta.json differs");
  }

  void check_partial(const ShardFileName& progress) {
    if (exists(name_of(progress.shard, ShardFile::rows))) return;  // progress is removed after the last step
    auto partial = progress;
    partial.kind = ShardFile::partial;
    const auto rows = check_array(partial);
    const auto file = text_of(progress);
    if (rows >= 0 && !read_shard_progress(entry_.path(file), rows)) {
      problem(file, "does not say how many of " + std::to_string(rows) +
                        " rows are done and which samples were skipped");
    }
  }

  const CacheEntry& entry_;
  EntryCheck check_;
  ShardLayout layout_;  // no rows: unknown
  std::string meta_hash_;
  size_t records_ = 0;                   // whose checksums were compared
  std::vector<std::string> other_meta_;  // those of them with another checksum of meta.json
};

}  // namespace

EntryCheck verify_entry(const CacheEntry& entry) {
  if (entry.earlier_layout) return {};
  Verification verification(entry);
  return verification.run();
}

}  // namespace kindred::host
