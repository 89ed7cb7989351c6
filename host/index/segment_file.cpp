#include "host/index/segment_file.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/base/content_hash.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace {

/// A file that is gone again unless it was given its name.
class PartialFile {
 public:
  explicit PartialFile(const std::string& path)
      : target_(path),
        path_(path + ".partial"),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail();
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile() {
    if (file_ >= 0) ::close(file_);
    if (!is_named_) ::unlink(path_.c_str());
  }

  void write(std::string_view bytes) {
    hash_.add(bytes);
    while (!bytes.empty()) {
      const auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail();
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  std::string finish() {
    if (::fsync(file_) != 0) fail();
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail();
    is_named_ = true;
    sync_folder(std::filesystem::path(target_).parent_path().string());
    return hash_.hex();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }

  const std::string target_, path_;
  int file_;
  bool is_named_ = false;
  ContentHash hash_;
};

}  // namespace

std::string write_segment(const std::string& path, int64_t rows, int64_t dimension, at::ScalarType dtype,
                          const std::function<void(const TakeRows&)>& give) {
  PartialFile file(path);
  file.write(npy_header({rows, dimension}, dtype));
  int64_t written = 0;
  give([&](const at::Tensor& piece) {
    TORCH_INTERNAL_ASSERT(piece.is_contiguous() && piece.is_cpu() && piece.scalar_type() == dtype &&
                          piece.dim() == 2 && piece.size(1) == dimension);
    written += piece.size(0);
    file.write({static_cast<const char*>(piece.data_ptr()), static_cast<size_t>(piece.nbytes())});
  });
  TORCH_INTERNAL_ASSERT(written == rows, "a segment of ", rows, " rows got ", written);
  return file.finish();
}

}  // namespace kindred::host
