#include "npy_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <regex>

#include "kindred/error.hpp"

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
namespace kindred {
namespace {

/// The numbers of a shape as the header has them: "3, 4" or "3,". Returns false where one is out of range.
bool read_shape(const std::string& text, std::vector<int64_t>& shape) {
  constexpr size_t kMostDigits = 18;
  std::string number;
  for (const char c : text + ",") {
    if (c >= '0' && c <= '9') {
      number += c;
    } else if (!number.empty()) {
      if (number.size() > kMostDigits) return false;
      shape.push_back(std::stoll(number));
      number.clear();
    }
  }
  return true;
}

}  // namespace

NpyFile::NpyFile(const std::string& path) : path_(path) {
  map();
  try {
    parse_header();
  } catch (...) {
    ::munmap(map_, size_);
    throw;
  }
}

NpyFile::~NpyFile() { ::munmap(map_, size_); }

void NpyFile::map() {
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) {
    const std::string reason = std::strerror(errno);
    if (file >= 0) ::close(file);
    throw Error("cannot open " + path_ + ": " + reason);
  }
  size_ = static_cast<size_t>(status.st_size);
  if (S_ISREG(status.st_mode) && size_ > 0)
    map_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
  const int reason = errno;
  ::close(file);
  if (map_ == nullptr) throw Error(path_ + " is no .npy file: it is empty or not a regular file");
  if (map_ == MAP_FAILED) throw Error("cannot map " + path_ + ": " + std::strerror(reason));
}

void NpyFile::refuse(const std::string& why) const { throw Error(path_ + " is no usable .npy file: " + why); }

void NpyFile::parse_header() {
  const auto* bytes = static_cast<const char*>(map_);
  if (size_ < 10 || std::memcmp(bytes, "\x93NUMPY", 6) != 0)
    refuse("it does not begin with the NumPy signature; write it with numpy.save");
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3) refuse("its format version is " + std::to_string(major) + ", known are 1 to 3");
  const size_t prefix = major == 1 ? 10 : 12;
  size_t length = 0;
  if (size_ < prefix) refuse("it ends inside its header");
  for (size_t i = 0; i < prefix - 8; ++i)
    length |= static_cast<size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  if (length > size_ - prefix || length > (1u << 20)) refuse("it ends inside its header");
  const std::string text(bytes + prefix, length);
  offset_ = prefix + length;

  std::smatch match;
  static const std::regex descr(R"('descr'\s*:\s*'([^']*)')"), order(R"('fortran_order'\s*:\s*(True|False))"),
      shape(R"('shape'\s*:\s*\(([0-9,\s]*)\))");
  if (!std::regex_search(text, match, descr))
    refuse("its header names no simple dtype: " + text.substr(0, 120));
  dtype_ = match[1];
  if (dtype_ == "|O") {
    refuse(
        "it holds Python objects (dtype \"|O\"), which are not read since reading them runs code; write "
        "words with numpy.save(path, numpy.asarray(words, dtype=str)), numbers with a numeric dtype");
  }
  if (!std::regex_search(text, match, order)) refuse("its header has no fortran_order");
  const bool fortran = match[1] == "True";
  if (!std::regex_search(text, match, shape)) refuse("its header has no shape");
  if (!read_shape(match[1], shape_)) refuse("its shape is out of range");
  if (fortran && shape_.size() > 1) refuse("it is in Fortran order; write it with numpy.ascontiguousarray");
}

char* NpyFile::items(size_t item_size) const {
  size_t need = item_size;
  for (const auto n : shape_) {
    // An empty array is checked, too: its strides are products of the other sizes.
    const auto factor = static_cast<size_t>(std::max<int64_t>(n, 1));
    if (factor > static_cast<size_t>(std::numeric_limits<int64_t>::max()) / need)
      refuse("its shape is out of range");
    need *= factor;
  }
  if (std::find(shape_.begin(), shape_.end(), 0) != shape_.end()) need = 0;
  const size_t have = size_ - offset_;
  if (need > have) {
    throw Error(path_ + " is truncated: its header promises " + std::to_string(need) +
                " bytes of data, it has " + std::to_string(have));
  }
  return static_cast<char*>(map_) + offset_;
}

}  // namespace kindred
