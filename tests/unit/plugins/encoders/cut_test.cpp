#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <set>

#include "component.hpp"
#include "kindred/encoder.hpp"

namespace kindred {
namespace {

struct Case {
  const char* id;
  nlohmann::json params;
  std::vector<std::string> first_stages;
  int64_t count;
};

std::vector<Case> cases() {
  return {{"kindred.resnet",
           {{"variant", "resnet18"}, {"width", 8}, {"dimension", 5}},
           {"stem", "layer1", "layer2", "layer3", "layer4", "pool"},
           6},
          {"kindred.resnet", {{"variant", "resnet50"}, {"width", 8}}, {"stem", "layer1"}, 6},
          {"kindred.resnet", {{"variant", "resnet18"}, {"width", 8}, {"pooling", "gem"}}, {"stem"}, 6},
          {"kindred.efficientnet_lite", {{"variant", "lite0"}}, {"stem", "blocks.0", "blocks.1"}, 19},
          {"kindred.efficientnet_lite", {{"variant", "lite0"}, {"pooling", "gem"}}, {"stem"}, 19}};
}

Batch one_picture() { return {at::arange(64 * 64 * 3).fmod(253).to(at::kByte).reshape({1, 64, 64, 3}), {}}; }

TEST(CutPoints, shapes_are_those_of_the_maps) {
  at::NoGradGuard no_grad;
  for (const auto& one : cases()) {
    const auto encoder = testing::make<Encoder>("encoders", one.id, one.params);
    const auto stages = encoder->stages();
    ASSERT_EQ(static_cast<int64_t>(stages.size()), one.count);
    for (size_t i = 0; i < one.first_stages.size(); ++i) EXPECT_EQ(stages[i], one.first_stages[i]);
    const auto shapes = encoder->stage_shapes(one_picture());
    ASSERT_EQ(shapes.size(), stages.size());
    EXPECT_EQ(shapes.back(), std::vector<int64_t>{encoder->dimension()});
    const auto map = encoder->run_stages(encoder->prepare(one_picture(), at::kFloat), 0, 2);
    EXPECT_EQ(map.sizes().slice(1).vec(), shapes[1]);
  }
}

/// What a stage's tensors are for shows in what changes when they do.
TEST(CutPoints, a_tensor_belongs_to_the_stage_that_uses_it) {
  at::NoGradGuard no_grad;
  for (const auto& one : cases()) {
    const auto encoder = testing::make<Encoder>("encoders", one.id, one.params);
    const auto input = encoder->prepare(one_picture(), at::kFloat);
    std::set<int64_t> seen;
    auto tensors = encoder->parameters();
    for (const auto& buffer : encoder->buffers()) tensors.push_back(buffer);
    for (const auto& tensor : tensors) {
      const auto stage = encoder->stage_of(tensor.name);
      ASSERT_GE(stage, 0) << tensor.name;
      ASSERT_LT(stage, one.count) << tensor.name;
      if (!seen.insert(stage).second) continue;  // one tensor per stage is enough to be told apart
      const auto before = encoder->run_stages(input, 0, stage);
      const auto after = stage + 1 < one.count ? encoder->run_stages(before, stage, stage + 1)
                                               : encoder->run_stages(before, stage, one.count);
      const auto kept = tensor.tensor.clone();
      tensor.tensor.add_(0.5);
      EXPECT_TRUE(at::equal(encoder->run_stages(input, 0, stage), before)) << tensor.name;
      EXPECT_FALSE(at::equal(encoder->run_stages(before, stage, stage + 1), after)) << tensor.name;
      tensor.tensor.copy_(kept);
    }
  }
}

TEST(CutPoints, frozen_batch_norms_leave_their_statistics_alone_while_training) {
  for (const auto& one : cases()) {
    const auto encoder = testing::make<Encoder>("encoders", one.id, one.params);
    const auto moved = [&](bool frozen) {
      encoder->freeze_batch_norms(frozen);
      encoder->train(true);
      const auto before = encoder->buffers()[0].tensor.clone();
      encoder->encode({at::cat({one_picture().data, one_picture().data.flip({1})}), {}});
      return !at::equal(encoder->buffers()[0].tensor, before);
    };
    EXPECT_FALSE(moved(true)) << one.id;
    EXPECT_TRUE(moved(false)) << one.id;
  }
}

TEST(CutPoints, bfloat16_is_near_float32) {
  at::NoGradGuard no_grad;
  for (const auto& one : cases()) {
    const auto encoder = testing::make<Encoder>("encoders", one.id, one.params);
    ASSERT_TRUE(encoder->runs_in_bfloat16());
    const auto exact = encoder->encode(one_picture());
    const auto coarse = encoder->run_stages(encoder->prepare(one_picture(), at::kBFloat16), 0, one.count);
    EXPECT_EQ(coarse.scalar_type(), at::kFloat);
    EXPECT_LT(((coarse - exact).norm() / exact.norm()).item<double>(), 0.05) << one.id;
  }
}

}  // namespace
}  // namespace kindred
