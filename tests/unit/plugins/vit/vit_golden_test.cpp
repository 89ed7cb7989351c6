#include "published_variants.hpp"
#include "vision_transformer.hpp"
#include "vit_fixture.hpp"

namespace kindred {
namespace {

using testing::difference;
using testing::differences_from;
using testing::vit;
using testing::VitFolder;

constexpr double kRounding = 1e-5;  // the task allows 1e-4

class VitGolden : public testing::VitTest {};

TEST_F(VitGolden, folders_give_what_transformers_gave) {
  for (const auto& made : golden_["cases"]) {
    const VitFolder folder(made);
    const auto encoder = vit(folder);
    const auto stages = static_cast<int64_t>(encoder->stages().size());
    for (const auto& result : made["results"]) {
      const auto found =
          differences_from(*encoder, result, made["tokens"] == "norm" ? stages - 1 : stages - 2, stages);
      const auto where = made["name"].get<std::string>() + " at " +
                         std::to_string(result["height"].get<int64_t>()) + " x " +
                         std::to_string(result["width"].get<int64_t>());
      EXPECT_LE(found.tokens, kRounding) << where;
      EXPECT_LE(found.embedding, kRounding) << where;
      RecordProperty(where, std::to_string(std::max(found.tokens, found.embedding) * 1e6) + "e-6");
    }
  }
}

TEST_F(VitGolden, poolings_are_what_they_are_by_definition) {
  const auto& made = testing::case_named(golden_, "dinov2_with_registers");
  const VitFolder folder(made);
  for (const auto& [name, expected] : golden_["poolings"].items()) {
    const auto encoder = vit(folder, {{"pooling", name}});
    const auto rows = testing::tensor_of(expected, {2, -1});
    EXPECT_EQ(encoder->dimension(), rows.size(1));
    EXPECT_LE(difference(encoder->encode(testing::golden_pictures(16, 16)), rows), kRounding) << name;
  }
}

/// The options of published variants in a network with fewer and narrower blocks.
TEST(VitTimmGolden, narrow_variants_give_what_timm_gave) {
  at::NoGradGuard no_grad;
  const auto golden = testing::vit_golden("golden_timm.json");
  const testing::TemporaryFolder folder("vit_timm");
  for (const auto& made : golden["cases"]) {
    const auto name = made["variant"].get<std::string>();
    auto stored = published_variant(name);
    stored.config.depth = 2;
    stored.config.width = 24;
    stored.config.heads = 3;
    stored.config.image_size = made["image_size"].get<int64_t>();
    stored.config.mlp_width = made["mlp_width"].get<int64_t>();
    stored.config.pooling_mlp_width = 96;
    VisionTransformer network(stored.config);
    write_safetensors(folder / "weights", testing::filled_tensors(made["tensors"]));
    EXPECT_TRUE(load_stored(name, folder / "weights", network.parameters(), stored.names).empty());
    const auto stages = static_cast<int64_t>(network.stages().size());
    for (const auto& result : made["results"]) {
      const auto found = differences_from(network, result, stages - 1, stages);
      const auto where = name + " at " + std::to_string(result["height"].get<int64_t>()) + " x " +
                         std::to_string(result["width"].get<int64_t>());
      EXPECT_LE(found.tokens, kRounding) << where;
      EXPECT_LE(found.embedding, kRounding) << where;
      RecordProperty(where, std::to_string(std::max(found.tokens, found.embedding) * 1e6) + "e-6");
    }
  }
}

TEST(VitTimmGolden, a_variant_gives_what_timm_gave) {
  at::NoGradGuard no_grad;
  const auto golden = testing::vit_golden("golden_timm.json").at("whole");
  const testing::TemporaryFolder folder("vit_whole");
  write_safetensors(folder / "weights.safetensors", testing::filled_tensors(golden["tensors"]));
  const auto encoder =
      testing::vit_from({{"variant", golden["variant"]}, {"weights", folder / "weights.safetensors"}});
  const auto stages = static_cast<int64_t>(encoder->stages().size());
  for (const auto& result : golden["results"]) {
    const auto found = differences_from(*encoder, result, stages - 1, stages);
    EXPECT_LE(found.tokens, kRounding);
    EXPECT_LE(found.embedding, kRounding);
    RecordProperty(std::to_string(result["height"].get<int64_t>()),
                   std::to_string(std::max(found.tokens, found.embedding) * 1e6) + "e-6");
  }
}

}  // namespace
}  // namespace kindred
