#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/losses/known_gradient.hpp"
#include "core/losses/pairs/angular_sums.hpp"
#include "core/losses/pairs/lifted_tiles.hpp"
#include "core/losses/pairs/triplet_windows.hpp"
#include "core/losses/ranking/smooth_ranks.hpp"
#include "kindred/distance.hpp"
#include "numeric_gradient.hpp"

// What losses sum over pairs and triplets row by row, against plain loops and against operators.
namespace kindred {
namespace {

PairMasks masks_of_classes(int64_t count, int64_t classes) {
  return pair_masks(at::arange(count, at::kLong).remainder(classes));
}

/// Numbers from 0 to 4 in steps of a quarter, so that many are equal and all sums are exact.
at::Tensor stepped_distances(int64_t count) {
  at::manual_seed(7);
  return at::randint(0, 17, {count, count}, at::kDouble) / 4;
}

struct Counted {
  double gaps = 0, count = 0;
  at::Tensor gradient;
};

Counted by_loops(const at::Tensor& distances, const PairMasks& masks, const TripletWindow& window) {
  const auto d = distances.accessor<double, 2>();
  const auto positive = masks.positive.accessor<bool, 2>(), negative = masks.negative.accessor<bool, 2>();
  Counted out{0, 0, at::zeros_like(distances)};
  auto gradient = out.gradient.accessor<double, 2>();
  for (int64_t a = 0; a < d.size(0); ++a) {
    for (int64_t p = 0; p < d.size(1); ++p) {
      for (int64_t n = 0; positive[a][p] && n < d.size(1); ++n) {
        if (!negative[a][n] || d[a][n] >= d[a][p] + window.margin) continue;
        if (!window.takes_nearer && d[a][n] <= d[a][p]) continue;
        out.gaps += d[a][p] - d[a][n] + window.margin;
        ++out.count;
        ++gradient[a][p];
        --gradient[a][n];
      }
    }
  }
  return out;
}

TEST(TripletSums, equal_those_of_every_triplet) {
  for (const int64_t classes : {2, 3, 20}) {  // with more positives than are compared one by one, and fewer
    const int64_t count = 150;
    const auto distances = stepped_distances(count);
    const auto masks = masks_of_classes(count, classes);
    for (const bool takes_nearer : {false, true}) {
      for (const double margin : {0.0, 0.5, 10.0}) {
        SCOPED_TRACE(::testing::Message()
                     << classes << " classes, margin " << margin << ", " << takes_nearer);
        const TripletWindow window = {margin, takes_nearer};
        const auto expected = by_loops(distances, masks, window);
        for (const auto& sums :
             {triplet_sums(distances, masks, window), triplet_sums(distances.to(at::kFloat), masks, window),
              triplet_sums_by_sorting(distances, masks, window)}) {
          // Sums are exact in float64, and rounded once in float32.
          const auto given = [&](double sum) { return at::full({}, sum, sums.gaps.options()); };
          EXPECT_TRUE(sums.gaps.equal(given(expected.gaps)));
          EXPECT_TRUE(sums.count.equal(given(expected.count)));
          EXPECT_TRUE(sums.gradient.to(at::kDouble).equal(expected.gradient));
        }
      }
    }
  }
}

RankTerm average_precision(const SmoothRanks& ranks) {
  const auto value = ranks.among / ranks.overall;
  return {value, 1 / ranks.overall, -value / ranks.overall};
}

struct ValueAndSlope {
  double value;
  at::Tensor slope;  // float64
};

template <class Sum>
ValueAndSlope of_ranks(const Sum& sum, const at::Tensor& similarities, const PairMasks& masks) {
  const auto s = similarities.clone().requires_grad_(true);
  const auto weight = at::arange(1, s.size(0) + 1, s.options().requires_grad(false));
  const auto value = sum(s, masks, weight, 0.05, &average_precision);
  value.backward();
  return {value.template item<double>(), s.grad().to(at::kDouble)};
}

TEST(SmoothRanks, by_rows_equal_those_by_operators_in_float64) {
  at::manual_seed(3);
  for (const int64_t count : {9, 70, 128}) {
    const auto similarities = at::rand({count, count}, at::kDouble) * 2 - 1;
    const auto masks = masks_of_classes(count, 4);
    const auto expected = of_ranks(&sum_over_ranks_by_positives, similarities, masks);
    const auto precise = of_ranks(&sum_over_ranks, similarities, masks);
    EXPECT_NEAR(precise.value, expected.value, 1e-10 * expected.value);
    EXPECT_LT((precise.slope - expected.slope).abs().max().item<double>(), 1e-9);
    const auto quick = of_ranks(&sum_over_ranks, similarities.to(at::kFloat), masks);
    EXPECT_NEAR(quick.value, expected.value, 1e-5 * expected.value);
    const double largest = expected.slope.abs().max().item<double>();
    EXPECT_LT((quick.slope - expected.slope).abs().max().item<double>(), 2e-5 * largest);
  }
}

TEST(AngularSums, have_the_gradient_of_their_definition) {
  at::manual_seed(5);
  const auto x = l2_normalized(at::randn({12, 4}, at::kDouble));
  const auto s = x.matmul(x.t());
  const auto masks = masks_of_classes(12, 3);
  const double t = 0.7;
  // (a, p, n)
  const auto exponent = 4 * t * (s.unsqueeze(1) + s.unsqueeze(0)) - 2 * (1 + t) * s.unsqueeze(2);
  const auto of_pairs = (exponent.exp() * masks.negative.unsqueeze(1)).sum(2).log1p();
  const double expected = (of_pairs * masks.positive).sum().item<double>();
  const auto sums = angular_sums(s, masks.positive, masks.negative, t);
  EXPECT_NEAR(sums.value.item<double>(), expected, 1e-10);
  const auto single = angular_sums(s.to(at::kFloat), masks.positive, masks.negative, t);
  EXPECT_NEAR(single.value.item<double>(), expected, 1e-5 * expected);
  const auto of = s.clone();
  testing::expect_gradient(
      [&] {
        const auto now = angular_sums(of, masks.positive, masks.negative, t);
        return with_known_gradient(of, now.value, now.gradient);
      },
      of, "similarities");
}

/// Lifted structure loss with a matrix of all distances.
at::Tensor whole_lifted_loss(const PairDistance& distance, double margin, const at::Tensor& x,
                             const at::Tensor& labels) {
  const auto batch = pair_batch(x, labels);
  const auto d = distance.matrix(batch);
  const auto of_anchors = (margin - d).masked_fill(batch.masks.negative.logical_not(), -1e9).logsumexp({1});
  const auto both = at::logaddexp(of_anchors.unsqueeze(1), of_anchors.unsqueeze(0));
  return (both + d).relu().square().masked_select(batch.masks.positive).mean() / 2;
}

TEST(LiftedLoss, by_tiles_is_that_of_all_distances) {
  at::manual_seed(5);
  const auto rows = at::randn({23, 6}, at::kDouble);
  const auto labels = at::arange(23, at::kLong).remainder(9).clamp_max(5);  // one class has more samples
  for (const auto* name : {"euclidean", "cosine"}) {
    const PairDistance distance{PairDistanceParams(name)};
    for (const auto dtype : {at::kDouble, at::kFloat}) {
      const double tolerance = dtype == at::kDouble ? 1e-9 : 1e-4;
      const auto expected_x = rows.to(dtype).clone().requires_grad_(true);
      const auto expected = whole_lifted_loss(distance, 1.0, expected_x, labels);
      (expected * 3).backward();
      for (const int64_t tile_rows : {1, 7, 23, 100}) {
        SCOPED_TRACE(::testing::Message() << name << ", " << dtype << ", " << tile_rows);
        const auto x = rows.to(dtype).clone().requires_grad_(true);
        const auto value = lifted_loss_by_tiles(distance, 1.0, x, labels, tile_rows);
        EXPECT_EQ(value.scalar_type(), dtype);
        EXPECT_TRUE(at::allclose(value, expected, tolerance, tolerance)) << value << expected;
        (value * 3).backward();
        EXPECT_TRUE(at::allclose(x.grad(), expected_x.grad(), tolerance, tolerance)) << x.grad();
        const at::NoGradGuard no_grad;
        EXPECT_TRUE(at::equal(lifted_loss_by_tiles(distance, 1.0, x, labels, tile_rows), value));
      }
    }
  }
}

TEST(LiftedLoss, by_tiles_is_zero_where_there_are_no_pairs_of_one_kind) {
  const PairDistance distance{PairDistanceParams("euclidean")};
  at::manual_seed(5);
  for (const auto& labels : {at::zeros({8}, at::kLong), at::arange(8, at::kLong)}) {
    const auto x = at::randn({8, 3}, at::kDouble).requires_grad_(true);
    const auto value = lifted_loss_by_tiles(distance, 1.0, x, labels, 3);
    EXPECT_EQ(value.item<double>(), 0);
    value.backward();
    EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
  }
}

}  // namespace
}  // namespace kindred
