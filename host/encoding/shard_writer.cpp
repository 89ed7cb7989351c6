#include "host/encoding/shard_writer.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/base/clock.hpp"
#include "host/cache/shard_files.hpp"
#include "host/encoding/skipped_list.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
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

}  // namespace

int64_t EntryRows::row_bytes() const {
  auto bytes = static_cast<int64_t>(at::elementSize(dtype));
  for (const auto size : row_shape) bytes *= size;
  return bytes;
}

std::vector<int64_t> EntryRows::shard_shape(int64_t shard) const {
  std::vector<int64_t> shape = {layout.rows_of(shard)};
  shape.insert(shape.end(), row_shape.begin(), row_shape.end());
  return shape;
}

std::string EntryRows::header(int64_t shard) const { return npy_header(shard_shape(shard), file_dtype()); }

int64_t EntryRows::file_bytes(int64_t shard) const {
  return static_cast<int64_t>(header(shard).size()) + layout.rows_of(shard) * row_bytes();
}

std::string EntryRows::path(int64_t shard, ShardFile kind) const {
  return (fs::path(folder) / text_of({shard, layout.count(), kind})).string();
}

ShardWriter::ShardWriter(const EntryRows& entry, int64_t shard, ShardLock lock, std::string meta_hash)
    : entry_(entry),
      shard_(shard),
      lock_(std::move(lock)),
      meta_hash_(std::move(meta_hash)),
      rows_(entry.layout.rows_of(shard)) {
  try {
    start();
  } catch (...) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

ShardWriter::~ShardWriter() {
  if (file_ >= 0) ::close(file_);
}

void ShardWriter::start() {
  const auto partial = path(ShardFile::partial);
  const auto size = static_cast<uintmax_t>(entry_.file_bytes(shard_));
  const bool continues = fs::exists(partial) && fs::file_size(partial) == size && read_progress();
  // It must not count rows of the array that is begun now, should that be killed before its first sync.
  if (!continues) fs::remove(path(ShardFile::progress));
  file_ = ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0) {
    throw Error("cannot create " + partial + ": " + std::strerror(errno));
  }
  const auto header = entry_.header(shard_);
  header_bytes_ = static_cast<int64_t>(header.size());
  write_at(file_, header.data(), header.size(), 0, partial);
  hash_.add(header);
  hash_.add_file(file_, header_bytes_, rows_done_ * entry_.row_bytes(), partial);
  last_sync_ = now_seconds();
}

/// What a fill that was stopped has done; false where that cannot be known.
bool ShardWriter::read_progress() {
  const auto progress = read_shard_progress(path(ShardFile::progress), rows_);
  if (!progress) return false;
  rows_done_ = progress->rows;
  skipped_ = skipped_from(progress->skipped);
  return true;
}

void ShardWriter::append(const at::Tensor& rows, const std::vector<SkippedSample>& skipped) {
  const auto plain = rows.to(entry_.dtype).contiguous().view(entry_.file_dtype());
  const auto bytes = static_cast<size_t>(plain.size(0) * entry_.row_bytes());
  TORCH_INTERNAL_ASSERT(plain.nbytes() == bytes && rows_done_ + plain.size(0) <= rows_);
  const auto* const data = static_cast<const char*>(plain.data_ptr());
  write_at(file_, data, bytes, header_bytes_ + rows_done_ * entry_.row_bytes(), path(ShardFile::partial));
  hash_.add({data, bytes});
  rows_done_ += plain.size(0);
  skipped_.insert(skipped_.end(), skipped.begin(), skipped.end());
  if (now_seconds() - last_sync_ > kSyncSeconds) sync();
}

void ShardWriter::sync_array() {
  if (::fdatasync(file_) != 0)
    throw Error("cannot write " + path(ShardFile::partial) + ": " + std::strerror(errno));
}

void ShardWriter::sync() {
  sync_array();
  write_file_atomically(path(ShardFile::progress), text_of(ShardProgress{rows_done_, to_json(skipped_)}));
  last_sync_ = now_seconds();
}

void ShardWriter::finish() {
  TORCH_INTERNAL_ASSERT(rows_done_ == rows_);
  sync_array();
  // The array's checksum is of what was meant to be written: reading it back could only repeat what went
  // wrong.
  write_file_atomically(path(ShardFile::record),
                        text_of(ShardRecord{meta_hash_, hash_.hex(), to_json(skipped_)}));
  fs::rename(path(ShardFile::partial), path(ShardFile::rows));
  fs::remove(path(ShardFile::progress));
}

}  // namespace kindred::host
