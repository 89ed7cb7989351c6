#include "nn/norms/trained_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "drawn.hpp"

namespace kindred::nn {
namespace {

constexpr BatchNormConstants kConstants = {1e-5, 0.1};

struct NormCase {
  const char* what;
  std::vector<int64_t> sizes;
  Activation activation;
  bool adds;
  double centre;
};
const NormCase kNormCases[] = {{"relu", {4, 16, 9, 10}, Activation::relu, false, 0},
                               {"relu of a sum", {4, 24, 9, 10}, Activation::relu, true, 0},
                               {"relu6", {2, 5, 3, 3}, Activation::relu6, false, 0},
                               {"nothing behind it", {3, 7, 20, 20}, Activation::none, false, 0},
                               {"three values", {3, 16, 1, 1}, Activation::none, true, 0},
                               {"far from zero", {4, 16, 12, 12}, Activation::none, false, 1000}};

struct NormOutcome {
  at::Tensor y, mean, variance;  ///< and the running statistics
  std::vector<at::Tensor> gradients;
};

template <typename Norm>
NormOutcome norm_outcome(const NormCase& c, at::ScalarType dtype, Norm norm) {
  const auto leaf = [&](const at::Tensor& t) { return t.to(dtype).requires_grad_(true); };
  const int64_t channels = c.sizes[1];
  const auto x = leaf(drawn(c.sizes, 0.7) * 3 + c.centre), other = leaf(drawn(c.sizes, 1.9));
  const auto scale = leaf(drawn({channels}, 0.4) + 1.5), shift = leaf(drawn({channels}, 0.9));
  const auto mean = at::full({channels}, 0.25, dtype), variance = at::full({channels}, 2.0, dtype);
  const auto y = norm(x, c.adds ? other : at::Tensor(), NormTensors{scale, shift, mean, variance});
  y.backward(drawn(c.sizes, 2.3).to(dtype));
  NormOutcome out{y, mean, variance, {x.grad(), scale.grad(), shift.grad()}};
  if (c.adds) out.gradients.push_back(other.grad());
  return out;
}

NormOutcome own_norm(const NormCase& c) {
  return norm_outcome(c, at::kFloat, [&](const auto& x, const auto& other, const auto& norm) {
    return trained_norm(x, other, norm, kConstants, clamp_of(c.activation));
  });
}

TEST(TrainedNorm, equals_the_separate_operations_in_float64) {
  for (const auto& c : kNormCases) {
    SCOPED_TRACE(c.what);
    const auto found = own_norm(c);
    const auto expected =
        norm_outcome(c, at::kDouble, [&](const auto& x, const auto& other, const auto& norm) {
          auto y = at::batch_norm(x, norm.scale, norm.shift, norm.mean, norm.variance, true,
                                  kConstants.momentum, kConstants.epsilon, false);
          if (other.defined()) y = y + other;
          return c.activation == Activation::none ? y : activated(y, c.activation);
        });
    // What lies at 1000 is rounded to 6e-5 before it comes.
    const double tolerance = c.centre > 0 ? 1e-4 : 2e-6;
    EXPECT_LT(relative(found.y, expected.y), tolerance);
    EXPECT_LT(relative(found.mean, expected.mean), 1e-6);
    EXPECT_LT(relative(found.variance, expected.variance), tolerance);
    for (size_t i = 0; i < found.gradients.size(); ++i)
      EXPECT_LT(relative(found.gradients[i], expected.gradients[i]), tolerance) << "gradient " << i;
  }
}

TEST(TrainedNorm, does_not_depend_on_the_number_of_threads) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = own_norm(kNormCases[3]);
  at::set_num_threads(3);
  const auto three = own_norm(kNormCases[3]);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one.y, three.y));
  for (size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(at::equal(one.gradients[i], three.gradients[i]));
}

TEST(TrainedNorm, what_is_no_number_is_handed_on) {
  auto x = drawn({2, 8, 3, 3}, 0.7);
  x[0][1][0][0] = std::numeric_limits<float>::quiet_NaN();
  x.requires_grad_(true);
  const NormTensors norm{at::ones({8}), at::zeros({8}), at::zeros({8}), at::ones({8})};
  const auto y = trained_norm(x, at::Tensor(), norm, kConstants, clamp_of(Activation::relu));
  y.sum().backward();
  for (const auto& one : {y, x.grad()}) {
    EXPECT_TRUE(one.select(1, 1).isnan().all().item<bool>());
    EXPECT_FALSE(one.select(1, 2).isnan().any().item<bool>());
  }
}

TEST(TrainedNorm, is_left_to_libtorch_where_it_does_not_serve) {
  EXPECT_TRUE(serves_trained_norm(at::zeros({2, 8, 1, 1})));
  EXPECT_FALSE(serves_trained_norm(at::zeros({1, 8, 1, 1})));
  EXPECT_FALSE(serves_trained_norm(at::zeros({2, 8, 1, 1}, at::kBFloat16)));
  at::NoGradGuard no_grad;
  EXPECT_FALSE(serves_trained_norm(at::zeros({2, 8, 1, 1})));
}

}  // namespace
}  // namespace kindred::nn
