#include "tar_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "kindred/error.hpp"
#include "tar_header.hpp"

namespace kindred {
namespace {

constexpr uint64_t kLongestExtra = 1 << 20;  // a name or pax records; more is a damaged size

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : path_(path), number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    if (number_ < 0 || ::fstat(number_, &status) != 0) fail("cannot be opened: " + reason());
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  uint64_t size() const { return size_; }

  [[noreturn]] void fail(const std::string& message) const { throw Error(path_ + " " + message); }

  void read(char* out, uint64_t size, uint64_t offset) const {
    while (size > 0) {
      const auto count = ::pread(number_, out, size, static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot be read at offset " + std::to_string(offset) + ": " + reason());
      if (count == 0)
        fail("ends at offset " + std::to_string(offset) + ", inside an entry; copy or download it again");
      out += count;
      offset += static_cast<uint64_t>(count);
      size -= static_cast<uint64_t>(count);
    }
  }

 private:
  static std::string reason() { return std::strerror(errno); }

  std::string path_;
  int number_;
  uint64_t size_ = 0;
};

/// Holds what entries before a file say of it.
struct Extra {
  std::string name;
  std::optional<uint64_t> size;
};

/// Goes from header to header.
class Walk {
 public:
  explicit Walk(const std::string& path) : file_(path) {}

  TarContent content() {
    do {
      take_archive();
    } while (finds_another());
    return std::move(found_);
  }

 private:
  void take_archive() {
    while (auto header = next()) {
      if (header->type == 'L' || header->type == 'x') {
        take_extra(*header);
      } else if (header->type == 'S') {
        fail("is sparse, which is not read; pack it again without --sparse");
      } else if (header->type != 'g' && header->type != 'K') {
        if (extra_.size) header->size = *extra_.size;
        check_fits(*header);
        if (header->type == '0') found_.files.push_back({name_of(*header), data(), header->size, archive_});
        if (header->type == '1' || header->type == '2') found_.links.push_back(name_of(*header));
        extra_ = {};
      }
      at_ = data() + (header->size + kTarBlock - 1) / kTarBlock * kTarBlock;
    }
  }

  std::string name_of(const TarHeader& header) const {
    return extra_.name.empty() ? header.name : extra_.name;
  }

  /// Passes the zeros of an end mark. Says whether a header follows.
  bool finds_another() {
    TarBlock block;
    int64_t zeros = 0;
    for (; at_ + kTarBlock <= file_.size(); at_ += kTarBlock, ++zeros) {
      file_.read(block.data(), block.size(), at_);
      if (is_zero(block)) continue;
      if (!tar_header(block)) break;
      if (zeros > 1) ++archive_;  // a single block of zeros ends nothing
      extra_ = {};
      return true;
    }
    if (at_ + kTarBlock <= file_.size()) found_.unread_from = at_;
    return false;
  }

  uint64_t data() const { return at_ + kTarBlock; }

  [[noreturn]] void fail(const std::string& what) const {
    file_.fail("is damaged: the entry at offset " + std::to_string(at_) + " " + what);
  }

  /// Returns nothing at the end mark.
  std::optional<TarHeader> next() {
    if (at_ + kTarBlock > file_.size()) {
      file_.fail("is cut off: it ends at offset " + std::to_string(file_.size()) +
                 " without the zeros that end a tar file; copy or download it again");
    }
    TarBlock block;
    file_.read(block.data(), block.size(), at_);
    if (is_zero(block)) return {};
    auto header = tar_header(block);
    if (!header) {
      fail(at_ == 0 ? "has no header of a tar file; a compressed one must be unpacked first (gunzip)"
                    : "has a header with a wrong checksum; copy or download it again");
    }
    if (header->type != '0') check_fits(*header);
    return header;
  }

  void check_fits(const TarHeader& header) const {
    if (header.size <= file_.size() - data()) return;
    file_.fail("is cut off: the entry at offset " + std::to_string(at_) + " (" + header.name + ") has " +
               std::to_string(header.size) + " bytes, but the file ends at offset " +
               std::to_string(file_.size()) + "; copy or download it again");
  }

  void take_extra(const TarHeader& header) {
    if (header.size > kLongestExtra) fail("has a name of " + std::to_string(header.size) + " bytes");
    std::string text(header.size, '\0');
    file_.read(text.data(), text.size(), data());
    if (header.type == 'L') {
      extra_.name = text.c_str();  // ends with a zero
      return;
    }
    const auto records = pax_records(text);
    if (!records) fail("has damaged pax records");
    for (const auto& [key, value] : *records) {
      if (key == "path") extra_.name = value;
      if (key == "size" && !(extra_.size = decimal_number(value))) fail("has the size \"" + value + "\"");
    }
  }

  Descriptor file_;
  uint64_t at_ = 0;
  Extra extra_;
  TarContent found_;
  int64_t archive_ = 0;
};

}  // namespace

TarContent TarFile::content() const { return Walk(path_).content(); }

std::string TarFile::read(const TarEntry& entry) const {
  std::string bytes(entry.size, '\0');
  Descriptor(path_).read(bytes.data(), bytes.size(), entry.offset);
  return bytes;
}

}  // namespace kindred
