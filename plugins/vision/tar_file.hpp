#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kindred {

/// A regular file in a tar file.
struct TarEntry {
  std::string name;
  uint64_t offset = 0;  ///< of its first byte
  uint64_t size = 0;
};

/// A tar file (ustar, GNU or pax) that is opened for each call, so that thousands of them need no thousands
/// of descriptors. All methods: [thread-safe].
class TarFile {
 public:
  explicit TarFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  /// The regular files up to the end mark; only headers are read. Throws Error naming path and offset when a
  /// header is damaged or the file ends before its end mark.
  std::vector<TarEntry> entries() const;

  /// Content of one. Throws Error when the file was cut off since.
  std::string read(const TarEntry& entry) const;

 private:
  std::string path_;
};

}  // namespace kindred
