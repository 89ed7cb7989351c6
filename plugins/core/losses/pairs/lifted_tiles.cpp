#include "core/losses/pairs/lifted_tiles.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "core/losses/known_gradient.hpp"
#include "core/losses/pair_terms.hpp"

namespace kindred {
namespace {

/// What the loss needs of some anchors.
struct Tile {
  at::Tensor of_anchors;  ///< (T): log sum_n exp(m - d_an)
  at::Tensor distances;   ///< (P): of their positive pairs
};

/// Rows of the batch that positive pairs are of: int64 (P) each.
struct PairRows {
  at::Tensor first, second;
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
    return {masked_logsumexp(margin_ - d, batch.masks.negative, kNothing),
            d.reshape({-1}).index_select(0, pairs.select(1, 0) * d.size(1) + pairs.select(1, 1))};
  }

  /// Those of compute(), in the same order.
  PairRows rows_of_pairs(size_t tile) const {
    const auto pairs = pair_masks(labels_, anchors_[tile]).positive.nonzero();
    return {anchors_[tile].index_select(0, pairs.select(1, 0)), pairs.select(1, 1)};
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
  std::vector<at::Tensor> of_pairs(tiles.size());  // distances, and then the gradients with respect to them
  int64_t pairs = 0;
  for (size_t i = 0; i < tiles.size(); ++i) {
    const at::NoGradGuard no_grad;
    const auto tile = tiles.compute(x, i);
    of_anchors.index_copy_(0, tiles.anchors(i), tile.of_anchors);
    of_pairs[i] = tile.distances;
    pairs += tile.distances.numel();
  }
  if (pairs == 0) return embeddings.sum() * 0;

  const double weight = 0.5 / static_cast<double>(pairs);
  auto value = at::zeros({}, of_anchors.options().dtype(at::kDouble)), slopes = at::zeros_like(of_anchors);
  of_anchors.requires_grad_(has_gradient);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const auto [first, second] = tiles.rows_of_pairs(i);
    const auto d = of_pairs[i].requires_grad_(has_gradient);
    const auto lifted =
        lifted_pairs(of_anchors.index_select(0, first), of_anchors.index_select(0, second), d);
    const auto part = lifted.relu().square().sum() * weight;
    value += part.detach().to(at::kDouble);
    if (!has_gradient) continue;
    const auto gradients = torch::autograd::grad({part}, {of_anchors, d});
    slopes += gradients[0];
    of_pairs[i] = gradients[1];
  }
  value = value.to(embeddings.scalar_type());
  if (!has_gradient) return value;

  auto gradient = at::zeros_like(x);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const auto tile = tiles.compute(x, i);
    const auto pulled = (tile.of_anchors * slopes.index_select(0, tiles.anchors(i))).sum() +
                        (tile.distances * of_pairs[i]).sum();
    gradient += torch::autograd::grad({pulled}, {x})[0];
  }
  return with_known_gradient(embeddings, value, gradient);
}

}  // namespace kindred
