#include "host/search/pair_tiles.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>

namespace kindred::host {
namespace {

/// The pair of blocks of a number: first those of each block with itself, then those with its neighbour, and
/// so on, so that pairs of similar numbers have few blocks in common.
struct BlockPair {
  int64_t first, second;
};

class BlockPairs {
 public:
  explicit BlockPairs(int64_t blocks) : blocks_(blocks) {}

  /// Several threads may ask. False when all were given.
  bool next(BlockPair& pair) {
    int64_t number = next_++, apart = 0;
    while (apart < blocks_ && number >= blocks_ - apart) number -= blocks_ - apart++;
    pair = {number, number + apart};
    return apart < blocks_;
  }

 private:
  const int64_t blocks_;
  std::atomic<int64_t> next_{0};
};

}  // namespace

void for_each_pair_tile(
    const at::Tensor& rows,
    const std::function<void(int64_t first, int64_t second, at::Tensor& products)>& body) {
  const int64_t count = rows.size(0);
  BlockPairs pairs((count + kPairBlock - 1) / kPairBlock);
  const int64_t workers = at::get_num_threads();
  at::parallel_for(0, workers, 1, [&](int64_t begin, int64_t end) {
    at::NoGradGuard no_grad;
    auto memory = at::empty({kPairBlock * kPairBlock}, rows.options());
    for (int64_t worker = begin; worker < end; ++worker) {
      for (BlockPair pair{}; pairs.next(pair);) {
        const int64_t first = pair.first * kPairBlock, second = pair.second * kPairBlock;
        const auto a = rows.slice(0, first, std::min(first + kPairBlock, count));
        const auto b = rows.slice(0, second, std::min(second + kPairBlock, count));
        auto products = memory.narrow(0, 0, a.size(0) * b.size(0)).view({a.size(0), b.size(0)});
        at::mm_out(products, a, b.t());
        body(first, second, products);
      }
    }
  });
}

}  // namespace kindred::host
