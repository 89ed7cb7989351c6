#include <gmock/gmock.h>

#include "convnext_fixture.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::difference;
using testing::golden_pictures;
using ::testing::HasSubstr;
using testing::NetworkFolder;
using testing::thrown;

class ConvNextWeights : public testing::ConvNextTest {
 protected:
  /// What is thrown where keys of config.json are changed.
  std::string refusal(const json& change) const {
    const auto& network = narrow("transformers convnext");
    const NetworkFolder folder(network);
    auto config = network["config"];
    config.merge_patch(change);
    folder.write("config.json", config.dump());
    return thrown([&] { made(folder); });
  }

  static at::Tensor tensor_named(Encoder& encoder, const std::string& name) {
    for (const auto& one : encoder.parameters()) {
      if (one.name == name) return one.tensor;
    }
    throw std::runtime_error("there is no " + name);
  }
};

TEST_F(ConvNextWeights, loads_the_trained_exponent_and_begins_with_three_without_one) {
  const NetworkFolder folder(narrow("timm convnext_tiny"));
  const auto power_in = [&] {
    return tensor_named(*made(folder, {{"pooling", "gem"}}), "pool.power").item<double>();
  };
  EXPECT_EQ(power_in(), 3);
  auto tensors = folder.tensors();
  tensors.push_back({"pool.power", at::full({1}, 4.5)});
  folder.write_weights(tensors);
  EXPECT_EQ(power_in(), 4.5);
  EXPECT_EQ(made(folder)->parameters().back().name, "head.norm.bias") << "the mean has no exponent";
}

TEST_F(ConvNextWeights, draws_its_weights_by_the_seed_as_the_authors_do) {
  for (const auto* variant : {"convnext_atto", "convnextv2_atto"}) {
    const json params = {{"variant", variant}};
    const auto one = made(params, 7), same = made(params, 7), other = made(params, 8);
    const auto weight = "stages.2.blocks.3.mlp.fc1.weight";
    const auto drawn = tensor_named(*one, weight);
    EXPECT_TRUE(at::equal(drawn, tensor_named(*same, weight)));
    EXPECT_FALSE(at::equal(drawn, tensor_named(*other, weight)));
    EXPECT_NEAR(drawn.std().item<double>(), 0.02, 1e-3);
    EXPECT_EQ(tensor_named(*one, "stem.0.bias").abs().max().item<double>(), 0);
    EXPECT_EQ(tensor_named(*one, "stem.1.weight").min().item<double>(), 1);
    const bool is_second = std::string(variant) == "convnextv2_atto";
    EXPECT_FLOAT_EQ(
        tensor_named(*one, is_second ? "stages.0.blocks.1.mlp.grn.weight" : "stages.0.blocks.1.gamma")
            .max()
            .item<float>(),
        is_second ? 0 : 1e-6F);
    EXPECT_TRUE(one->encode(golden_pictures(32, 32)).isfinite().all().item<bool>());
  }
}

TEST_F(ConvNextWeights, reads_weights_behind_a_prefix_and_in_half_precision) {
  const NetworkFolder folder(narrow("authors' convnextv2_atto"));
  const auto expected = made(folder)->encode(golden_pictures(64, 64));
  auto tensors = folder.tensors();
  for (auto& one : tensors) one = {"model." + one.name, one.tensor.to(at::kHalf)};
  tensors.push_back({"epoch", at::zeros({1})});
  folder.write_weights(tensors);
  const auto encoder = made(folder);
  const auto far = difference(encoder->encode(golden_pictures(64, 64)), expected);
  EXPECT_GT(far, 0);
  EXPECT_LE(far, 0.02);
  EXPECT_THAT(encoder->notes(), ::testing::Contains(HasSubstr("\"model.\" was dropped")));
}

TEST_F(ConvNextWeights, lives_on_without_the_weights_of_its_folder) {
  const NetworkFolder folder(narrow("transformers convnextv2"));
  folder.remove("model.safetensors");
  const auto encoder = made(folder);
  EXPECT_EQ(encoder->dimension(), 32);
  EXPECT_THAT(encoder->notes().front(), HasSubstr("holds no weights, so they are random"));
}

TEST_F(ConvNextWeights, names_weights_that_do_not_fit) {
  const auto& network = narrow("timm convnextv2_tiny");
  const NetworkFolder folder(network);
  auto tensors = folder.tensors();
  for (auto& one : tensors) {
    if (one.name == "stem.0.weight") one.tensor = at::zeros({8, 3, 2, 2});
    if (one.name == "head.norm.bias") one.name = "head.norm.shift";
  }
  tensors.push_back({"stages.4.weight", at::zeros({1})});
  folder.write_weights(tensors);
  EXPECT_THAT(thrown([&] { made(folder); }),
              AllOf(HasSubstr("ConvNeXt weights in " + folder.path()),
                    HasSubstr("stem.0.weight is [8, 3, 2, 2], expected [8, 3, 4, 4]"),
                    HasSubstr("missing head.norm.bias"), HasSubstr("not part of the model stages.4.weight"),
                    Not(HasSubstr("head.fc"))));
  folder.write_weights(testing::filled_tensors(narrow("timm convnext_tiny")["tensors"]));
  EXPECT_THAT(thrown([&] { made(folder); }),
              AllOf(HasSubstr("missing stages.0.blocks.0.mlp.grn."), HasSubstr("stages.0.blocks.0.gamma")));
}

TEST_F(ConvNextWeights, checks_what_it_is_given) {
  EXPECT_THAT(thrown([] { made(json{{"variant", "convnext_tinny"}}); }), HasSubstr("variant"));
  EXPECT_THAT(thrown([] { made(json{{"weights", "/nowhere/a.pth"}}); }), HasSubstr("/nowhere/a.pth"));
  EXPECT_THAT(thrown([] {
                made(json{{"folder", "/nowhere"}});
              }),
              AllOf(HasSubstr("/nowhere has no config.json"), HasSubstr("\"weights\" and \"variant\"")));
  const NetworkFolder folder(narrow("transformers convnext"));
  EXPECT_THAT(thrown([&] { made(folder, {{"weights", "a.pth"}}); }), HasSubstr("expected one of them"));
  EXPECT_THAT(
      thrown([&] { made(folder)->encode(golden_pictures(64, 31)); }),
      HasSubstr("a picture of 31 x 64 pixels is too small for a ConvNeXt, expected at least 32 x 32"));
}

TEST_F(ConvNextWeights, says_what_its_configuration_lacks) {
  EXPECT_EQ(refusal({{"depths", {1, 2, 1, 1}}}), "nothing was thrown");
  EXPECT_THAT(
      refusal({{"model_type", "swin"}}),
      AllOf(HasSubstr("config.json has \"model_type\" as \"swin\""), HasSubstr("kindred.torchscript")));
  EXPECT_THAT(refusal({{"depths", {1, 2, 1}}}),
              HasSubstr("\"depths\" as [1,2,1], expected four whole numbers"));
  EXPECT_THAT(refusal({{"hidden_sizes", {8, 12, 0, 32}}}), HasSubstr("\"hidden_sizes\" as [8,12,0,32]"));
  EXPECT_THAT(refusal({{"hidden_act", "relu"}}), HasSubstr("\"hidden_act\" as \"relu\", expected \"gelu\""));
  EXPECT_THAT(refusal({{"patch_size", 2}}), HasSubstr("\"patch_size\" as 2, expected 4"));
  EXPECT_THAT(refusal({{"num_channels", 1}}), HasSubstr("expected 3: pictures are RGB"));
  EXPECT_THAT(refusal({{"num_stages", 3}}), HasSubstr("\"num_stages\" as 3, expected 4"));
  EXPECT_THAT(refusal({{"layer_scale_init_value", 0}}), HasSubstr("more than 0"));
  EXPECT_THAT(refusal({{"architecture", "resnet50"}}),
              HasSubstr("\"architecture\" as \"resnet50\", expected one of the variants"));
  EXPECT_THAT(refusal({{"architecture", "convnext_tiny"}, {"model_args", {{"kernel_sizes", 5}}}}),
              HasSubstr("under \"model_args\" has \"kernel_sizes\" as 5"));
}

}  // namespace
}  // namespace kindred
