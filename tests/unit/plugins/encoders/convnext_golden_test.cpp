#include <gmock/gmock.h>

#include "convnext_fixture.hpp"
#include "convnext_network.hpp"
#include "convnext_variants.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using testing::difference;
using testing::filled_tensors;
using testing::golden_pictures;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NetworkFolder;
using testing::tensor_of;

constexpr double kRounding = 1e-5;  // the task allows 1e-4

class ConvNextGolden : public testing::ConvNextTest {
 protected:
  static void expect_golden(Encoder& encoder, const json& results, const std::string& name) {
    for (const auto& result : results) {
      const auto height = result.at("height").get<int64_t>(), width = result.at("width").get<int64_t>();
      const auto where = name + " at " + std::to_string(height) + " x " + std::to_string(width);
      const auto found = encoder.encode(golden_pictures(height, width));
      const auto far = difference(found, tensor_of(result.at("embedding"), {2, -1}));
      EXPECT_LE(far, kRounding) << where;
      RecordProperty(where, std::to_string(far * 1e6) + "e-6");
    }
  }
};

/// Every way in which libraries name tensors and shape them.
TEST_F(ConvNextGolden, narrow_networks_give_what_their_libraries_gave) {
  for (const auto& one : golden_["narrow"]) {
    const NetworkFolder folder(one);
    const auto encoder = made(folder);
    const auto name = one["name"].get<std::string>();
    expect_golden(*encoder, one["results"], name);
    encoder->prepare_for_inference(at::kFloat);
    expect_golden(*encoder, one["results"], name + ", prepared,");
    const auto notes = encoder->notes();
    if (name.rfind("timm", 0) == 0) {
      EXPECT_THAT(notes, IsEmpty());
    } else {
      const auto library = name.rfind("transformers", 0) == 0 ? "Hugging Face's" : name.substr(0, 7);
      ASSERT_FALSE(notes.empty()) << name;
      EXPECT_THAT(notes[0], HasSubstr(library));
      EXPECT_THAT(notes[0], HasSubstr("were translated"));
    }
  }
}

TEST_F(ConvNextGolden, variants_give_what_timm_gave) {
  const testing::TemporaryFolder folder("convnext_whole");
  for (const auto& one : golden_["whole"]) {
    write_safetensors(folder / "weights.safetensors", filled_tensors(one["tensors"]));
    const auto encoder = made(json{{"variant", one["variant"]}, {"weights", folder / "weights.safetensors"}});
    expect_golden(*encoder, one["results"], one["variant"]);
  }
}

TEST_F(ConvNextGolden, a_folder_of_timm_names_its_network) {
  const auto& whole = golden_["whole"][1];
  ASSERT_EQ(whole["variant"], golden_["folder"]["architecture"]);
  const NetworkFolder folder(
      {{"name", "timm"}, {"config", golden_["folder"]}, {"tensors", whole["tensors"]}});
  expect_golden(*made(folder), whole["results"], "folder");
}

TEST_F(ConvNextGolden, gem_is_the_generalised_mean_in_front_of_the_last_norm) {
  const NetworkFolder folder(narrow("timm convnext_tiny"));
  const auto encoder = made(folder, {{"pooling", "gem"}});
  EXPECT_LE(difference(encoder->encode(golden_pictures(64, 64)), tensor_of(golden_["gem"], {2, -1})),
            kRounding);
}

int64_t numbers_of(const ConvNextConfig& config) {
  int64_t numbers = 0;
  for (const auto& one : ConvNextNetwork(config, nn::PlacePooling::mean).tensors().parameters)
    numbers += one.tensor.numel();
  return numbers;
}

/// Two blocks say how large all of a stage are; so no large network is made.
int64_t numbers_by_stages(const ConvNextConfig& config) {
  auto shallow = config;
  shallow.depths = {1, 1, 1, 1};
  const auto least = numbers_of(shallow);
  auto numbers = least;
  for (size_t stage = 0; stage < kConvNextStages; ++stage) {
    auto deeper = shallow;
    deeper.depths[stage] = 2;
    numbers += (config.depths[stage] - 1) * (numbers_of(deeper) - least);
  }
  return numbers;
}

/// The cells of variants() in make_convnext_golden.py.
json described(const std::string& name) {
  const auto config = convnext_variant(name);
  json mean;
  for (const auto& [transforms, names] : convnexts_by_transforms()) {
    for (const auto& one : names) {
      if (one == name) mean = json::parse(transforms).at(1).at("mean");
    }
  }
  return {config.depths,
          config.widths,
          config.response_norm,
          config.epsilon,
          config.last_epsilon,
          numbers_by_stages(config),
          "GELU()",
          mean};
}

TEST_F(ConvNextGolden, variants_are_what_timm_says_of_them) {
  for (const auto& name : convnext_variants()) {
    ASSERT_TRUE(golden_["variants"].contains(name)) << name << " is no variant of timm";
    EXPECT_EQ(described(name), golden_["variants"][name]) << name;
  }
  EXPECT_EQ(convnext_variants().size(), golden_["variants"].size());
  EXPECT_THAT(testing::thrown([] { convnext_variant("convnext_giant"); }),
              HasSubstr("there is no variant \"convnext_giant\""));
}

}  // namespace
}  // namespace kindred
