#pragma once

#include <string>

namespace kindred {

/// A text file that grows by lines. Throws Error that names it when a line cannot be written.
class AppendedFile {
 public:
  AppendedFile() = default;
  explicit AppendedFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool exists() const;
  std::string content() const;
  /// Replaces the whole file.
  void replace(const std::string& content) const;
  /// Appends and hands it to the system, so that another process sees it at once.
  void append(const std::string& bytes) const;

 private:
  std::string path_;
};

}  // namespace kindred
