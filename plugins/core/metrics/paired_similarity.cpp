#include "paired_similarity.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

namespace kindred {

at::Tensor paired_similarities(const EvaluatedSet& set, Distance distance) {
  at::NoGradGuard no_grad;
  const int64_t count = set.pairs.rows.size(0), bytes_of_a_pair = int64_t{2} * 4 * set.embeddings.size(1);
  const int64_t pairs = std::max<int64_t>(1, set.tile_bytes / std::max<int64_t>(1, bytes_of_a_pair));
  std::vector<at::Tensor> tiles = {at::empty({0}, at::kFloat)};
  for (int64_t first = 0; first < count; first += pairs) {
    const auto rows =
        set.pairs.rows.slice(0, first, std::min(first + pairs, count)).to(set.embeddings.device());
    const auto side = [&](int64_t which) { return set.embeddings.index_select(0, rows.select(1, which)); };
    tiles.push_back(paired_distance(distance, side(0), side(1)).neg().cpu());
  }
  return at::cat(tiles);
}

at::Tensor positive_pairs(const EvaluatedSet& set) { return set.pairs.scores >= 0.5; }

}  // namespace kindred
