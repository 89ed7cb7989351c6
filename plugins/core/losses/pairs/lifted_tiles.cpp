#include "core/losses/pairs/lifted_tiles.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "core/losses/known_gradient.hpp"
#include "core/losses/pair_terms.hpp"

namespace kindred {
namespace {

/// What the loss needs of some anchors.
struct Tile {
  at::Tensor of_anchors;     ///< (T): log sum_n exp(m - d_an)
  at::Tensor distances;      ///< (P): of their positive pairs
  at::Tensor first, second;  ///< int64 (P): rows of the batch that these pairs are of
};

class Tiles {
 public:
  Tiles(const PairDistance& distance, double margin, const at::Tensor& labels, int64_t rows)
      : distance_(distance),
        margin_(margin),
        labels_(labels),
        // Anchors of one class have their positives in common, so that a tile reads few other rows.
        anchors_(std::get<1>(at::sort(labels, /*stable=*/true, 0, false)).split(rows)) {}

  size_t size() const { return anchors_.size(); }
  const at::Tensor& anchors(size_t tile) const { return anchors_[tile]; }

  Tile compute(const at::Tensor& x, size_t tile) const {
    const auto& anchors = anchors_[tile];
    const PairBatch batch = {x.index_select(0, anchors), x, pair_masks(labels_, anchors), {}};
    const auto d = distance_.matrix(batch);
    const auto pairs = batch.masks.positive.nonzero();
    const auto rows = pairs.select(1, 0), columns = pairs.select(1, 1);
    return {masked_logsumexp(margin_ - d, batch.masks.negative, kNothing),
            d.reshape({-1}).index_select(0, rows * d.size(1) + columns), anchors.index_select(0, rows),
            columns};
  }

 private:
  const PairDistance& distance_;
  double margin_;
  at::Tensor labels_;
  std::vector<at::Tensor> anchors_;  ///< int64 (T) each
};

}  // namespace

at::Tensor lifted_pairs(const at::Tensor& first, const at::Tensor& second, const at::Tensor& d) {
  return at::logaddexp(first, second) + d;
}

at::Tensor lifted_loss_by_tiles(const PairDistance& distance, double margin, const at::Tensor& embeddings,
                                const at::Tensor& labels, int64_t tile_rows) {
  const bool has_gradient = at::GradMode::is_enabled() && embeddings.requires_grad();
  const auto x = embeddings.detach().requires_grad_(has_gradient);
  const Tiles tiles(distance, margin, labels, tile_rows);
  auto of_anchors = at::empty({x.size(0)}, embeddings.options().requires_grad(false));
  std::vector<at::Tensor> first, second, distances;
  for (size_t i = 0; i < tiles.size(); ++i) {
    const at::NoGradGuard no_grad;
    const auto tile = tiles.compute(x, i);
    of_anchors.index_copy_(0, tiles.anchors(i), tile.of_anchors);
    first.push_back(tile.first);
    second.push_back(tile.second);
    distances.push_back(tile.distances);
  }
  const auto d = at::cat(distances);
  if (d.numel() == 0) return embeddings.sum() * 0;
  of_anchors.requires_grad_(has_gradient);
  d.requires_grad_(has_gradient);
  const auto lifted = lifted_pairs(of_anchors.index_select(0, at::cat(first)),
                                   of_anchors.index_select(0, at::cat(second)), d);
  const auto value = lifted.relu().square().mean() / 2;
  if (!has_gradient) return value;
  const auto slopes = torch::autograd::grad({value}, {of_anchors, d});
  auto gradient = at::zeros_like(x);
  int64_t pairs = 0;  // before this tile
  for (size_t i = 0; i < tiles.size(); ++i) {
    const auto tile = tiles.compute(x, i);
    const auto of_pairs = slopes[1].slice(0, pairs, pairs + tile.distances.numel());
    pairs += tile.distances.numel();
    const auto pulled = (tile.of_anchors * slopes[0].index_select(0, tiles.anchors(i))).sum() +
                        (tile.distances * of_pairs).sum();
    gradient.add_(torch::autograd::grad({pulled}, {x})[0]);
  }
  return with_known_gradient(embeddings, value.detach(), gradient);
}

}  // namespace kindred
