#include <gmock/gmock.h>

#include "folder_config.hpp"
#include "published_variants.hpp"
#include "vision_transformer.hpp"
#include "vit_fixture.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::thrown;

/// How timm and transformers name what we compute.
std::string name_of(nn::Activation activation, bool gated = false) {
  if (gated) return "SiLU()";
  if (activation == nn::Activation::gelu_tanh) return "GELUTanh()";
  return activation == nn::Activation::gelu_sigmoid ? "QuickGELU()" : "GELU(approximate='none')";
}

std::string timm_pooling(TokenPooling pooling) {
  if (pooling == TokenPooling::attention) return "map";
  return pooling == TokenPooling::mean ? "avg" : "token";
}

int64_t numbers_of(VisionTransformerConfig config, int64_t depth) {
  config.depth = depth;
  const VisionTransformer network(config);
  int64_t numbers = 0;
  for (const auto& one : network.parameters()) numbers += one.tensor.numel();
  return numbers;
}

/// The cells of variants() in make_golden.py.
json described(const std::string& name) {
  const auto config = published_variant(name).config;
  // Two blocks say how large all are.
  const auto one = numbers_of(config, 1), numbers = one + (config.depth - 1) * (numbers_of(config, 2) - one);
  return {config.width,      config.depth,
          config.heads,      config.mlp_width,
          config.patch_size, config.image_size,
          config.registers,  name_of(config.activation, config.gated_mlp),
          config.epsilon,    timm_pooling(config.pooling),
          numbers,           json::parse(transforms_of_variant(name)).at(1).at("mean")};
}

TEST(VitVariants, are_what_timm_says_of_them) {
  const auto golden = testing::vit_golden("golden_timm.json").at("variants");
  std::vector<std::string> of_timm;
  for (const auto& name : published_variants()) {
    if (name.rfind("vit_", 0) == 0) of_timm.push_back(name);
  }
  for (const auto& name : of_timm) {
    ASSERT_TRUE(golden.contains(name)) << name << " is no variant of timm";
    auto expected = golden[name];
    // The first of timm's files for these was trained on with other colours than OpenAI's and LAION's own.
    if (name.rfind("vit_large_patch14_clip_2", 0) == 0 || name.rfind("vit_large_patch14_clip_3", 0) == 0)
      expected.back()[0] = 0.48145466, expected.back()[1] = 0.4578275, expected.back()[2] = 0.40821073;
    EXPECT_EQ(described(name), expected) << name;
  }
  EXPECT_EQ(of_timm.size(), golden.size());
}

TEST(VitVariants, dinov2s_own_differ_from_timms_where_its_code_does) {
  const auto own = published_variant("dinov2_vitb14").config,
             by_timm = published_variant("vit_base_patch14_dinov2").config;
  EXPECT_EQ(own.width, by_timm.width);
  EXPECT_EQ(own.resampling, Resampling::offset);
  EXPECT_EQ(published_variant("dinov2_vitg14_reg").config.mlp_width, 4096);
  EXPECT_EQ(published_variant("dinov2_vitl14_reg").config.positions, Positions::table_with_class);
  EXPECT_EQ(published_variant("dinov2_vitl14_reg").config.resampling, Resampling::antialiased);
  EXPECT_THAT(thrown([] { published_variant("vit_b_16"); }), HasSubstr("there is no variant \"vit_b_16\""));
}

/// Files of the hub leave out what is as transformers has it by default.
TEST(VitFolderDefaults, are_those_of_transformers) {
  const auto golden = testing::vit_golden("golden_folders.json").at("defaults");
  const testing::TemporaryFolder folder("vit_defaults");
  for (const auto& [type, expected] : golden.items()) {
    std::ofstream(folder / "config.json") << json{{"model_type", type}};
    const auto config = read_vision_folder(folder.path().string()).config;
    EXPECT_EQ(config.width, expected["hidden_size"]) << type;
    EXPECT_EQ(config.depth, expected["num_hidden_layers"]) << type;
    EXPECT_EQ(config.heads, expected["num_attention_heads"]) << type;
    EXPECT_EQ(config.patch_size, expected["patch_size"]) << type;
    EXPECT_EQ(config.image_size, expected["image_size"]) << type;
    EXPECT_EQ(config.epsilon, expected["layer_norm_eps"]) << type;
    EXPECT_EQ(config.mlp_width, expected.value("intermediate_size", 4 * config.width)) << type;
    EXPECT_EQ(config.registers, expected.value("num_register_tokens", 0)) << type;
    const auto act = expected["hidden_act"].get<std::string>();
    const auto* long_name = act == "gelu"         ? "GELU(approximate='none')"
                            : act == "quick_gelu" ? "QuickGELU()"
                                                  : "GELUTanh()";
    EXPECT_EQ(name_of(config.activation), long_name) << type;
  }
}

}  // namespace
}  // namespace kindred
