#include "nn/norms/shared_norm.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "drawn.hpp"
#include "sum_over_threads.hpp"

namespace kindred::nn {
namespace {
using testing::as_processes;

constexpr BatchNormConstants kSharedConstants = {1e-5, 0.1};

struct SharedCase {
  const char* what;
  std::vector<int64_t> sizes, ends;  ///< of the whole batch; where the rows of each process end
  at::ScalarType dtype;
  double centre, tolerance;
};
const SharedCase kSharedCases[] = {{"rows", {9, 5}, {2, 6, 9}, at::kDouble, 0, 1e-12},
                                   {"maps", {6, 4, 3, 5}, {3, 6}, at::kDouble, 0, 1e-12},
                                   {"a process without rows", {5, 3, 2, 2}, {2, 2, 5}, at::kDouble, 0, 1e-12},
                                   {"one row each", {2, 7}, {1, 2}, at::kDouble, 0, 1e-11},
                                   {"float32", {6, 4, 8, 8}, {2, 6}, at::kFloat, 0, 2e-6},
                                   {"float32 far from zero", {6, 4, 8, 8}, {2, 6}, at::kFloat, 1000, 1e-4}};

/// The norm of a batch, and what its gradient is.
struct Norm {
  Norm(const SharedCase& c, const at::Tensor& rows)
      : x(rows.clone().requires_grad_(true)),
        tensors{drawn({c.sizes[1]}, 0.4).to(c.dtype).add_(1.5).requires_grad_(true),
                drawn({c.sizes[1]}, 0.9).to(c.dtype).requires_grad_(true),
                at::full({c.sizes[1]}, 0.25, c.dtype), at::full({c.sizes[1]}, 2.0, c.dtype)} {}
  at::Tensor x, y{};
  NormTensors tensors;
};

TEST(SharedNorm, several_processes_compute_what_one_computes) {
  for (const auto& c : kSharedCases) {
    SCOPED_TRACE(c.what);
    const auto given = (drawn(c.sizes, 0.7).to(at::kDouble) * 3 + c.centre).to(c.dtype);
    const auto of_y = drawn(c.sizes, 2.3).to(c.dtype);
    auto all = c;
    all.dtype = at::kDouble;
    Norm alone(all, given.to(at::kDouble));
    const auto& t = alone.tensors;
    alone.y = at::batch_norm(alone.x, t.scale, t.shift, t.mean, t.variance, true, kSharedConstants.momentum,
                             kSharedConstants.epsilon, false);
    alone.y.backward(of_y.to(at::kDouble));

    const auto count = static_cast<int64_t>(c.ends.size());
    std::vector<Norm> parts;
    for (size_t i = 0; i < c.ends.size(); ++i)
      parts.emplace_back(c, given.slice(0, i == 0 ? 0 : c.ends[i - 1], c.ends[i]));
    as_processes(count, [&](int64_t rank, const auto& sum) {
      const auto i = static_cast<size_t>(rank);
      auto& mine = parts[i];
      mine.y = shared_norm(mine.x, mine.tensors, kSharedConstants, sum);
      mine.y.backward(of_y.slice(0, i == 0 ? 0 : c.ends[i - 1], c.ends[i]));
    });
    std::vector<at::Tensor> y, of_x;
    auto of_scale = at::zeros_like(t.scale), of_shift = at::zeros_like(t.shift);
    for (auto& one : parts) {
      EXPECT_EQ(one.y.scalar_type(), c.dtype);
      y.push_back(one.y.detach());
      of_x.push_back(one.x.grad());
      of_scale += one.tensors.scale.grad();
      of_shift += one.tensors.shift.grad();
      EXPECT_LT(relative(one.tensors.mean, t.mean), c.tolerance + 1e-6 * (c.dtype == at::kFloat));
      EXPECT_LT(relative(one.tensors.variance, t.variance), c.tolerance);
    }
    EXPECT_LT(relative(at::cat(y), alone.y.detach()), c.tolerance);
    EXPECT_LT(relative(at::cat(of_x), alone.x.grad()), 2 * c.tolerance);
    EXPECT_LT(relative(of_scale, t.scale.grad()), 2 * c.tolerance);
    EXPECT_LT(relative(of_shift, t.shift.grad()), 2 * c.tolerance);
  }
}

TEST(SharedNorm, maps_in_bfloat16_are_rounded_once) {
  const SharedCase c = {"", {4, 3, 6, 6}, {}, at::kFloat, 2, 0};
  const auto given = (drawn(c.sizes, 0.7) * 3 + c.centre).to(at::kBFloat16);
  std::vector<Norm> norms;
  for (const int64_t first : {0, 2}) norms.emplace_back(c, given.slice(0, first, first + 2).to(at::kFloat));
  as_processes(2, [&](int64_t rank, const auto& sum) {
    auto& norm = norms[static_cast<size_t>(rank)];
    norm.y = shared_norm(norm.x.to(at::kBFloat16), norm.tensors, kSharedConstants, sum);
    norm.y.sum().backward();
  });
  const Norm alone(c, given.to(at::kFloat));
  const auto& t = alone.tensors;
  const auto expected = at::batch_norm(alone.x, t.scale, t.shift, t.mean, t.variance, true,
                                       kSharedConstants.momentum, kSharedConstants.epsilon, false);
  const auto y = at::cat({norms[0].y, norms[1].y});
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::allclose(y.to(at::kFloat), expected, 1.0 / 256, 1e-3));
  EXPECT_TRUE(at::allclose(norms[0].tensors.mean, t.mean, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(norms[0].tensors.variance, t.variance, 1e-5, 1e-6));
}

TEST(SharedNorm, one_value_of_all_has_no_variance) {
  const SharedCase one = {"", {1, 4}, {}, at::kFloat, 0, 0};
  const auto given = drawn({1, 4}, 0.7);
  as_processes(2, [&](int64_t rank, const auto& sum) {
    Norm norm(one, given.slice(0, 0, rank));
    const auto& t = norm.tensors;
    const auto y = shared_norm(norm.x, t, kSharedConstants, sum);
    EXPECT_TRUE(at::allclose(y, at::batch_norm(norm.x, t.scale, t.shift, t.mean, t.variance, false, 0.1,
                                               kSharedConstants.epsilon, false)));
    EXPECT_TRUE(at::equal(t.mean, at::full({4}, 0.25))) << "and running statistics stay";
  });
}

}  // namespace
}  // namespace kindred::nn
