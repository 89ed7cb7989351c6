#include "host/engine/row_cache.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/support/clock.hpp"
#include "host/support/log.hpp"
#include "host/support/system_info.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kSyncSeconds = 2;

void write_at(int file, const char* bytes, size_t size, int64_t offset, const std::string& path) {
  while (size > 0) {
    const auto written = ::pwrite(file, bytes, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Error("cannot write " + path + ": " + std::strerror(errno));
    bytes += written;
    size -= static_cast<size_t>(written);
    offset += written;
  }
}

json to_json(const std::vector<SkippedSample>& skipped) {
  json list = json::array();
  for (const auto& one : skipped)
    list.push_back({{"index", one.index}, {"name", one.name}, {"message", one.message}});
  return list;
}

std::vector<SkippedSample> skipped_from(const json& list) {
  std::vector<SkippedSample> skipped;
  for (const auto& one : list) skipped.push_back({one.at("index"), one.at("name"), one.at("message")});
  return skipped;
}

}  // namespace

RowCache::RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
                   const std::vector<int64_t>& shape, const json& description)
    : folder_((fs::path(directory) / key).string()),
      dtype_(dtype),
      shape_(shape),
      rows_(shape.front()),
      row_bytes_(static_cast<int64_t>(at::elementSize(dtype))),
      header_bytes_(static_cast<int64_t>(npy_header(shape, dtype).size())) {
  for (size_t i = 1; i < shape.size(); ++i) row_bytes_ *= shape[i];
  fs::create_directories(folder_);
  lock_ = ::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) throw Error("cannot open " + path("lock") + ": " + std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    log_info(fmt::format("waiting for another process that fills {}", folder_));
    if (::flock(lock_, LOCK_EX) != 0)
      throw Error("cannot lock " + path("lock") + ": " + std::strerror(errno));
  }
  if (complete()) {
    rows_done_ = rows_;
    return;
  }
  if (!fs::exists(path("meta.json"))) write_file_atomically(path("meta.json"), description.dump(2) + "\n");
  start_partial();
}

RowCache::~RowCache() {
  if (file_ >= 0) ::close(file_);
  if (lock_ >= 0) ::close(lock_);
}

std::string RowCache::path(const char* name) const { return (fs::path(folder_) / name).string(); }

bool RowCache::complete() const { return fs::exists(path("rows.npy")); }

uintmax_t RowCache::bytes_present(const std::string& directory, const std::string& key) {
  for (const char* name : {"rows.npy", "rows.npy.partial"}) {
    struct stat status {};
    if (::stat((fs::path(directory) / key / name).c_str(), &status) == 0) {
      return static_cast<uintmax_t>(status.st_blocks) *
             512;  // a partial file is sparse where nothing was written
    }
  }
  return 0;
}

void RowCache::start_partial() {
  const auto partial = path("rows.npy.partial");
  const auto size = static_cast<uintmax_t>(header_bytes_ + rows_ * row_bytes_);
  const bool continues =
      fs::exists(partial) && fs::file_size(partial) == size && fs::exists(path("progress.json"));
  if (continues) {
    const auto progress = json::parse(read_file(path("progress.json")), nullptr, false);
    if (progress.is_object() && progress.value("rows", int64_t{-1}) >= 0 &&
        progress.value("rows", rows_ + 1) <= rows_) {
      rows_done_ = progress["rows"];
      skipped_ = skipped_from(progress.at("skipped"));
    }
  }
  const auto free = free_disk_bytes(folder_);
  if (rows_done_ == 0 && free < size) {
    throw Error(
        fmt::format("the cache needs {} MiB in {}, which has {} MiB free; name another cache.directory, or "
                    "use \"type\": \"memory\"",
                    size >> 20, folder_, free >> 20));
  }
  file_ = ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0) {
    throw Error("cannot create " + partial + ": " + std::strerror(errno));
  }
  const auto header = npy_header(shape_, dtype_);
  write_at(file_, header.data(), header.size(), 0, partial);
  last_sync_ = now_seconds();
}

void RowCache::append(const at::Tensor& rows, const std::vector<SkippedSample>& skipped) {
  const auto plain = rows.to(dtype_).contiguous();
  const auto bytes = static_cast<size_t>(plain.size(0) * row_bytes_);
  TORCH_INTERNAL_ASSERT(plain.nbytes() == bytes && rows_done_ + plain.size(0) <= rows_);
  write_at(file_, static_cast<const char*>(plain.data_ptr()), bytes, header_bytes_ + rows_done_ * row_bytes_,
           path("rows.npy.partial"));
  rows_done_ += plain.size(0);
  skipped_.insert(skipped_.end(), skipped.begin(), skipped.end());
  if (now_seconds() - last_sync_ > kSyncSeconds) sync();
}

void RowCache::sync() {
  if (::fdatasync(file_) != 0)
    throw Error("cannot write " + path("rows.npy.partial") + ": " + std::strerror(errno));
  write_file_atomically(path("progress.json"),
                        json{{"rows", rows_done_}, {"skipped", to_json(skipped_)}}.dump() + "\n");
  last_sync_ = now_seconds();
}

void RowCache::finish() {
  TORCH_INTERNAL_ASSERT(rows_done_ == rows_);
  sync();
  write_file_atomically(path("skipped.json"), to_json(skipped_).dump() + "\n");
  fs::rename(path("rows.npy.partial"), path("rows.npy"));
  fs::remove(path("progress.json"));
}

at::Tensor RowCache::open(std::vector<SkippedSample>& skipped) const {
  auto array = map_npy(path("rows.npy"));
  if (array.sizes() != at::IntArrayRef(shape_) || array.scalar_type() != dtype_) {
    throw Error(path("rows.npy") + " has another shape than its key promises; delete " + folder_);
  }
  skipped = skipped_from(json::parse(read_file(path("skipped.json"))));
  return array;
}

}  // namespace kindred::host
