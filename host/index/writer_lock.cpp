#include "host/index/writer_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/base/system_info.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "an unknown machine";
}

/// What the writer says of itself; it is for people, so that one who cannot write it is no failure.
std::string holder_of(const std::string& path) {
  try {
    const auto text = read_file(path);
    return text.empty() ? "another process" : text;
  } catch (const Error&) {
    return "another process";
  }
}

}  // namespace

WriterLock::WriterLock(const std::string& folder, const std::string& purpose) {
  const auto path = (std::filesystem::path(folder) / kFile).string();
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0)
    throw Error(fmt::format("cannot write the index {}: {} ({})", folder, std::strerror(errno), path));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(file_);
    if (reason != EWOULDBLOCK) throw Error(fmt::format("cannot lock {}: {}", path, std::strerror(reason)));
    throw WriterBusy(
        fmt::format("{} writes the index {}; wait until it is done, since an index has one writer "
                    "at a time",
                    holder_of(path), folder));
  }
  const auto text = fmt::format("process {} on {} (`{}`, since {})", ::getpid(), host_name(), purpose,
                                utc_time_for_folder());
  if (::ftruncate(file_, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(file_, text.data(), text.size(), 0);
  }
}

WriterLock::~WriterLock() {
  [[maybe_unused]] const int emptied = ::ftruncate(file_, 0);
  ::close(file_);
}

}  // namespace kindred::host
