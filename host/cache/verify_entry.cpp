#include "host/cache/verify_entry.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/cache/array_header.hpp"
#include "host/cache/content_hash.hpp"
#include "host/cache/entry_files.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

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
    const auto meta = read_json(kMetaFile);
    if (!meta.is_discarded() && !meta.is_object())
      problem(kMetaFile, "is no description: expected an object");
    if (entry_.complete) {
      check_array(kRowsFile, meta);
      check_skipped(read_json(kSkippedFile), kSkippedFile);
      if (fs::exists(entry_.path(kChecksumFile))) check_checksums();
    } else if (fs::exists(entry_.path(kProgressFile))) {
      // Without it nothing of the array is believed, so nothing of it can be wrong.
      check_array(kPartialFile, meta);
      check_progress();
    }
  }

  void problem(const char* file, const std::string& what) {
    check_.problems.push_back(std::string(file) + " " + what);
  }

  /// Discarded where the problem was told.
  json read_json(const char* file) {
    if (!fs::exists(entry_.path(file))) {
      problem(file, "is missing");
      return json::value_t::discarded;
    }
    auto value = json::parse(read_file(entry_.path(file)), nullptr, false);
    if (value.is_discarded()) problem(file, "is not JSON");
    return value;
  }

  void check_array(const char* file, const json& meta) {
    const auto path = entry_.path(file);
    if (!fs::exists(path)) return problem(file, "is missing");
    ArrayHeader header;
    try {
      header = read_array_header(path);
    } catch (const Error& error) {
      check_.problems.emplace_back(error.what());
      return;
    }
    const auto size = fs::file_size(path);
    if (size != header.file_bytes) {
      problem(file, "has " + std::to_string(size) + " bytes, its header promises " +
                        std::to_string(header.file_bytes));
    }
    rows_ = header.shape.front();
    if (meta.is_object() && meta.contains("samples") && meta["samples"] != rows_) {
      problem(file,
              "has " + std::to_string(rows_) + " rows, " + kMetaFile + " says " + meta["samples"].dump());
    }
  }

  void check_skipped(const json& list, const char* file) {
    if (list.is_discarded()) return;
    bool good = list.is_array();
    if (good) {
      for (const auto& one : list) {
        good = good && one.is_object() && one.contains("index") && one["index"].is_number_integer() &&
               one.contains("name") && one["name"].is_string() && one.contains("message") &&
               one["message"].is_string();
      }
    }
    if (!good) problem(file, "is no list of skipped samples");
  }

  void check_progress() {
    const auto progress = read_json(kProgressFile);
    if (progress.is_discarded()) return;
    const bool counts = progress.is_object() && progress.contains("rows") &&
                        progress["rows"].is_number_unsigned() && progress.contains("skipped");
    if (!counts) return problem(kProgressFile, "does not say how many rows are done");
    if (rows_ >= 0 && progress["rows"].get<uint64_t>() > static_cast<uint64_t>(rows_)) {
      problem(kProgressFile, "counts " + progress["rows"].dump() + " rows of " + std::to_string(rows_));
    }
    check_skipped(progress["skipped"], kProgressFile);
  }

  void check_checksums() {
    const auto value = read_json(kChecksumFile);
    if (value.is_discarded()) return;
    if (!value.is_object() || !value.contains("files") || !value["files"].is_object() ||
        !value["files"].contains(kRowsFile)) {
      return problem(kChecksumFile, "names no checksums");
    }
    if (value.value("algorithm", json()) != kChecksumAlgorithm) return;  // of another version
    check_.has_checksum = true;
    for (const auto& [name, expected] : value["files"].items()) {
      // Its own folder is all that an entry may name.
      if (!is_entry_file(name)) return problem(kChecksumFile, "names a file that belongs to no entry");
      const auto path = entry_.path(name.c_str());
      if (!fs::exists(path)) {
        if (name != kRowsFile && name != kSkippedFile && name != kMetaFile)
          problem(name.c_str(), "is missing");
        continue;  // told above
      }
      if (expected != hash_of_file(path))
        problem(name.c_str(), "is not what was written: its checksum differs");
    }
  }

  const CacheEntry& entry_;
  EntryCheck check_;
  int64_t rows_ = -1;  // of the header; -1: unknown
};

}  // namespace

EntryCheck verify_entry(const CacheEntry& entry) {
  Verification verification(entry);
  return verification.run();
}

}  // namespace kindred::host
