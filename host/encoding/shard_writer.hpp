#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/content_hash.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/cache/shard_layout.hpp"
#include "host/data/batch_loader.hpp"

namespace kindred::host {

/// The rows of an entry of the cache: how they look and how they are divided.
struct EntryRows {
  std::string folder;  ///< of the entry
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> row_shape;
  ShardLayout layout;

  /// How rows stand in the file: NumPy knows no bfloat16, so that its bits are kept as integers.
  at::ScalarType file_dtype() const { return dtype == at::kBFloat16 ? at::kShort : dtype; }
  int64_t row_bytes() const;
  /// Returns (rows of the shard, ...), the shape of the shard's array.
  std::vector<int64_t> shard_shape(int64_t shard) const;
  /// Returns the header of a shard's array.
  std::string header(int64_t shard) const;
  /// Returns the size in bytes of a shard's array with its header.
  int64_t file_bytes(int64_t shard) const;
  /// `machine`: of partial arrays and their progress that one machine alone writes, see ShardFileName.
  std::string path(int64_t shard, ShardFile kind, const std::string& machine = "") const;
};

/// Fills one shard of an entry, from the beginning or from where a stopped fill left it. Data is synced
/// before the progress that counts it, so a killed fill is continued from there and never wrong; the shard is
/// complete from one rename on. [one thread at a time]
class ShardWriter {
 public:
  /// `entry` and the lock that gave `lock` must outlive it. `meta_hash`: checksum of the entry's description.
  /// `machine`: where other machines may fill the shard that do not see the lock, the tag of this one; then
  /// they do not see this one's partial array, and finish() looks whether what became of the shard is whole.
  /// Throws Error.
  ShardWriter(const EntryRows& entry, int64_t shard, ShardLock lock, std::string meta_hash,
              std::string machine = "");
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  int64_t shard() const { return shard_; }
  /// Rows of the shard that need not be computed again.
  int64_t rows_done() const { return rows_done_; }
  /// The next row to append and the one behind the last, as rows of the entry.
  int64_t next_row() const { return entry_.layout.first(shard_) + rows_done_; }
  int64_t end_row() const { return entry_.layout.first(shard_) + rows_; }

  /// Appends the next rows, (B, ...) of the entry's dtype on the CPU, and what was skipped among them. They
  /// are synced every few seconds. Throws Error when the disk is full.
  void append(const at::Tensor& rows, const std::vector<SkippedSample>& skipped);
  /// Makes everything appended so far survive a crash.
  void sync();
  /// Turns the partial array into the complete one, after the last row. Where another machine completed the
  /// shard meanwhile, that one's array stays. Throws Error.
  void finish();

 private:
  void start();
  bool read_progress();
  void sync_array();
  void write_record() const;
  void replace_rows() const;
  void publish();
  bool is_whole() const;
  std::string path(ShardFile kind) const;

  const EntryRows& entry_;
  int64_t shard_;
  ShardLock lock_;
  std::string meta_hash_, machine_;
  int64_t rows_, header_bytes_ = 0, rows_done_ = 0;
  std::vector<SkippedSample> skipped_;
  ContentHash hash_;  // of the partial file up to rows_done_
  double last_sync_ = 0;
  int file_ = -1;
};

}  // namespace kindred::host
