#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/content_hash.hpp"

namespace kindred::host {

/// Makes what a file that is closed holds survive a crash. Throws Error.
void sync_file(const std::string& path);

/// Writes all bytes at a place of an open file. Throws Error with the path.
void write_at(int file, std::string_view bytes, int64_t offset, const std::string& path);

/// A file that is written piece by piece as PATH.partial and gets its name when it is complete; one that is
/// not is gone again with the object. All methods throw Error with the path. [one thread at a time]
class PartialFile {
 public:
  explicit PartialFile(const std::string& path);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  void write(std::string_view bytes);

  /// Syncs the file and puts it in the place of what was there. Returns the ContentHash of its bytes.
  std::string finish();

 private:
  [[noreturn]] void fail() const;

  const std::string target_, path_;
  int file_;
  bool is_named_ = false;
  ContentHash hash_;
};

}  // namespace kindred::host
