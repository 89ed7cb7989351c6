#include "host/encoding/shard_owners.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMostAsked = 256;  // samples of one shard whose size is asked for

/// Bytes of an object; -1 where the dataset does not tell.
int64_t stored_bytes(const StoredObject& object) {
  if (object.bytes >= 0 || object.file.empty()) return object.bytes;
  std::error_code unknown;
  const auto size = fs::file_size(object.file, unknown);
  // A file that is missing is skipped, which costs nothing.
  return unknown ? 0 : std::max<int64_t>(static_cast<int64_t>(size) - object.offset, 0);
}

}  // namespace

std::vector<int64_t> ShardOwners::of_next_entry(const std::vector<int64_t>& weights) {
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return weights[a] > weights[b]; });
  std::vector<int64_t> owners(weights.size());
  for (const auto shard : order) {
    const auto least = std::min_element(loads_.begin(), loads_.end());
    *least += std::max<int64_t>(weights[shard], 1);
    owners[shard] = least - loads_.begin();
  }
  return owners;
}

std::vector<int64_t> shard_weights(const ShardLayout& layout, const std::vector<SampleIndex>& samples,
                                   const Dataset& dataset) {
  std::vector<int64_t> weights, rows;
  bool known = true;
  for (int64_t shard = 0; shard < layout.count(); ++shard) {
    const auto first = layout.first(shard), count = std::max<int64_t>(layout.rows_of(shard), 0);
    const auto step = std::max<int64_t>((count + kMostAsked - 1) / kMostAsked, 1);
    int64_t bytes = 0, asked = 0;
    for (int64_t row = first; known && row < first + count; row += step, ++asked) {
      const auto size = stored_bytes(dataset.stored(to_int(samples[static_cast<size_t>(row)]), 0));
      known = size >= 0;
      bytes += size;
    }
    rows.push_back(count);
    weights.push_back(asked == 0 ? 0 : bytes / asked * count);
  }
  return known ? weights : rows;
}

}  // namespace kindred::host
