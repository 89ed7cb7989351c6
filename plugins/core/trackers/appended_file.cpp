#include "appended_file.hpp"

#include <filesystem>
#include <fstream>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred {
namespace fs = std::filesystem;

bool AppendedFile::exists() const { return fs::exists(path_); }

std::string AppendedFile::content() const { return exists() ? read_file(path_) : std::string(); }

void AppendedFile::replace(const std::string& content) const {
  fs::create_directories(fs::path(path_).parent_path());
  write_file_atomically(path_, content);
}

void AppendedFile::append(const std::string& bytes) const {
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << bytes;
  if (!file.flush()) throw Error("cannot write " + path_ + "; is the disk full?");
}

}  // namespace kindred
