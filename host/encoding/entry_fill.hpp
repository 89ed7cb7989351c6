#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "host/base/context.hpp"
#include "host/base/progress.hpp"
#include "host/data/skip_log.hpp"
#include "host/encoding/feature_batches.hpp"
#include "host/encoding/shard_source.hpp"
#include "host/encoding/shard_writer.hpp"

namespace kindred::host {

/// Fills shards of an entry of the cache, one after the other as their source gives them, while other
/// processes fill theirs. The samples of the next shard are read while the last batches of one are computed.
class EntryFill {
 public:
  /// Gives the batches of the rows [first, end) of the entry.
  using BatchesOf = std::function<std::unique_ptr<FeatureBatches>(int64_t first, int64_t end)>;

  /// Everything given by reference must outlive it.
  EntryFill(ShardSource& shards, BatchesOf batches_of, SkipLog& skips, Progress& progress, Context& context);

  /// Returns when the source says that nothing is left, with the number of samples that were encoded here.
  /// Where only shards are left that other processes fill, it waits for them, and takes over what one that
  /// ends leaves.
  /// Throws Interrupted after it synced what is done; Error, PluginError.
  int64_t run();

 private:
  struct Part {
    ShardWriter* shard = nullptr;  // of the source; null: none
    std::unique_ptr<FeatureBatches> batches{};
  };
  Part take();
  void fill(Part& part, Part& next);
  void wait();
  void stop_if_interrupted();

  ShardSource& shards_;
  BatchesOf batches_of_;
  SkipLog& skips_;
  Progress& progress_;
  Context& context_;
  int64_t encoded_ = 0;
  bool said_that_it_waits_ = false;
};

}  // namespace kindred::host
