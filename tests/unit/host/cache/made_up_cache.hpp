#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "host/cache/content_hash.hpp"
#include "host/cache/entry_files.hpp"
#include "kindred/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// Entries of 10 rows of 3 float32, written file by file as RowCache leaves them.
class MadeUpCache {
 public:
  static constexpr const char* kWhole = "00112233445566778899aabbccddeeff";
  static constexpr const char* kPart = "ffeeddccbbaa99887766554433221100";

  /// A header like NumPy's, 128 bytes.
  static std::string header(const std::string& dtype = "<f4", const std::string& shape = "10, 3") {
    auto text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    text.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + '\n';
  }
  static std::string rows() { return header() + std::string(120, 'r'); }

  std::string path(const std::string& key, const std::string& file) const {
    return folder_ / (key + "/" + file);
  }
  void write(const std::string& key, const std::string& file, const std::string& text) const {
    write_file_atomically(path(key, file), text);
  }

  void write_description(const std::string& key, const nlohmann::json& view) const {
    std::filesystem::create_directories(folder_.path() / key);
    write(key, "lock", "");
    const nlohmann::json meta = {{"dataset", {"acme.birds", "1"}},
                                 {"encoder", {{"id", "acme.net"}, {"params", {{"depth", 3}}}}},
                                 {"stage", "layer2"},
                                 {"view", view},
                                 {"samples", 10}};
    write(key, "meta.json", meta.dump(2));
  }

  void write_whole(const std::string& key = kWhole) const {
    write_description(key, "plain");
    write(key, "rows.npy", rows());
    write(key, "skipped.json", R"([{"index": 4, "name": "4.jpg", "message": "cut off"}])");
    nlohmann::json files;
    for (const auto* file : {"rows.npy", "skipped.json", "meta.json"})
      files[file] = host::hash_of_file(path(key, file));
    write(key, "checksums.json",
          nlohmann::json{{"algorithm", host::kChecksumAlgorithm}, {"files", files}}.dump());
  }

  void write_part(const std::string& key = kPart) const {
    write_description(key, {{"random", 2}, {"seed", 7}});
    write(key, "rows.npy.partial", rows());
    write(key, "progress.json", R"({"rows": 4, "skipped": []})");
  }

  std::string directory() const { return folder_.path().string(); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_{"made_up_cache"};
};

}  // namespace kindred::testing
