#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/data/batch_loader.hpp"
#include "host/encoding/row_block.hpp"
#include "host/encoding/shard_source.hpp"
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
/// up its lock; the next one that takes the shard continues it. Where machines fill an entry that may not see
/// each other's locks, each has partial files of its own, which have its tag in their names.
/// [one thread at a time]
class RowCache : public ShardSource {
 public:
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  /// `key`: a fingerprint, hexadecimal. `shape`: (N, ...). `machine`: the tag of this one where others fill
  /// the entry that do not see its locks; "" where every process sees them. Shares the entry's lock. Throws
  /// Error.
  RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
           const std::vector<int64_t>& shape, const nlohmann::json& description, Context& context,
           std::string machine = "");

  const std::string& folder() const override { return entry_.folder; }
  const ShardLayout& layout() const { return entry_.layout; }
  std::string path(int64_t shard, ShardFile kind) const { return entry_.path(shard, kind); }
  int64_t rows() const override { return entry_.layout.rows; }
  /// Says whether every shard is there, whoever filled it.
  bool complete() override;
  /// Says whether one shard is, as far as was last looked (complete()).
  bool is_complete(int64_t shard) const { return shards_.at(static_cast<size_t>(shard)).complete; }
  /// Bytes on disk of the rows that an entry holds so far, complete or not.
  static uintmax_t bytes_present(const std::string& directory, const std::string& key);
  /// Rows that need not be computed again: those of this process at once, those of others when they synced
  /// them, and then at most every few seconds.
  int64_t rows_done() override;
  /// The same of one shard, without looking at the files.
  int64_t rows_done(int64_t shard) const;

  /// The next shard that is neither complete nor filled by another process; null where there is none now. No
  /// shard is given twice; it is owned by this.
  ShardWriter* take_shard() override;
  /// This shard, where it is neither complete nor filled by another process that is seen, and where
  /// `allowed`, which is asked then, says yes; else null.
  ShardWriter* take_shard(int64_t shard, const std::function<bool()>& allowed);
  /// Ends a shard that was taken, after its last row: the shard is complete then, and the writer is gone.
  void finish(ShardWriter* shard) override;
  /// Makes the rows of all shards that were taken survive a crash.
  void sync() override;

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

  std::string directory_, key_, machine_;
  EntryRows entry_;
  EntryLock lock_;
  std::string meta_hash_;
  std::vector<Shard> shards_;
  double last_refresh_ = 0;
};

}  // namespace kindred::host
