#include "host/encoding/shard_writer.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/partial_file.hpp"
#include "host/cache/new_file.hpp"
#include "host/cache/shard_files.hpp"
#include "host/encoding/skipped_list.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr double kSyncSeconds = 2;

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

std::string EntryRows::path(int64_t shard, ShardFile kind, const std::string& machine) const {
  return (fs::path(folder) / text_of({shard, layout.count(), kind, machine})).string();
}

ShardWriter::ShardWriter(const EntryRows& entry, int64_t shard, ShardLock lock, std::string meta_hash,
                         std::string machine)
    : entry_(entry),
      shard_(shard),
      lock_(std::move(lock)),
      meta_hash_(std::move(meta_hash)),
      machine_(std::move(machine)),
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
  // One that was killed while it published may have left the complete array under this name, too.
  if (!machine_.empty() && fs::exists(partial) && fs::hard_link_count(partial) > 1) fs::remove(partial);
  const bool continues = fs::exists(partial) && fs::file_size(partial) == size && read_progress();
  // It must not count rows of the array that is begun now, should that be killed before its first sync.
  if (!continues) fs::remove(path(ShardFile::progress));
  file_ = ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0) {
    throw Error("cannot create " + partial + ": " + std::strerror(errno));
  }
  const auto header = entry_.header(shard_);
  header_bytes_ = static_cast<int64_t>(header.size());
  write_at(file_, header, 0, partial);
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
  write_at(file_, {data, bytes}, header_bytes_ + rows_done_ * entry_.row_bytes(), path(ShardFile::partial));
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

std::string ShardWriter::path(ShardFile kind) const {
  const bool own = kind == ShardFile::partial || kind == ShardFile::progress;
  return entry_.path(shard_, kind, own ? machine_ : "");
}

void ShardWriter::write_record() const {
  // The array's checksum is of what was meant to be written: reading it back could only repeat what went
  // wrong.
  write_file_atomically(path(ShardFile::record),
                        text_of(ShardRecord{meta_hash_, hash_.hex(), to_json(skipped_)}));
}

void ShardWriter::finish() {
  TORCH_INTERNAL_ASSERT(rows_done_ == rows_);
  sync_array();
  if (!machine_.empty()) {
    publish();
  } else {
    write_record();
    fs::rename(path(ShardFile::partial), path(ShardFile::rows));
  }
  fs::remove(path(ShardFile::progress));
}

/// Says whether array and record of the shard belong together, whoever wrote them.
bool ShardWriter::is_whole() const {
  const auto rows = path(ShardFile::rows);
  std::error_code unknown;
  if (fs::file_size(rows, unknown) != static_cast<uintmax_t>(entry_.file_bytes(shard_)) || unknown)
    return false;
  return hash_of_file(rows) == recorded_rows_hash(path(ShardFile::record));
}

/// Gives the complete array its name, in place of another machine's that may have it. The partial array stays
/// under its own name, too, where the file system knows second names.
void ShardWriter::replace_rows() const {
  const auto rows = path(ShardFile::rows), partial = path(ShardFile::partial), second = partial + ".0named";
  bool taken = false;
  fs::remove(second);
  const bool linked = link_file(partial, second, taken);
  fs::rename(linked ? second : partial, rows);
  fs::remove(second);  // renaming a name to another of the same file does nothing
}

/// Two machines may complete one shard at the same moment, and where their processors differ the last bits
/// of their rows may, too: record and array must not be of two machines then. So the first array stays, and
/// each machine looks, after the last file that it wrote, whether both belong together, and else writes both
/// again. Waiting for times that differ ends the turns; the last one to look has found them right.
void ShardWriter::publish() {
  const auto rows = path(ShardFile::rows), partial = path(ShardFile::partial);
  constexpr unsigned kTries = 10;
  std::random_device random;
  for (unsigned i = 0; i < kTries; ++i) {
    if (i == 0 && !fs::exists(rows)) {
      write_record();
      bool taken = false;
      if (!link_file(partial, rows, taken) && !taken) replace_rows();
      sync_folder(entry_.folder);
    } else if (i > 0 && fs::exists(partial)) {
      write_record();
      replace_rows();
      sync_folder(entry_.folder);
    }
    if (is_whole()) {
      fs::remove(partial);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % (4u << i)));
  }
  throw Error(
      fmt::format("{} and {} do not belong together: is another process writing them, or does the "
                  "file system lose what was written? Remove both and start again",
                  rows, path(ShardFile::record)));
}

}  // namespace kindred::host
