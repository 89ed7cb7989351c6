#include <gmock/gmock.h>

#include <set>

#include "convnext_fixture.hpp"

namespace kindred {
namespace {

using testing::difference;
using testing::golden_pictures;
using testing::NetworkFolder;

class ConvNextEncoder : public testing::ConvNextTest {
 protected:
  static std::vector<std::string> names() { return {"timm convnext_tiny", "timm convnextv2_tiny"}; }
};

TEST_F(ConvNextEncoder, stages_are_the_blocks_between_stem_and_pool) {
  const NetworkFolder folder(narrow("timm convnextv2_tiny"));
  const auto encoder = made(folder);
  const std::vector<std::string> stages = {"stem",
                                           "stages.0.blocks.0",
                                           "stages.1.blocks.0",
                                           "stages.1.blocks.1",
                                           "stages.2.blocks.0",
                                           "stages.3.blocks.0",
                                           "pool"};
  EXPECT_EQ(encoder->stages(), stages);
  const std::vector<std::vector<int64_t>> shapes = {{8, 16, 16}, {8, 16, 16}, {12, 8, 8}, {12, 8, 8},
                                                    {20, 4, 4},  {32, 2, 2},  {32}};
  EXPECT_EQ(encoder->stage_shapes(golden_pictures(64, 64)), shapes);
  EXPECT_EQ(encoder->dimension(), 32);
}

TEST_F(ConvNextEncoder, goes_on_from_cached_maps_in_every_dtype) {
  for (const auto& name : names()) {
    const NetworkFolder folder(narrow(name));
    const auto encoder = made(folder);
    const auto count = static_cast<int64_t>(encoder->stages().size());
    const auto pictures = golden_pictures(50, 77);
    const auto whole = encoder->encode(pictures);
    auto x = encoder->prepare(pictures, at::kFloat);
    for (int64_t stage = 0; stage < count; ++stage) {
      EXPECT_TRUE(at::equal(encoder->run_stages(x, stage, count), whole)) << name << " from " << stage;
      // A cache gives maps in another layout.
      EXPECT_LE(difference(encoder->run_stages(x.contiguous(), stage, count), whole), 1e-5) << name;
      x = encoder->run_stages(x, stage, stage + 1);
    }
    const auto coarse = encoder->run_stages(encoder->prepare(pictures, at::kBFloat16), 0, 3);
    EXPECT_EQ(coarse.scalar_type(), at::kBFloat16);
    const auto from_coarse = encoder->run_stages(coarse, 3, count);
    EXPECT_EQ(from_coarse.scalar_type(), at::kFloat);
    EXPECT_GT(difference(from_coarse, whole), 0) << name;
    EXPECT_LE(((from_coarse - whole).norm() / whole.norm()).item<double>(), 0.05) << name;
  }
}

/// What a stage's tensors are for shows in what changes when they do.
TEST_F(ConvNextEncoder, every_tensor_belongs_to_the_stage_that_uses_it) {
  for (const auto& name : names()) {
    const NetworkFolder folder(narrow(name));
    const auto encoder = made(folder, {{"pooling", "gem"}});
    const auto input = encoder->prepare(golden_pictures(64, 64), at::kFloat);
    std::set<int64_t> seen;
    for (const auto& one : encoder->parameters()) {
      const auto stage = encoder->stage_of(one.name);
      seen.insert(stage);
      const auto before = encoder->run_stages(input, 0, stage);
      const auto after = encoder->run_stages(before, stage, stage + 1);
      const auto kept = one.tensor.clone();
      // Not by a factor alone, which the norm behind a convolution takes away.
      one.tensor.mul_(1.5).add_(at::arange(one.tensor.numel(), at::kFloat).sin_().view(one.tensor.sizes()));
      EXPECT_TRUE(at::equal(encoder->run_stages(input, 0, stage), before)) << name << " " << one.name;
      EXPECT_FALSE(at::equal(encoder->run_stages(before, stage, stage + 1), after))
          << name << " " << one.name;
      one.tensor.copy_(kept);
    }
    EXPECT_EQ(seen.size(), encoder->stages().size()) << name;
  }
}

TEST_F(ConvNextEncoder, keeps_what_it_prepared_until_it_is_trained) {
  for (const auto& name : names()) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const NetworkFolder folder(narrow(name));
      const auto encoder = made(folder);
      const auto encoded = [&] {
        return encoder->run_stages(encoder->prepare(golden_pictures(64, 64), dtype), 0, 7);
      };
      const auto before = encoded();
      encoder->prepare_for_inference(dtype);
      const auto prepared = encoded();
      EXPECT_LE(difference(prepared, before), dtype == at::kFloat ? 1e-5 : 0.1) << name;
      for (const auto& one : encoder->parameters()) {
        if (one.tensor.dim() == 4) one.tensor.copy_(one.tensor.flip({3}));
      }
      EXPECT_TRUE(at::equal(encoded(), prepared)) << name << ": a convolution computes from its tensor";
      encoder->train(true);
      encoder->train(false);
      EXPECT_GT(difference(encoded(), prepared), 1e-3) << name;
    }
  }
}

TEST_F(ConvNextEncoder, a_step_along_the_gradients_moves_every_tensor_and_lowers_the_loss) {
  at::AutoGradMode on(true);
  for (const auto& name : names()) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const NetworkFolder folder(narrow(name));
      const auto encoder = made(folder, {{"pooling", "gem"}});
      encoder->train(true);
      auto tensors = encoder->parameters();
      for (auto& one : tensors) one.tensor.requires_grad_(true);
      const auto loss = [&] {
        const auto out = encoder->run_stages(encoder->prepare(golden_pictures(64, 64), dtype), 0, 7);
        return (out * at::arange(out.numel()).sin().view(out.sizes())).mean();
      };
      const auto first = loss();
      first.backward();
      at::NoGradGuard off;
      for (const auto& one : tensors) {
        ASSERT_TRUE(one.tensor.grad().defined()) << name << " " << one.name;
        EXPECT_TRUE(one.tensor.grad().isfinite().all().item<bool>()) << name << " " << one.name;
        EXPECT_GT(one.tensor.grad().abs().max().item<double>(), 0) << name << " " << one.name;
        one.tensor.sub_(one.tensor.grad(), 0.02);
      }
      EXPECT_LT(loss().item<double>(), first.item<double>()) << name;
    }
  }
}

}  // namespace
}  // namespace kindred
