#include "core/losses/chosen_sums.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/losses/chosen_entries.hpp"
#include "core/losses/ranking/soft_histograms.hpp"

// Sums over the chosen entries of each row, against operators of LibTorch in float64.
namespace kindred {
namespace {

/// Values with an entry that is no number where nothing is chosen, and a row without chosen entries.
struct Example {
  explicit Example(at::ScalarType dtype, int64_t columns = 77) {
    at::manual_seed(3);
    values = at::randn({9, columns}, at::kDouble) * 4;
    chosen = at::rand({9, columns}) < 0.3;
    chosen[4].fill_(false);
    chosen[5].fill_(true);
    chosen[0].slice(0, 1, 2).fill_(false);
    weights = at::randn({9}, at::kDouble);
    values = values.to(dtype).requires_grad_(true);
  }
  at::Tensor values, chosen, weights;
};

/// The weighted sum of a function of the rows, and its gradient in the values; both float64.
struct Outcome {
  at::Tensor value, gradient;
};
Outcome outcome_of(const Example& example, at::ScalarType dtype,
                   const std::function<at::Tensor(const at::Tensor&)>& rows) {
  const auto x = example.values.detach().to(dtype).requires_grad_(true);
  const auto out = rows(x);
  EXPECT_EQ(out.scalar_type(), dtype);
  (out * example.weights.to(dtype)).sum().backward();
  return {out.detach().to(at::kDouble), x.grad().to(at::kDouble)};
}

void expect_same(
    const std::function<at::Tensor(const at::Tensor& values, const at::Tensor& chosen)>& found,
    const std::function<at::Tensor(const at::Tensor& values, const at::Tensor& chosen)>& expected) {
  for (const int64_t columns : {1, 31, 32, 77, 130}) {
    for (const auto dtype : {at::kDouble, at::kFloat}) {
      SCOPED_TRACE(::testing::Message() << columns << " columns of " << at::toString(dtype));
      const Example example(dtype, columns);
      const double tolerance = dtype == at::kDouble ? 1e-12 : 2e-6;
      const auto a =
          outcome_of(example, dtype, [&](const at::Tensor& x) { return found(x, example.chosen); });
      const auto b =
          outcome_of(example, at::kDouble, [&](const at::Tensor& x) { return expected(x, example.chosen); });
      EXPECT_TRUE(at::allclose(a.value, b.value, tolerance, tolerance)) << a.value - b.value;
      EXPECT_TRUE(at::allclose(a.gradient, b.gradient, tolerance, tolerance)) << a.gradient - b.gradient;
    }
  }
}

TEST(ChosenSums, log_sum_exp_equals_that_of_operators) {
  expect_same([](const auto& x, const auto& chosen) { return masked_logsumexp(x, chosen, -7); },
              [](const auto& x, const auto& chosen) {
                const auto none = chosen.any(1).logical_not();
                const auto kept = x.masked_fill(chosen.logical_not(), -1e30);
                return kept.masked_fill(none.unsqueeze(1), 0).logsumexp({1}).masked_fill(none, -7);
              });
}

TEST(ChosenSums, log_sum_exp_of_large_and_small_values_is_finite) {
  const auto x = at::tensor({1e4F, -1e4F, 9999.5F, 0.F}).repeat({2, 1}).requires_grad_(true);
  const auto out = masked_logsumexp(x, at::ones({2, 4}, at::kBool), 0);
  EXPECT_NEAR(out[1].item<float>(), 1e4 + std::log1p(std::exp(-0.5)), 2e-3);
  out.sum().backward();
  EXPECT_NEAR(x.grad()[1].sum().item<float>(), 1, 1e-6);
  EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(ChosenSums, of_one_row_are_those_of_operators) {
  const auto x = at::randn({1, 50}).requires_grad_(true);
  const auto chosen = at::rand({1, 50}) < 0.5;
  const auto kept = x.detach().masked_select(chosen);
  EXPECT_NEAR(masked_logsumexp(x, chosen, 0).item<float>(), kept.logsumexp({0}).item<float>(), 1e-5);
  EXPECT_NEAR(mean_of_chosen(x, chosen).item<float>(), kept.mean().item<float>(), 1e-5);
  EXPECT_NEAR(hinge_sums(x, chosen, -1, at::zeros({})).sums.item<float>(), (-kept).relu().sum().item<float>(),
              1e-4);
}

TEST(ChosenSums, hinges_equal_those_of_operators) {
  for (const double sign : {1.0, -1.0}) {
    const auto gaps = [sign](const auto& x, const auto& chosen) {
      return (sign * x + 0.5).relu() * chosen.to(x.scalar_type());
    };
    expect_same(
        [sign](const auto& x, const auto& chosen) {
          return hinge_sums(x, chosen, sign, at::full({}, 0.5, x.options().requires_grad(false))).sums;
        },
        [&](const auto& x, const auto& chosen) { return gaps(x, chosen).sum(1); });
    const Example example(at::kDouble);
    const auto offset = at::full({}, 0.5, at::kDouble).requires_grad_(true);
    const auto found = hinge_sums(example.values, example.chosen, sign, offset);
    EXPECT_FALSE(found.active.requires_grad());
    const auto active = (gaps(example.values.detach(), example.chosen) > 0).sum(1).to(at::kDouble);
    EXPECT_TRUE(at::equal(found.active, active));
    (found.sums * example.weights).sum().backward();
    EXPECT_NEAR(offset.grad().item<double>(), (active * example.weights).sum().item<double>(), 1e-12);
  }
}

TEST(ChosenSums, what_is_not_chosen_may_be_anything) {
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Example example(at::kFloat);
    const auto x = example.values.detach();
    x[0][1].fill_(wrong);
    for (const auto& out : {masked_logsumexp(x, example.chosen, 0), mean_of_chosen(x, example.chosen),
                            hinge_sums(x, example.chosen, 1, at::zeros({})).sums}) {
      EXPECT_TRUE(out.isfinite().all().item<bool>());
    }
  }
}

TEST(ChosenSums, a_chosen_entry_that_is_no_number_shows) {
  Example example(at::kFloat);
  const auto x = example.values.detach();
  x[5][3].fill_(std::nan(""));
  EXPECT_TRUE(masked_logsumexp(x, example.chosen, 0)[5].isnan().item<bool>());
  EXPECT_TRUE(mean_of_chosen(x, example.chosen).isnan().item<bool>());
  EXPECT_TRUE(hinge_sums(x, example.chosen, 1, at::zeros({})).sums[5].isnan().item<bool>());
}

TEST(ChosenSums, means_and_counts_equal_those_of_operators) {
  const Example example(at::kDouble);
  EXPECT_TRUE(at::equal(counts_of_chosen(example.chosen), example.chosen.sum(1)));
  const auto mean = mean_of_chosen(example.values, example.chosen);
  EXPECT_NEAR(mean.item<double>(), example.values.masked_select(example.chosen).mean().item<double>(), 1e-12);
  mean.backward();
  const auto share = 1 / example.chosen.sum().item<double>();
  EXPECT_TRUE(at::allclose(example.values.grad(), example.chosen.to(at::kDouble) * share));
  EXPECT_EQ(mean_of_chosen(example.values, at::zeros_like(example.chosen)).item<double>(), 0);
}

TEST(ChosenSums, have_no_second_derivative) {
  const Example example(at::kDouble);
  const auto& x = example.values;
  for (const auto& out : {masked_logsumexp(x, example.chosen, 0), mean_of_chosen(x, example.chosen),
                          hinge_sums(x, example.chosen, 1, at::zeros({}, at::kDouble)).sums,
                          soft_histograms(x, {example.chosen, example.chosen}, 3).positive}) {
    EXPECT_THROW(out.square().sum().backward({}, true, true), c10::Error);
  }
}

TEST(ChosenEntries, are_the_same_picked_or_not) {
  const Example example(at::kDouble);
  const auto columns = at::randn({77}, at::kDouble);
  const auto few = (at::rand({9, 77}) < 0.05);
  for (const auto& chosen : {few, example.chosen, at::zeros_like(few)}) {
    const ChosenEntries entries(chosen);
    const auto x = example.values.detach().requires_grad_(true), y = x.detach().clone().requires_grad_(true);
    const auto rows = example.weights;
    const auto found =
        loss_of(entries.sums((entries.of(x) + entries.of_rows(rows) * entries.of_columns(columns)).square()));
    const auto dense = mean_of_chosen((y + rows.unsqueeze(1) * columns.unsqueeze(0)).square(), chosen);
    EXPECT_NEAR(found.item<double>(), dense.item<double>(), 1e-12);
    found.backward();
    dense.backward();
    EXPECT_TRUE(at::allclose(x.grad(), y.grad()));
  }
}

TEST(SoftHistograms, equal_triangles_entry_by_entry) {
  constexpr int64_t kBins = 5;
  const Example example(at::kDouble);
  const auto place = ((example.values.detach() + 4) * 0.7).requires_grad_(true);
  const PairMasks masks{example.chosen, example.chosen.logical_not()};
  const auto found = soft_histograms(place, masks, kBins);
  const auto of_positive = at::randn({9, kBins + 1}, at::kDouble),
             of_negative = at::randn({9, kBins + 1}, at::kDouble);
  ((found.positive * of_positive).sum() + (found.negative * of_negative).sum()).backward();
  auto positive = at::zeros_like(of_positive), negative = at::zeros_like(of_negative),
       slopes = at::zeros_like(place.detach());
  for (int64_t i = 0; i < 9; ++i) {
    for (int64_t j = 0; j < 77; ++j) {
      const double at = place[i][j].item<double>();
      const auto bin =
          std::min<int64_t>(kBins - 1, std::max<int64_t>(0, static_cast<int64_t>(std::floor(at))));
      const bool is_positive = example.chosen[i][j].item<bool>();
      auto& histogram = is_positive ? positive : negative;
      const auto& weight = is_positive ? of_positive : of_negative;
      histogram[i][bin] += 1 - (at - static_cast<double>(bin));
      histogram[i][bin + 1] += at - static_cast<double>(bin);
      slopes[i][j] = weight[i][bin + 1] - weight[i][bin];
    }
  }
  EXPECT_TRUE(at::allclose(found.positive, positive, 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(found.negative, negative, 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(place.grad(), slopes, 1e-12, 1e-12));
}

}  // namespace
}  // namespace kindred
