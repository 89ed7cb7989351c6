#pragma once

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

/// The lines of text files, one after the other; no file is held as a whole. [one thread at a time]
class TextLines {
 public:
  /// `files` must outlive it; "-" stands for the standard input.
  explicit TextLines(const std::vector<std::string>& files) : files_(files) {}

  /// The next line with what is said of it; false behind the last one. A line that is no UTF-8 is left out.
  bool next(std::string& text, nlohmann::json& said);

  /// What is said of files and lines that could not be read.
  const std::vector<nlohmann::json>& unreadable() const { return unreadable_; }

 private:
  bool open();
  /// Drops the mark that UTF-8 may begin with. Returns false where the file is UTF-16, which is noted.
  bool begin(std::string& text);
  std::string name() const;

  const std::vector<std::string>& files_;
  size_t file_ = 0;
  int64_t number_ = 0;  // of the last line
  std::ifstream opened_;
  std::vector<nlohmann::json> unreadable_;
};

}  // namespace kindred::host
