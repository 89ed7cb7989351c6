#define XXH_INLINE_ALL
#include "host/base/content_hash.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kPiece = 1 << 20;

}  // namespace

ContentHash::ContentHash() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_));
}

ContentHash::~ContentHash() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void ContentHash::add(std::string_view bytes) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

void ContentHash::add_file(int file, int64_t offset, int64_t size, const std::string& path) {
  std::vector<char> piece(static_cast<size_t>(std::min(size, kPiece)));
  while (size > 0) {
    const auto count =
        ::pread(file, piece.data(), static_cast<size_t>(std::min(size, kPiece)), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error("cannot read " + path + ": " + std::strerror(errno));
    if (count == 0) throw Error(path + " ended while it was read: another process shortened it");
    add({piece.data(), static_cast<size_t>(count)});
    offset += count;
    size -= count;
  }
}

std::string ContentHash::hex() const {
  const auto hash = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_));
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

std::string hash_of_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw Error("cannot open " + path + ": " + std::strerror(errno));
  ContentHash hash;
  try {
    struct stat status {};
    if (::fstat(file, &status) != 0) throw Error("cannot examine " + path + ": " + std::strerror(errno));
    // This is only a hint: the next pieces are fetched while one is hashed.
    (void)::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
    hash.add_file(file, 0, static_cast<int64_t>(status.st_size), path);
  } catch (...) {
    ::close(file);
    throw;
  }
  ::close(file);
  return hash.hex();
}

}  // namespace kindred::host
