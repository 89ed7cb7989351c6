#include <gmock/gmock.h>

#include <set>

#include "vit_fixture.hpp"

namespace kindred {
namespace {

using testing::case_named;
using testing::difference;
using testing::golden_pictures;
using testing::vit;
using testing::VitFolder;

class VitStages : public testing::VitTest {
 protected:
  static std::vector<std::string> names() {
    return {"dinov2_swiglu", "dinov2_with_registers", "dinov3_gated", "clip_projected", "siglip_vision"};
  }
};

TEST_F(VitStages, are_the_blocks_between_embed_norm_and_pool) {
  const VitFolder folder(case_named(golden_, "dinov2"));
  const auto encoder = vit(folder);
  EXPECT_EQ(encoder->stages(), (std::vector<std::string>{"embed", "blocks.0", "blocks.1", "norm", "pool"}));
  const std::vector<std::vector<int64_t>> shapes = {{17, 24}, {17, 24}, {17, 24}, {17, 24}, {24}};
  EXPECT_EQ(encoder->stage_shapes(golden_pictures(16, 16)), shapes);
}

TEST_F(VitStages, go_on_from_cached_tokens_in_every_dtype) {
  for (const auto& name : names()) {
    const VitFolder folder(case_named(golden_, name));
    const auto encoder = vit(folder);
    const auto count = static_cast<int64_t>(encoder->stages().size());
    const auto pictures = golden_pictures(12, 24);
    const auto whole = encoder->encode(pictures);
    auto x = pictures.data;
    for (int64_t stage = 0; stage < count; ++stage) x = encoder->run_stages(x.clone(), stage, stage + 1);
    EXPECT_LE(difference(x, whole), 1e-5) << name;

    const auto reduced = encoder->run_stages(pictures.data.to(at::kBFloat16), 0, 2);
    EXPECT_EQ(reduced.scalar_type(), at::kBFloat16);
    const auto from_reduced = encoder->run_stages(reduced, 2, count);
    EXPECT_EQ(from_reduced.scalar_type(), at::kFloat);
    EXPECT_LE(difference(from_reduced, whole), 0.08 * whole.abs().max().item<double>()) << name;
    EXPECT_GT(difference(from_reduced, whole), 0) << name;
  }
}

/// What a stage's tensors are for shows in what changes when they do.
TEST_F(VitStages, have_the_tensors_that_they_use) {
  for (const auto& name : names()) {
    const VitFolder folder(case_named(golden_, name));
    const auto encoder = vit(folder);
    const auto input = golden_pictures(12, 24).data;
    const auto count = static_cast<int64_t>(encoder->stages().size());
    std::set<int64_t> seen;
    for (const auto& one : encoder->parameters()) {
      // A bias of keys adds the same to every score of a query.
      if (one.name.find("key.bias") != std::string::npos) continue;
      const auto stage = encoder->stage_of(one.name);
      ASSERT_GE(stage, 0);
      ASSERT_LT(stage, count);
      seen.insert(stage);
      const auto before = encoder->run_stages(input, 0, stage);
      const auto after = encoder->run_stages(before, stage, stage + 1);
      const auto kept = one.tensor.clone();
      one.tensor.mul_(1.5);
      EXPECT_TRUE(at::equal(encoder->run_stages(input, 0, stage), before)) << name << " " << one.name;
      EXPECT_FALSE(at::equal(encoder->run_stages(before, stage, stage + 1), after))
          << name << " " << one.name;
      one.tensor.copy_(kept);
    }
    EXPECT_GE(static_cast<int64_t>(seen.size()), count - 1) << name;
  }
}

TEST_F(VitStages, every_linear_layer_is_packed_for_inference_until_it_is_trained) {
  for (const auto& name : names()) {
    const VitFolder folder(case_named(golden_, name));
    const auto encoder = vit(folder);
    const auto pictures = golden_pictures(16, 16);
    const auto before = encoder->encode(pictures);
    encoder->prepare_for_inference(at::kFloat);
    const auto prepared = encoder->encode(pictures);
    EXPECT_LE(difference(prepared, before), 1e-5) << name;
    if (at::equal(prepared, before)) GTEST_SKIP() << "no product of our own on this processor";
    for (auto& one : encoder->parameters()) {
      const bool linear = one.tensor.dim() == 2 && one.name.find(".weight") != std::string::npos;
      if (linear) one.tensor.zero_();
    }
    EXPECT_TRUE(at::equal(encoder->encode(pictures), prepared))
        << name << ": a layer computes from its tensor";
    encoder->train(true);
    encoder->train(false);
    EXPECT_GT(difference(encoder->encode(pictures), prepared), 1e-3) << name;
  }
}

TEST_F(VitStages, gradients_reach_every_tensor) {
  at::AutoGradMode on(true);
  auto all = names();
  all.emplace_back("dinov2");
  for (const auto& name : all) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const VitFolder folder(case_named(golden_, name));
      const auto encoder = name == "dinov2" ? vit(folder, {{"pooling", "gem"}}) : vit(folder);
      encoder->train(true);
      for (auto& one : encoder->parameters()) one.tensor.requires_grad_(true);
      const auto count = static_cast<int64_t>(encoder->stages().size());
      const auto out = encoder->run_stages(golden_pictures(12, 24).data.to(dtype), 0, count);
      (out * at::arange(out.numel()).view(out.sizes())).sum().backward();
      for (const auto& one : encoder->parameters()) {
        ASSERT_TRUE(one.tensor.grad().defined()) << name << " " << one.name;
        EXPECT_TRUE(one.tensor.grad().isfinite().all().item<bool>()) << name << " " << one.name;
      }
    }
  }
}

/// The derivative along one direction of all tensors at once.
TEST_F(VitStages, gradients_are_those_of_finite_differences) {
  const VitFolder folder(case_named(golden_, "dinov3_gated"));
  const auto encoder = vit(folder);
  encoder->train(true);
  const auto input = golden_pictures(12, 24).data;
  const auto loss = [&] {
    const auto out = encoder->run_stages(input, 0, 5);
    return (out * at::arange(out.numel()).sin().view(out.sizes())).sum();
  };
  double expected = 0;
  {
    at::AutoGradMode on(true);
    for (auto& one : encoder->parameters()) one.tensor.requires_grad_(true);
    loss().backward();
  }
  std::vector<at::Tensor> directions;
  for (const auto& one : encoder->parameters()) {
    directions.push_back(testing::value_of(one.name + " direction", one.tensor.sizes().vec()));
    expected += (one.tensor.grad() * directions.back()).sum().item<double>();
  }
  const auto moved = [&](double step) {
    for (size_t i = 0; i < directions.size(); ++i) encoder->parameters()[i].tensor.add_(directions[i], step);
    const auto value = loss().item<double>();
    for (size_t i = 0; i < directions.size(); ++i) encoder->parameters()[i].tensor.sub_(directions[i], step);
    return value;
  };
  constexpr double kStep = 1e-3;
  EXPECT_NEAR((moved(kStep) - moved(-kStep)) / (2 * kStep), expected, 0.02 * std::abs(expected));
}

}  // namespace
}  // namespace kindred
