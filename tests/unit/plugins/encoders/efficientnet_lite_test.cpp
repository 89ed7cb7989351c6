#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {

// Parameters without the classifier (1280 x 1000 + 1000), from the published table of the family:
// 4.7, 5.4, 6.1, 8.2 and 13.0 million with it.
TEST(EfficientNetLite, has_the_published_sizes) {
  const std::map<std::string, double> millions = {
      {"lite0", 4.7}, {"lite1", 5.4}, {"lite2", 6.1}, {"lite3", 8.2}, {"lite4", 13.0}};
  for (const auto& [variant, expected] : millions) {
    auto encoder = testing::make<Encoder>("encoders", "kindred.efficientnet_lite", {{"variant", variant}});
    int64_t numbers = 1281000;
    for (const auto& one : encoder->parameters()) numbers += one.tensor.numel();
    EXPECT_NEAR(static_cast<double>(numbers) / 1e6, expected, 0.06) << variant;
  }
}

TEST(EfficientNetLite, stages_continue_where_others_stopped_at_odd_sizes) {
  at::NoGradGuard no_grad;
  auto encoder = testing::make<Encoder>("encoders", "kindred.efficientnet_lite");
  const auto picture = at::arange(1 * 45 * 51 * 3).fmod(253).to(at::kByte).reshape({1, 45, 51, 3});
  const Batch batch{picture, {}};
  const auto whole = encoder->encode(batch);
  ASSERT_EQ(whole.sizes(), (std::vector<int64_t>{1, 1280}));
  const auto count = static_cast<int64_t>(encoder->stages().size());
  for (int64_t cut = 1; cut < count; ++cut) {
    const auto map = encoder->run_stages(encoder->prepare(batch, at::kFloat), 0, cut);
    EXPECT_TRUE(at::equal(encoder->run_stages(map, cut, count), whole)) << "cut after " << cut;
  }
}

TEST(EfficientNetLite, pads_as_tensorflow_does) {
  // The stem halves 225 and 224 alike to 113 and 112: ceil(size / 2), which symmetric padding of 1 also
  // gives, but an even size shifts the window by one. A single white pixel tells where it is.
  at::NoGradGuard no_grad;
  auto encoder = testing::make<Encoder>("encoders", "kindred.efficientnet_lite");
  for (const auto& one : encoder->parameters()) {
    if (one.name != "_conv_stem.weight") continue;
    one.tensor.zero_();
    one.tensor.select(2, 0).select(2, 0).fill_(1);  // the window's upper left corner
  }
  auto input = at::zeros({1, 3, 8, 8});
  input.select(2, 2).select(2, 4).fill_(1);
  const auto map = encoder->run_stages(input, 0, 1)[0][0];
  // With no padding above and left, output (1, 2) looks at (2, 4).
  EXPECT_GT(map[1][2].item<float>(), 0.5f);
  EXPECT_EQ(map.nonzero().size(0), 1);
}

TEST(EfficientNetLite, takes_the_exponent_of_its_pooling_from_weights_that_have_it) {
  const testing::TemporaryFolder folder("lite_gem");
  const auto made = [](nlohmann::json params) {
    return testing::make<Encoder>("encoders", "kindred.efficientnet_lite", params);
  };
  const auto trained = made({{"pooling", "gem"}});
  ASSERT_EQ(trained->parameters().back().name, "pool.power");
  trained->parameters().back().tensor.fill_(4.5);
  write_safetensors(folder / "gem.safetensors", module_tensors(*trained));
  write_safetensors(folder / "mean.safetensors", module_tensors(*made(nlohmann::json::object())));
  const auto power = [&](const std::string& file) {
    return made({{"pooling", "gem"}, {"weights", folder / file}})->parameters().back().tensor.item<float>();
  };
  EXPECT_EQ(power("gem.safetensors"), 4.5F);
  EXPECT_EQ(power("mean.safetensors"), 3);
}

/// The tensors of tf_efficientnet_lite0 in timm's order, which is ours: each layer has a convolution and a
/// norm.
std::vector<std::pair<std::string, std::string>> timm_layers() {
  std::vector<std::pair<std::string, std::string>> layers = {{"conv_stem", "bn1"}};
  const std::vector<int> repeats = {1, 2, 2, 3, 3, 4, 1};
  for (size_t stage = 0; stage < repeats.size(); ++stage) {
    for (int block = 0; block < repeats[stage]; ++block) {
      const auto name = "blocks." + std::to_string(stage) + "." + std::to_string(block) + ".";
      const auto add = [&](const char* convolution, const char* norm) {
        layers.emplace_back(name + convolution, name + norm);
      };
      if (stage == 0) {
        add("conv_dw", "bn1");
        add("conv_pw", "bn2");
      } else {
        add("conv_pw", "bn1");
        add("conv_dw", "bn2");
        add("conv_pwl", "bn3");
      }
    }
  }
  layers.emplace_back("conv_head", "bn2");
  return layers;
}

TEST(EfficientNetLite, takes_the_names_of_timm) {
  at::NoGradGuard no_grad;
  const testing::TemporaryFolder folder("timm");
  auto encoder = testing::make<Encoder>("encoders", "kindred.efficientnet_lite");
  const auto parameters = encoder->parameters(), buffers = encoder->buffers();
  std::vector<NamedTensor> stored;
  const auto layers = timm_layers();
  ASSERT_EQ(parameters.size(), layers.size() * 3);
  ASSERT_EQ(buffers.size(), layers.size() * 2);
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [convolution, norm] = layers[i];
    buffers[2 * i].tensor.fill_(0.01 * static_cast<double>(i));  // so that no two are alike
    stored.push_back({"module." + convolution + ".weight", parameters[3 * i].tensor});
    stored.push_back({"module." + norm + ".weight", parameters[3 * i + 1].tensor});
    stored.push_back({"module." + norm + ".bias", parameters[3 * i + 2].tensor});
    stored.push_back({"module." + norm + ".running_mean", buffers[2 * i].tensor});
    stored.push_back({"module." + norm + ".running_var", buffers[2 * i + 1].tensor});
    stored.push_back({"module." + norm + ".num_batches_tracked", at::zeros({}, at::kLong)});
  }
  stored.push_back({"module.classifier.weight", at::zeros({10, 1280})});
  write_safetensors(folder / "w", stored);
  const auto loaded =
      testing::make<Encoder>("encoders", "kindred.efficientnet_lite", {{"weights", folder / "w"}});
  const Batch batch{at::arange(2 * 32 * 32 * 3).fmod(251).to(at::kByte).reshape({2, 32, 32, 3}), {}};
  EXPECT_TRUE(at::equal(loaded->encode(batch), encoder->encode(batch)));
  ASSERT_EQ(loaded->notes().size(), 2u);
  EXPECT_THAT(loaded->notes()[0], ::testing::HasSubstr("names of timm were translated"));
  EXPECT_THAT(loaded->notes()[1], ::testing::HasSubstr("\"module.\" was dropped"));
}

}  // namespace
}  // namespace kindred
