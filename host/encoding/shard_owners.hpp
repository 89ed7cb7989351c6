#pragma once

#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"
#include "host/cache/shard_layout.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Divides the shards of several entries among processes that do not talk to each other. Who has which
/// follows from the weights alone, so that each process finds the same; entries are to be asked for in the
/// same order.
class ShardOwners {
 public:
  explicit ShardOwners(int64_t processes) : loads_(static_cast<size_t>(processes), 0) {}

  /// For each shard of the next entry, of these weights, which process has it, from 0. The heaviest shard
  /// goes to whoever has the least so far, of this entry and those before.
  std::vector<int64_t> of_next_entry(const std::vector<int64_t>& weights);

 private:
  std::vector<int64_t> loads_;
};

/// What each shard of an entry costs, about: the bytes of the files that its samples are read from, since
/// large pictures take longer, or their number where the dataset does not tell its files. Of large shards
/// some samples stand for all, so that no folder of a network is asked for a million sizes. `samples`: by row
/// of the entry; of `dataset` the first field is meant.
std::vector<int64_t> shard_weights(const ShardLayout& layout, const std::vector<SampleIndex>& samples,
                                   const Dataset& dataset);

}  // namespace kindred::host
