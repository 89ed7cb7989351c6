#pragma once

#include <optional>
#include <string>
#include <utility>

namespace kindred::host {

/// The lock on a file, which one process has at a time while it writes what the file stands for (flock(2)).
/// It goes with the object, and with the process, however that ends.
class FileLock {
 public:
  /// Takes it at once, and makes the file where it is missing; nothing where another holder has it. On a file
  /// system that knows no locks it is given to everybody. Throws Error when the file cannot be opened.
  static std::optional<FileLock> try_take(const std::string& path);

  /// Says whether somebody holds it now. Takes nothing; a file that is missing is held by nobody.
  static bool is_held(const std::string& path);

  FileLock(FileLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kindred::host
