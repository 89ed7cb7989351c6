#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/data/batch_loader.hpp"
#include "host/encoding/row_block.hpp"
#include "host/encoding/shard_writer.hpp"

namespace kindred::host {

/// One array of rows on disk, embeddings (D) or feature maps (H, W, C), in `directory`/<key>/. It is divided
/// into shards, which several processes may fill at once, each another one:
///   lock                  EntryLock of the entry and its shards
///   meta.json             what the key was made of, for people, and the shards
///   SHARD.npy             (n, ...), a complete shard, such as shard-00003-of-00016.npy
///   SHARD.npy.partial     the shard while it is filled
///   SHARD.progress.json   rows that are safely in the partial file, and what was skipped in them
///   SHARD.json            checksums and skipped samples of the complete shard; their rows are NaN
/// host/cache reads, checks and removes entries without LibTorch. A process that fills a shard and dies gives
/// up its lock; the next one that takes the shard continues it. [one thread at a time]
class RowCache {
 public:
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  /// `key`: a fingerprint, hexadecimal. `shape`: (N, ...). Shares the entry's lock. Throws Error.
  RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
           const std::vector<int64_t>& shape, const nlohmann::json& description, Context& context);

  const std::string& folder() const { return entry_.folder; }
  int64_t rows() const { return entry_.layout.rows; }
  /// Says whether every shard is there, whoever filled it.
  bool complete();
  /// Bytes on disk of the rows that an entry holds so far, complete or not.
  static uintmax_t bytes_present(const std::string& directory, const std::string& key);
  /// Rows that need not be computed again: those of this process at once, those of others when they synced
  /// them, and then at most every few seconds.
  int64_t rows_done();

  /// The next shard that is neither complete nor filled by another process; null where there is none now. No
  /// shard is given twice; it is owned by this.
  ShardWriter* take_shard();
  /// Ends a shard that was taken, after its last row: the shard is complete then, and the writer is gone.
  void finish(ShardWriter* shard);
  /// Makes the rows of all shards that were taken survive a crash.
  void sync();

  /// The complete array, a memory-mapped block per shard, and what was skipped. Throws Error unless
  /// complete(), and where the files are not of the size and shape that the key promises; their bytes are not
  /// checked.
  std::vector<RowBlock> open(std::vector<SkippedSample>& skipped) const;

 private:
  struct Shard {
    bool complete = false;
    int64_t rows_done = 0;                  // as far as the files said
    std::unique_ptr<ShardWriter> writer{};  // of this process
  };
  void refresh();
  bool all_complete() const;
  void check_free_disk() const;
  at::Tensor open_shard(int64_t shard) const;
  std::vector<SkippedSample> skipped_of(int64_t shard) const;

  std::string directory_, key_;
  EntryRows entry_;
  EntryLock lock_;
  std::string meta_hash_;
  std::vector<Shard> shards_;
  double last_refresh_ = 0;
};

}  // namespace kindred::host
