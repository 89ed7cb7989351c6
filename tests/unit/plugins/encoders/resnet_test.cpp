#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

std::shared_ptr<Encoder> small(nlohmann::json more = nlohmann::json::object()) {
  more["variant"] = "resnet18";
  more["width"] = 8;
  Site site;
  site.seed = 7;
  return testing::make<Encoder>("encoders", "kindred.resnet", more, site);
}

at::Tensor pictures() { return at::arange(2 * 32 * 32 * 3).fmod(251).to(at::kByte).reshape({2, 32, 32, 3}); }

TEST(ResNet, stages_continue_where_others_stopped) {
  auto encoder = small();
  const Batch batch{pictures(), {}};
  const auto whole = encoder->encode(batch);
  const auto count = static_cast<int64_t>(encoder->stages().size());
  for (int64_t cut = 1; cut < count; ++cut) {
    const auto map = encoder->run_stages(encoder->prepare(batch, at::kFloat), 0, cut);
    EXPECT_TRUE(at::equal(encoder->run_stages(map, cut, count), whole)) << "cut after " << cut;
  }
}

TEST(ResNet, the_same_seed_gives_the_same_weights_and_another_gives_others) {
  const auto a = small()->parameters(), b = small()->parameters();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i].tensor, b[i].tensor)) << a[i].name;
  Site other;
  other.seed = 8;
  const auto c =
      testing::make<Encoder>("encoders", "kindred.resnet", {{"variant", "resnet18"}, {"width", 8}}, other)
          ->parameters();
  EXPECT_FALSE(at::equal(a[0].tensor, c[0].tensor));
}

TEST(ResNet, dimension_adds_a_layer_and_only_training_moves_running_statistics) {
  auto encoder = small({{"dimension", 5}});
  EXPECT_EQ(encoder->dimension(), 5);
  const auto before = encoder->buffers()[0].tensor.clone();
  encoder->encode({pictures(), {}});
  EXPECT_TRUE(at::equal(encoder->buffers()[0].tensor, before));
  encoder->train(true);
  EXPECT_EQ(encoder->encode({pictures(), {}}).sizes(), (std::vector<int64_t>{2, 5}));
  EXPECT_FALSE(at::equal(encoder->buffers()[0].tensor, before));
}

TEST(ResNet, pools_by_the_generalised_mean_behind_weights_that_know_nothing_of_it) {
  const testing::TemporaryFolder folder("resnet_gem");
  auto plain = small();
  write_safetensors(folder / "plain.safetensors", module_tensors(*plain));
  auto pooled = small({{"pooling", "gem"}, {"weights", folder / "plain.safetensors"}});
  const auto large = at::arange(2 * 96 * 96 * 3).fmod(251).to(at::kByte).reshape({2, 96, 96, 3});
  const Batch batch{large, {}};  // of which the last map has several places
  const auto map = plain->run_stages(plain->prepare(batch, at::kFloat), 0, 5);
  const auto expected = map.clamp_min(1e-6).pow(3).mean(at::IntArrayRef{2, 3}).pow(1.0 / 3);
  EXPECT_TRUE(at::allclose(pooled->encode(batch), expected, 1e-5, 1e-7));

  const auto power = pooled->parameters().back();
  EXPECT_EQ(power.name, "pool.power");
  power.tensor.requires_grad_(true);
  pooled->encode(batch).sum().backward();
  EXPECT_NE(power.tensor.grad().item<float>(), 0);

  power.tensor.requires_grad_(false).fill_(4.5);  // as after training
  write_safetensors(folder / "tuned.safetensors", module_tensors(*pooled));
  const auto again = small({{"pooling", "gem"}, {"weights", folder / "tuned.safetensors"}});
  EXPECT_EQ(again->parameters().back().tensor.item<float>(), 4.5F);
  EXPECT_TRUE(at::equal(again->encode(batch), pooled->encode(batch)));
}

TEST(ResNet, takes_the_last_layer_of_the_weights_where_it_has_the_size) {
  const testing::TemporaryFolder folder("resnet_fc");
  Site other;
  other.seed = 99;
  const auto made = [&](const std::string& weights, int64_t dimension) {
    return testing::make<Encoder>(
        "encoders", "kindred.resnet",
        {{"variant", "resnet18"}, {"width", 8}, {"dimension", dimension}, {"weights", weights}}, other);
  };
  const auto trained = small({{"dimension", 5}});
  auto tensors = trained->parameters();
  for (const auto& one : trained->buffers()) tensors.push_back(one);
  write_safetensors(folder / "w.safetensors", tensors);
  const Batch batch{pictures(), {}};
  EXPECT_TRUE(at::equal(made(folder / "w.safetensors", 5)->encode(batch), trained->encode(batch)));
  EXPECT_EQ(made(folder / "w.safetensors", 6)->encode(batch).size(1), 6);
}

TEST(ResNet, takes_its_last_layer_from_behind_a_prefix) {
  const testing::TemporaryFolder folder("resnet_prefix");
  const auto trained = small({{"dimension", 5}});
  std::vector<NamedTensor> tensors;
  for (const auto& one : module_tensors(*trained))
    tensors.push_back({"model.backbone." + one.name, one.tensor});
  tensors.push_back({"loss.weight", at::ones({3})});
  write_safetensors(folder / "w", tensors);
  Site other;
  other.seed = 99;
  const auto loaded = testing::make<Encoder>(
      "encoders", "kindred.resnet",
      {{"variant", "resnet18"}, {"width", 8}, {"dimension", 5}, {"weights", folder / "w"}}, other);
  const Batch batch{pictures(), {}};
  EXPECT_TRUE(at::equal(loaded->encode(batch), trained->encode(batch)));
  ASSERT_EQ(loaded->notes().size(), 2u);
  EXPECT_THAT(loaded->notes()[0], HasSubstr("\"model.backbone.\" was dropped"));
  EXPECT_THAT(loaded->notes()[1], HasSubstr("loss.weight"));
}

TEST(ResNet, weights_that_do_not_fit_are_named) {
  const auto path = (std::filesystem::temp_directory_path() /
                     ("kindred_resnet_" + std::to_string(::getpid()) + ".safetensors"))
                        .string();
  auto encoder = small();
  auto tensors = encoder->parameters();
  for (const auto& one : encoder->buffers()) tensors.push_back(one);
  write_safetensors(path, tensors);
  const auto loaded = small({{"weights", path}});
  EXPECT_TRUE(at::equal(loaded->encode({pictures(), {}}), encoder->encode({pictures(), {}})));

  tensors[0].tensor = at::zeros({8, 3, 5, 5});
  tensors.erase(tensors.begin() + 3);
  tensors.push_back({"layer9.weight", at::zeros({1})});
  tensors.push_back({"fc.weight", at::zeros({1})});  // a classifier is no part of the encoder
  write_safetensors(path, tensors);
  const auto message = testing::thrown([&] { small({{"weights", path}}); });
  EXPECT_THAT(message, HasSubstr(path));
  EXPECT_THAT(message, HasSubstr("conv1.weight is [8, 3, 5, 5], expected [8, 3, 7, 7]"));
  EXPECT_THAT(message, HasSubstr("missing layer1.0.conv1.weight"));
  EXPECT_THAT(message, HasSubstr("not part of the model layer9.weight"));
  EXPECT_THAT(message, Not(HasSubstr("fc.weight")));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace kindred
