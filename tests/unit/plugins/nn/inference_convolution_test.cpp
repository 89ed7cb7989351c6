#include "nn/inference_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <ostream>

#include "drawn.hpp"
#include "nn/fused_convolution.hpp"
#include "nn/matrix_convolution.hpp"
#include "nn/winograd_convolution.hpp"
#include "processor_kernels_guard.hpp"

namespace kindred::nn {
namespace {

using Make = std::shared_ptr<const InferenceConvolution> (*)(const FinalConvolution&);

struct Case {
  Make make;
  int64_t inputs, outputs, kernel;
  FixedShape shape;
};

constexpr Make kMatrix = &make_matrix_convolution, kWinograd = &make_winograd_convolution,
               kFused = &make_fused_convolution;

const Case kCases[] = {
    // Whole panels, half ones, and columns that fill neither; rows that are and are not copied.
    {kMatrix, 16, 24, 1, {}},
    {kMatrix, 20, 5, 1, {}},
    {kMatrix, 64, 112, 1, {2, 1, {}, {}}},
    {kMatrix, 512, 48, 1, {}},
    {kMatrix, 3, 32, 3, {2, 1, {0, 0}, {1, 1}}},
    {kMatrix, 6, 10, 5, {1, 1, {2, 2}, {2, 2}}},
    {kMatrix, 3, 16, 7, {2, 1, {3, 3}, {3, 3}}},
    {kWinograd, 16, 16, 3, {1, 1, {1, 1}, {1, 1}}},
    {kWinograd, 48, 80, 3, {1, 1, {1, 1}, {1, 1}}},
    {kWinograd, 512, 32, 3, {1, 1, {1, 1}, {1, 1}}},
    {kFused, 16, 24, 3, {1, 1, {1, 1}, {1, 1}}},
    {kFused, 3, 32, 3, {2, 1, {0, 0}, {1, 1}}},
    {kFused, 32, 32, 3, {1, 32, {1, 1}, {1, 1}}},
    {kFused, 32, 32, 5, {2, 32, {1, 1}, {2, 2}}},
    {kFused, 32, 32, 3, {1, 4, {1, 1}, {1, 1}}},
};

FinalConvolution layer_of(const Case& one) {
  return {drawn({one.outputs, one.inputs / one.shape.groups, one.kernel, one.kernel}, 0.37),
          drawn({one.outputs}, 1.3), one.shape};
}

/// In float64, from the definition of a padded convolution.
at::Tensor expected(const FinalConvolution& layer, const at::Tensor& x) {
  const auto& [stride, groups, before, after] = layer.shape;
  const auto padded = at::constant_pad_nd(x.to(at::kDouble), {before[1], after[1], before[0], after[0]});
  return at::conv2d(padded, layer.weight.to(at::kDouble), layer.bias.to(at::kDouble), {stride, stride},
                    at::IntArrayRef{0, 0}, {1, 1}, groups);
}

/// "winograd 48 -> 80 k3 s1".
void PrintTo(const Case& one, std::ostream* out) {
  *out << (one.make == kMatrix     ? "matrix "
           : one.make == kWinograd ? "winograd "
                                   : "fused ")
       << one.inputs << " -> " << one.outputs << " k" << one.kernel << " s" << one.shape.stride;
}

class InferenceConvolutions : public ::testing::TestWithParam<Case> {};

TEST_P(InferenceConvolutions, equal_the_plain_one_in_float64) {
  at::NoGradGuard no_grad;
  for_each_instruction_set([&](const char* name) {
    SCOPED_TRACE(name);
    const auto layer = layer_of(GetParam());
    const auto made = GetParam().make(layer);
    if (!made) return;  // the tests below say where that may be
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{16, 16}, {34, 20}, {9, 13}}) {
      const bool even = height % layer.shape.stride == 0 && width % layer.shape.stride == 0;
      if (!even && layer.shape.before != layer.shape.after) continue;
      const auto x = drawn_map({2, GetParam().inputs, height, width}, 0.11);
      const auto plain = expected(layer, x);
      const auto largest = plain.abs().max().item<double>();
      const auto check = [&](const at::Tensor& found, const at::Tensor& right) {
        ASSERT_EQ(found.sizes(), right.sizes());
        EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
        EXPECT_LT((found.to(at::kDouble) - right).abs().max().item<double>(),
                  (GetParam().make == kWinograd ? 5e-5 : 1e-5) * largest)
            << height;
      };
      check(made->run(x, {}, Activation::none), plain);
      check(made->run(x, {}, Activation::relu), plain.relu());
      check(made->run(x, {}, Activation::relu6), plain.clamp(0, 6));
      const auto other = drawn_map(plain.sizes(), 0.05), kept = other.clone();
      check(made->run(x, other, Activation::none), plain + other);
      check(made->run(x, other, Activation::relu), (plain + other).relu());
      EXPECT_TRUE(at::equal(other, kept)) << "what is added stays as it is";
    }
  });
}

/// Without those of oneDNN, which chooses by the size of the batch.
class ProductConvolutions : public InferenceConvolutions {};

TEST_P(ProductConvolutions, give_a_picture_the_same_bits_beside_others) {
  at::NoGradGuard no_grad;
  for_each_instruction_set([&](const char* name) {
    SCOPED_TRACE(name);
    const auto made = GetParam().make(layer_of(GetParam()));
    const auto x = drawn_map({5, GetParam().inputs, 18, 22}, 0.11);
    const auto together = made->run(x, {}, Activation::relu);
    for (int64_t i = 0; i < x.size(0); ++i)
      EXPECT_TRUE(
          at::equal(made->run(x.slice(0, i, i + 1), {}, Activation::relu), together.slice(0, i, i + 1)));
  });
}

INSTANTIATE_TEST_SUITE_P(All, InferenceConvolutions, ::testing::ValuesIn(kCases));
INSTANTIATE_TEST_SUITE_P(All, ProductConvolutions, ::testing::ValuesIn(kCases, kCases + 10));

TEST(InferenceConvolution, is_made_of_products_wherever_the_processor_has_vectors) {
  for_each_instruction_set([](const char* name) {
    for (const auto& one : kCases) {
      if (one.make == kFused) continue;
      EXPECT_TRUE(one.make(layer_of(one))) << name;
    }
  });
}

TEST(InferenceConvolution, leaves_gradients_other_layouts_dtypes_and_activations_to_others) {
  const auto made = make_inference_convolution({drawn({8, 8, 1, 1}, 0.3), drawn({8}, 0.2), {}});
  if (!made) GTEST_SKIP() << "neither this processor nor this LibTorch has one";
  const auto x = drawn_map({2, 8, 4, 4}, 0.1);
  EXPECT_FALSE(made->takes(x, Activation::none)) << "gradients are recorded";
  at::NoGradGuard no_grad;
  EXPECT_TRUE(made->takes(x, Activation::none));
  EXPECT_FALSE(made->takes(x.contiguous(), Activation::none));
  EXPECT_FALSE(made->takes(x.to(at::kDouble), Activation::none));
  EXPECT_FALSE(made->takes(x, Activation::silu));
}

TEST(InferenceConvolution, is_null_for_what_it_cannot_do) {
  const auto weight = drawn({16, 16, 3, 3}, 0.3), bias = drawn({16}, 0.2);
  const FixedShape same{1, 1, {1, 1}, {1, 1}};
  EXPECT_FALSE(make_fused_convolution({weight, bias, {1, 1, {2, 2}, {1, 1}}})) << "more above than below";
  EXPECT_FALSE(make_inference_convolution({weight.to(at::kDouble), bias.to(at::kDouble), same}));
  EXPECT_FALSE(make_winograd_convolution({weight, bias, {2, 1, {1, 1}, {1, 1}}})) << "stride";
  EXPECT_FALSE(make_winograd_convolution({weight.slice(0, 0, 8), bias.slice(0, 0, 8), same})) << "channels";
  EXPECT_FALSE(make_matrix_convolution({weight.slice(1, 0, 4), bias, {1, 4, {1, 1}, {1, 1}}})) << "groups";
}

TEST(InferenceConvolution, of_small_maps_is_not_winograds) {
  at::NoGradGuard no_grad;
  const auto made =
      make_winograd_convolution({drawn({16, 16, 3, 3}, 0.3), drawn({16}, 0.2), {1, 1, {1, 1}, {1, 1}}});
  if (!made) GTEST_SKIP() << "this processor has no kernels for it";
  EXPECT_FALSE(made->takes(drawn_map({32, 16, 7, 7}, 0.1), Activation::relu));
  EXPECT_TRUE(made->takes(drawn_map({1, 16, 14, 14}, 0.1), Activation::relu));
}

}  // namespace
}  // namespace kindred::nn
