#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cache/content_hash.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/data/batch_loader.hpp"

namespace kindred::host {

/// One array of rows on disk, embeddings (D) or maps (H, W, C), in `directory`/<key>/:
///   meta.json        what the key was made of, for people
///   rows.npy   (N, ...) when complete; rows.npy.partial before
///   progress.json    rows that are safely in the partial file, and the samples skipped among them
///   skipped.json     the samples skipped, when complete; their rows are NaN
///   checksums.json   of the files above, when complete
/// host/cache reads, checks and removes entries without LibTorch. Rows are appended in order. Data is synced
/// before the progress that counts it, so a killed fill is continued from there and never wrong. A lock on
/// the folder keeps two processes from filling at once: the second waits and then finds the work done.
class RowCache {
 public:
  /// `key`: a fingerprint, hexadecimal. `shape`: (N, ...). Waits for the lock. Throws Error.
  RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
           const std::vector<int64_t>& shape, const nlohmann::json& description, Context& context);
  ~RowCache();
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  bool complete() const;
  /// Bytes on disk of what an entry holds so far, complete or not.
  static uintmax_t bytes_present(const std::string& directory, const std::string& key);
  /// Rows that need not be computed again.
  int64_t rows_done() const { return rows_done_; }

  /// The next rows, (B, ...) of the cache's dtype on the CPU, and what was skipped among them. Synced every
  /// few seconds. Throws Error when the disk is full.
  void append(const at::Tensor& rows, const std::vector<SkippedSample>& skipped);
  /// Makes everything appended so far survive a crash.
  void sync();
  /// After the last row: turns the partial file into the complete one.
  void finish();

  /// The complete array, memory-mapped, and what was skipped. Throws Error unless complete(), and where the
  /// files are not of the size and shape that the key promises; their bytes are not checked.
  at::Tensor open(std::vector<SkippedSample>& skipped) const;

 private:
  void start_partial();
  bool read_progress();
  at::Tensor open_array(std::vector<SkippedSample>& skipped) const;
  std::string path(const char* name) const;

  std::string directory_, key_, folder_;
  EntryLock lock_;
  at::ScalarType dtype_;
  std::vector<int64_t> shape_;
  int64_t rows_, row_bytes_, header_bytes_, rows_done_ = 0;
  std::vector<SkippedSample> skipped_;
  ContentHash hash_;  // of the partial file up to rows_done_
  double last_sync_ = 0;
  int file_ = -1;
};

}  // namespace kindred::host
