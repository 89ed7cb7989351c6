#include "host/encoding/row_cache.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/system_info.hpp"
#include "host/cache/entry_files.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// How rows stand in the file: NumPy knows no bfloat16, so that its bits are kept as integers.
at::ScalarType file_dtype(at::ScalarType dtype) { return dtype == at::kBFloat16 ? at::kShort : dtype; }

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

/// Nothing where it is no list that to_json() made.
std::optional<std::vector<SkippedSample>> skipped_from(const json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<SkippedSample> skipped;
  for (const auto& one : list) {
    if (!one.is_object() || !one.contains("index") || !one["index"].is_number_integer() ||
        !one.contains("name") || !one["name"].is_string() || !one.contains("message") ||
        !one["message"].is_string()) {
      return std::nullopt;
    }
    skipped.push_back({one["index"], one["name"], one["message"]});
  }
  return skipped;
}

}  // namespace

RowCache::RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
                   const std::vector<int64_t>& shape, const json& description, Context& context)
    : directory_(directory),
      key_(key),
      folder_((fs::path(directory) / key).string()),
      lock_(EntryLock::wait_for(
          folder_, [&] { context.info(fmt::format("waiting for another process that fills {}", folder_)); })),
      dtype_(dtype),
      shape_(shape),
      rows_(shape.front()),
      row_bytes_(static_cast<int64_t>(at::elementSize(dtype))),
      header_bytes_(static_cast<int64_t>(npy_header(shape, file_dtype(dtype)).size())) {
  for (size_t i = 1; i < shape.size(); ++i) row_bytes_ *= shape[i];
  if (complete()) {
    rows_done_ = rows_;
    return;
  }
  if (!fs::exists(path(kMetaFile))) write_file_atomically(path(kMetaFile), description.dump(2) + "\n");
  start_partial();
}

RowCache::~RowCache() {
  if (file_ >= 0) ::close(file_);
}

std::string RowCache::path(const char* name) const { return (fs::path(folder_) / name).string(); }

bool RowCache::complete() const { return fs::exists(path(kRowsFile)); }

uintmax_t RowCache::bytes_present(const std::string& directory, const std::string& key) {
  for (const char* name : {kRowsFile, kPartialFile}) {
    struct stat status {};
    if (::stat((fs::path(directory) / key / name).c_str(), &status) == 0) {
      return static_cast<uintmax_t>(status.st_blocks) *
             512;  // a partial file is sparse where nothing was written
    }
  }
  return 0;
}

void RowCache::start_partial() {
  const auto partial = path(kPartialFile);
  const auto size = static_cast<uintmax_t>(header_bytes_ + rows_ * row_bytes_);
  const bool continues = fs::exists(partial) && fs::file_size(partial) == size && read_progress();
  // It must not count rows of the array that is begun now, should that be killed before its first sync.
  if (!continues) fs::remove(path(kProgressFile));
  const auto free = free_disk_bytes(folder_);
  if (rows_done_ == 0 && free < size) {
    throw Error(
        fmt::format("the cache needs {} MiB in {}, which has {} MiB free; name another cache.directory, or "
                    "use \"type\": \"cpu\"",
                    size >> 20, folder_, free >> 20));
  }
  file_ = ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0) {
    throw Error("cannot create " + partial + ": " + std::strerror(errno));
  }
  const auto header = npy_header(shape_, file_dtype(dtype_));
  write_at(file_, header.data(), header.size(), 0, partial);
  hash_.add(header);
  hash_.add_file(file_, header_bytes_, rows_done_ * row_bytes_, partial);
  last_sync_ = now_seconds();
}

/// What a fill that was stopped has done; false where that cannot be known.
bool RowCache::read_progress() {
  if (!fs::exists(path(kProgressFile))) return false;
  const auto progress = json::parse(read_file(path(kProgressFile)), nullptr, false);
  if (!progress.is_object() || !progress.contains("rows") || !progress["rows"].is_number_unsigned() ||
      progress["rows"].get<uint64_t>() > static_cast<uint64_t>(rows_) || !progress.contains("skipped")) {
    return false;
  }
  const auto skipped = skipped_from(progress["skipped"]);
  if (!skipped) return false;
  rows_done_ = progress["rows"];
  skipped_ = *skipped;
  return true;
}

void RowCache::append(const at::Tensor& rows, const std::vector<SkippedSample>& skipped) {
  const auto plain = rows.to(dtype_).contiguous().view(file_dtype(dtype_));
  const auto bytes = static_cast<size_t>(plain.size(0) * row_bytes_);
  TORCH_INTERNAL_ASSERT(plain.nbytes() == bytes && rows_done_ + plain.size(0) <= rows_);
  const auto* const data = static_cast<const char*>(plain.data_ptr());
  write_at(file_, data, bytes, header_bytes_ + rows_done_ * row_bytes_, path(kPartialFile));
  hash_.add({data, bytes});
  rows_done_ += plain.size(0);
  skipped_.insert(skipped_.end(), skipped.begin(), skipped.end());
  if (now_seconds() - last_sync_ > kSyncSeconds) sync();
}

void RowCache::sync() {
  if (::fdatasync(file_) != 0)
    throw Error("cannot write " + path(kPartialFile) + ": " + std::strerror(errno));
  write_file_atomically(path(kProgressFile),
                        json{{"rows", rows_done_}, {"skipped", to_json(skipped_)}}.dump() + "\n");
  last_sync_ = now_seconds();
}

void RowCache::finish() {
  TORCH_INTERNAL_ASSERT(rows_done_ == rows_);
  sync();
  write_file_atomically(path(kSkippedFile), to_json(skipped_).dump() + "\n");
  // The array's from what was meant to be written: reading it back could only repeat what went wrong.
  const json checksums = {{"algorithm", kChecksumAlgorithm},
                          {"files",
                           {{kRowsFile, hash_.hex()},
                            {kSkippedFile, hash_of_file(path(kSkippedFile))},
                            {kMetaFile, hash_of_file(path(kMetaFile))}}}};
  write_file_atomically(path(kChecksumFile), checksums.dump() + "\n");
  fs::rename(path(kPartialFile), path(kRowsFile));
  fs::remove(path(kProgressFile));
}

at::Tensor RowCache::open(std::vector<SkippedSample>& skipped) const {
  try {
    return open_array(skipped);
  } catch (const Error& error) {
    throw Error(
        fmt::format("{}; remove the entry with `host cache clear '{}' --key {}`, the next run fills it again",
                    error.what(), directory_, key_));
  }
}

at::Tensor RowCache::open_array(std::vector<SkippedSample>& skipped) const {
  const auto rows = path(kRowsFile);
  std::error_code unknown;
  const auto size = fs::file_size(rows, unknown);
  const auto promised = static_cast<uintmax_t>(header_bytes_ + rows_ * row_bytes_);
  if (!unknown && size != promised) {
    throw Error(fmt::format("{} has {} bytes where its key promises {}", rows, size, promised));
  }
  auto array = map_npy(rows);
  if (array.sizes() != at::IntArrayRef(shape_) || array.scalar_type() != file_dtype(dtype_)) {
    throw Error(rows + " has another shape or dtype than its key promises");
  }
  const auto read = skipped_from(json::parse(read_file(path(kSkippedFile)), nullptr, false));
  if (!read) throw Error(path(kSkippedFile) + " is no list of skipped samples");
  skipped = *read;
  return array.view(dtype_);
}

}  // namespace kindred::host
