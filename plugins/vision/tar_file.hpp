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
  int64_t archive = 0;  ///< which of several archives in one file, one behind the other, it is from
};

/// What a tar file holds.
struct TarContent {
  std::vector<TarEntry> files;     ///< the regular ones, in the order of the file
  std::vector<std::string> links;  ///< names of links, which have no content of their own
  uint64_t unread_from = 0;        ///< where bytes begin behind an end mark that are no archive; 0: nowhere
};

/// A tar file (ustar, GNU or pax) that is opened for each call, so that thousands of them need no thousands
/// of descriptors. All methods: [thread-safe].
class TarFile {
 public:
  explicit TarFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  /// Only headers are read. Behind an end mark, which is zeros, another archive may follow, as `cat a.tar
  /// b.tar` makes it. Throws Error naming path and offset when a header is damaged or the file ends before
  /// its end mark.
  TarContent content() const;

  /// Content of one. Throws Error when the file was cut off since.
  std::string read(const TarEntry& entry) const;

 private:
  std::string path_;
};

}  // namespace kindred
