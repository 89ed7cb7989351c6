// Encoders keep what prepare_for_inference() derived from their tensors until train(true). That they use it
// shows in what a changed weight does not change. What they give may differ from it in the last bits.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/encoder.hpp"

namespace kindred {
namespace {

struct PreparedCase {
  const char* id;
  nlohmann::json params;
};

std::vector<PreparedCase> prepared_cases() {
  return {{"kindred.resnet", {{"variant", "resnet18"}, {"width", 8}, {"dimension", 5}}},
          {"kindred.resnet", {{"variant", "resnet50"}, {"width", 8}}},
          {"kindred.efficientnet_lite", {{"variant", "lite0"}}}};
}

constexpr auto kDtypes = {at::kFloat, at::kBFloat16};

std::shared_ptr<Encoder> made(const PreparedCase& one) {
  return testing::make<Encoder>("encoders", one.id, one.params);
}

at::Tensor encoded(Encoder& encoder, at::ScalarType dtype) {
  const Batch batch{at::arange(2 * 64 * 64 * 3).fmod(253).to(at::kByte).reshape({2, 64, 64, 3}), {}};
  const auto stages = static_cast<int64_t>(encoder.stages().size());
  return encoder.run_stages(encoder.prepare(batch, dtype), 0, stages);
}

/// Of every convolution, so that one that is not prepared is found.
std::vector<at::Tensor> convolutions(Encoder& encoder) {
  std::vector<at::Tensor> weights;
  for (const auto& one : encoder.parameters()) {
    if (one.tensor.dim() == 4) weights.push_back(one.tensor);
  }
  return weights;
}

/// Sums may be rounded in another order.
void expect_near(const at::Tensor& found, const at::Tensor& expected, at::ScalarType dtype,
                 const std::string& what) {
  const auto a = found.to(at::kDouble), b = expected.to(at::kDouble);
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  EXPECT_LT((a - b).abs().max().item<double>(),
            (dtype == at::kFloat ? 1e-5 : 3e-2) * b.abs().max().item<double>())
      << what;
}

TEST(PreparedEncoders, give_the_same_in_every_dtype) {
  at::NoGradGuard no_grad;
  for (const auto& one : prepared_cases()) {
    const auto encoder = made(one);
    for (const auto dtype : kDtypes) {
      const auto before = encoded(*encoder, dtype);
      for (const auto prepared : kDtypes) {
        encoder->prepare_for_inference(prepared);
        expect_near(
            encoded(*encoder, dtype), before, dtype,
            std::string(one.id) + " in " + at::toString(dtype) + ", prepared for " + at::toString(prepared));
      }
      encoder->train(true);
      encoder->train(false);
    }
  }
}

TEST(PreparedEncoders, fold_every_convolution_once_and_again_when_told) {
  at::NoGradGuard no_grad;
  for (const auto& one : prepared_cases()) {
    for (const auto dtype : kDtypes) {
      const auto encoder = made(one);
      encoder->prepare_for_inference(dtype);
      const auto before = encoded(*encoder, dtype);
      for (auto& weight : convolutions(*encoder)) weight.copy_(weight.flip({0}));
      EXPECT_TRUE(at::equal(encoded(*encoder, dtype), before)) << one.id << " folded again at the call";
      encoder->train(false);  // keeps it
      EXPECT_TRUE(at::equal(encoded(*encoder, dtype), before)) << one.id;
      encoder->prepare_for_inference(dtype);
      EXPECT_FALSE(at::equal(encoded(*encoder, dtype), before)) << one.id;
    }
  }
}

TEST(PreparedEncoders, train_drops_what_every_convolution_kept) {
  at::NoGradGuard no_grad;
  for (const auto& one : prepared_cases()) {
    const auto encoder = made(one);
    encoder->prepare_for_inference(at::kFloat);
    encoder->train(true);
    encoder->train(false);
    const auto before = encoded(*encoder, at::kFloat);
    for (auto& weight : convolutions(*encoder)) {
      const auto kept = weight.clone();
      weight.mul_(1.5);
      EXPECT_FALSE(at::equal(encoded(*encoder, at::kFloat), before)) << one.id;
      weight.copy_(kept);
    }
    EXPECT_TRUE(at::equal(encoded(*encoder, at::kFloat), before)) << one.id;
  }
}

TEST(PreparedEncoders, take_their_tensors_while_gradients_are_on) {
  for (const auto& one : prepared_cases()) {
    const auto encoder = made(one);
    encoder->prepare_for_inference(at::kFloat);
    auto weights = convolutions(*encoder);
    for (auto& weight : weights) weight.requires_grad_(true);
    encoded(*encoder, at::kFloat).sum().backward();
    for (const auto& weight : weights) EXPECT_TRUE(weight.grad().defined()) << one.id;
  }
}

}  // namespace
}  // namespace kindred
