#include "nn/fused_inverted_residual.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "drawn.hpp"
#include "processor_kernels_guard.hpp"

namespace kindred::nn {
namespace {

struct BlockShape {
  int64_t inputs, inner, outputs, kernel, stride;
};

const BlockShape kBlocks[] = {
    {16, 96, 24, 3, 2}, {24, 144, 24, 3, 1}, {24, 144, 40, 5, 2}, {40, 240, 40, 5, 1}, {32, 32, 16, 3, 1}};

struct Block {
  FinalConvolution expand, depthwise, project;
};

/// TensorFlow's border: of a stride of 2, one zero less above than below.
Block block_of(const BlockShape& one) {
  const int64_t most = one.kernel / 2, least = one.stride == 1 ? most : most - 1;
  Block block;
  if (one.inner != one.inputs)
    block.expand = {drawn({one.inner, one.inputs, 1, 1}, 0.7), drawn({one.inner}, 0.4), {}};
  block.depthwise = {drawn({one.inner, 1, one.kernel, one.kernel}, 0.9),
                     drawn({one.inner}, 0.3),
                     {one.stride, one.inner, {least, least}, {most, most}}};
  block.project = {drawn({one.outputs, one.inner, 1, 1}, 0.5), drawn({one.outputs}, 0.2), {}};
  return block;
}

/// In float64, layer by layer.
at::Tensor expected(const Block& block, const at::Tensor& input, bool adds) {
  const auto convolved = [](const FinalConvolution& layer, const at::Tensor& x) {
    const auto& [stride, groups, before, after] = layer.shape;
    return at::conv2d(at::constant_pad_nd(x, {before[1], after[1], before[0], after[0]}),
                      layer.weight.to(at::kDouble), layer.bias.to(at::kDouble), {stride, stride},
                      at::IntArrayRef{0, 0}, {1, 1}, groups);
  };
  auto x = input.to(at::kDouble);
  if (block.expand.weight.defined()) x = convolved(block.expand, x).clamp(0, 6);
  x = convolved(block.project, convolved(block.depthwise, x).clamp(0, 6));
  return adds ? x + input.to(at::kDouble) : x;
}

class FusedInvertedResiduals : public ::testing::TestWithParam<BlockShape> {};

TEST_P(FusedInvertedResiduals, equal_their_layers_in_float64_and_do_not_depend_on_the_batch) {
  at::NoGradGuard no_grad;
  const auto& one = GetParam();
  for_each_instruction_set([&](const char* name) {
    SCOPED_TRACE(name);
    const auto block = block_of(one);
    const auto fused = FusedInvertedResidual::make(block.expand, block.depthwise, block.project);
    ASSERT_TRUE(fused);
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{56, 56}, {30, 46}, {112, 10}, {4, 4}}) {
      const auto x = drawn_map({3, one.inputs, height, width}, 0.13);
      const bool adds = one.stride == 1 && one.inputs == one.outputs;
      const auto right = expected(block, x, adds), found = fused->run(x, adds);
      ASSERT_EQ(found.sizes(), right.sizes());
      EXPECT_LT((found.to(at::kDouble) - right).abs().max().item<double>(),
                2e-5 * right.abs().max().item<double>())
          << height;
      EXPECT_TRUE(at::equal(fused->run(x.slice(0, 1, 2), adds), found.slice(0, 1, 2)));
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, FusedInvertedResiduals, ::testing::ValuesIn(kBlocks));

TEST(FusedInvertedResidual, takes_large_maps_in_its_layout_without_gradients) {
  const auto block = block_of(kBlocks[0]);
  const auto fused = FusedInvertedResidual::make(block.expand, block.depthwise, block.project);
  if (!fused) GTEST_SKIP() << "this processor has no kernels for it";
  const auto map = [](int64_t side) { return drawn_map({1, 16, side, side}, 0.1); };
  EXPECT_FALSE(fused->takes(map(112))) << "gradients are recorded";
  at::NoGradGuard no_grad;
  EXPECT_TRUE(fused->takes(map(112)));
  EXPECT_FALSE(fused->takes(map(14)));
  EXPECT_FALSE(fused->takes(map(112).contiguous()));
  EXPECT_FALSE(fused->takes(map(112).to(at::kBFloat16)));
}

TEST(FusedInvertedResidual, is_null_for_other_kernels_widths_and_dtypes) {
  auto wide = block_of({16, 96, 24, 7, 1});
  EXPECT_FALSE(FusedInvertedResidual::make(wide.expand, wide.depthwise, wide.project));
  auto odd = block_of({16, 40, 24, 3, 1});
  EXPECT_FALSE(FusedInvertedResidual::make(odd.expand, odd.depthwise, odd.project));
  auto half = block_of(kBlocks[0]);
  half.depthwise.weight = half.depthwise.weight.to(at::kBFloat16);
  EXPECT_FALSE(FusedInvertedResidual::make(half.expand, half.depthwise, half.project));
  EXPECT_FALSE(FusedInvertedResidual::make({}, {}, {})) << "nothing is prepared";
}

}  // namespace
}  // namespace kindred::nn
