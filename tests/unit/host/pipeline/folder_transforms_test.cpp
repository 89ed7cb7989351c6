#include "host/pipeline/folder_transforms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "component.hpp"
#include "kindred/transform.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

using kindred::testing::thrown;
using nlohmann::json;
using ::testing::HasSubstr;

class FolderTransforms : public ::testing::Test {
 protected:
  json transforms(const json& content) const {
    std::ofstream(folder_ / "preprocessor_config.json") << content;
    return *folder_transforms(folder_.path().string());
  }
  std::string refusal(const json& change) const {
    json content = {{"image_processor_type", "ViTImageProcessor"}};
    content.update(change);
    return thrown([&] { transforms(content); });
  }
  kindred::testing::TemporaryFolder folder_{"folder_transforms"};
};

/// The file of facebook/dinov2-small.
TEST_F(FolderTransforms, reads_a_shorter_side_and_a_crop) {
  const json content = {{"crop_size", {{"height", 224}, {"width", 224}}},
                        {"do_center_crop", true},
                        {"do_convert_rgb", true},
                        {"do_normalize", true},
                        {"do_rescale", true},
                        {"do_resize", true},
                        {"image_mean", {0.485, 0.456, 0.406}},
                        {"image_processor_type", "BitImageProcessor"},
                        {"image_std", {0.229, 0.224, 0.225}},
                        {"resample", 3},
                        {"rescale_factor", 0.00392156862745098},
                        {"size", {{"shortest_edge", 256}}}};
  EXPECT_EQ(transforms(content),
            json::parse(R"([{"type": "kindred.resize", "shorter_side": 256, "interpolation": "bicubic"},
                            {"type": "kindred.center_crop", "width": 224, "height": 224},
                            {"type": "kindred.normalize", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}])"));
}

/// Those of google/vit-base-patch16-224 and of google/siglip-base-patch16-224.
TEST_F(FolderTransforms, reads_an_exact_size) {
  const auto squeezed =
      R"([{"type": "kindred.resize", "width": 224, "height": 224, "interpolation": "bilinear"},
                            {"type": "kindred.normalize", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}])";
  EXPECT_EQ(transforms({{"feature_extractor_type", "ViTFeatureExtractor"},
                        {"do_normalize", true},
                        {"do_resize", true},
                        {"image_mean", {0.5, 0.5, 0.5}},
                        {"image_std", {0.5, 0.5, 0.5}},
                        {"resample", 2},
                        {"size", 224}}),
            json::parse(squeezed));
  const auto siglip = transforms(
      {{"image_processor_type", "SiglipImageProcessor"}, {"size", {{"height", 384}, {"width", 256}}}});
  EXPECT_EQ(
      siglip[0],
      json::parse(R"({"type": "kindred.resize", "width": 256, "height": 384, "interpolation": "bicubic"})"));
}

/// Old files of CLIP give lengths as numbers.
TEST_F(FolderTransforms, a_number_is_the_shorter_side_of_clip) {
  const auto found =
      transforms({{"feature_extractor_type", "CLIPFeatureExtractor"}, {"size", 336}, {"crop_size", 336}});
  EXPECT_EQ(found[0]["shorter_side"], 336);
  EXPECT_EQ(found[0]["interpolation"], "bicubic");
  EXPECT_EQ(found[1]["width"], 336);
  EXPECT_EQ(found[2]["mean"][0], 0.48145466);
}

TEST_F(FolderTransforms, takes_what_transformers_takes_for_missing_keys) {
  const auto clip = transforms({{"image_processor_type", "CLIPImageProcessorFast"}});
  ASSERT_EQ(clip.size(), 3U);
  EXPECT_EQ(clip[0]["shorter_side"], 224);
  EXPECT_EQ(clip[0]["interpolation"], "bicubic");
  EXPECT_EQ(clip[1]["width"], 224);
  const auto dinov3 = transforms({{"image_processor_type", "DINOv3ViTImageProcessorFast"}});
  ASSERT_EQ(dinov3.size(), 2U);
  EXPECT_EQ(dinov3[0]["width"], 224);
  EXPECT_EQ(dinov3[0]["interpolation"], "bilinear");
  EXPECT_EQ(dinov3[1]["std"][2], 0.225);
}

/// timm says it beside the network.
TEST_F(FolderTransforms, reads_what_timm_says) {
  json config = {{"architecture", "vit_tiny_patch16_224"},
                 {"pretrained_cfg",
                  {{"input_size", {3, 64, 64}},
                   {"crop_pct", 0.9},
                   {"crop_mode", "center"},
                   {"interpolation", "bicubic"},
                   {"mean", {0.5, 0.5, 0.5}},
                   {"std", {0.5, 0.5, 0.5}}}}};
  const auto read_timm = [&] {
    std::ofstream(folder_ / "config.json") << config;
    return *folder_transforms(folder_.path().string());
  };
  EXPECT_EQ(read_timm(),
            json::parse(R"([{"type": "kindred.resize", "shorter_side": 71, "interpolation": "bicubic"},
                            {"type": "kindred.center_crop", "width": 64, "height": 64},
                            {"type": "kindred.normalize", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}])"));
  config["pretrained_cfg"]["crop_mode"] = "border";
  EXPECT_THAT(thrown(read_timm), HasSubstr("under \"pretrained_cfg\" has \"crop_mode\" as \"border\""));
  config["pretrained_cfg"]["input_size"] = {3, 64, 32};
  EXPECT_THAT(thrown(read_timm), HasSubstr("squares in RGB"));
}

TEST_F(FolderTransforms, leaves_out_what_is_not_asked_for) {
  EXPECT_EQ(
      transforms(
          {{"image_processor_type", "ViTImageProcessor"}, {"do_resize", false}, {"do_normalize", false}}),
      json::array());
}

/// Those of facebook/convnext-tiny-224 and of facebook/convnext-base-384.
TEST_F(FolderTransforms, reads_what_convnext_cuts_out_of_small_pictures) {
  const json small = {{"crop_pct", 0.875},
                      {"do_normalize", true},
                      {"do_resize", true},
                      {"feature_extractor_type", "ConvNextFeatureExtractor"},
                      {"image_mean", {0.485, 0.456, 0.406}},
                      {"image_std", {0.229, 0.224, 0.225}},
                      {"resample", 3},
                      {"size", 224}};
  auto found = transforms(small);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0],
            json::parse(R"({"type": "kindred.resize", "shorter_side": 256, "interpolation": "bicubic"})"));
  EXPECT_EQ(found[1], json::parse(R"({"type": "kindred.center_crop", "width": 224, "height": 224})"));
  EXPECT_EQ(found[2]["mean"][0], 0.485);
  const auto squeezed =
      json::parse(R"({"type": "kindred.resize", "width": 384, "height": 384, "interpolation": "bicubic"})");
  for (const json& size : {json(384), json{{"shortest_edge", 384}}}) {
    auto large = small;
    large["size"] = size;
    found = transforms(large);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], squeezed);
  }
  EXPECT_EQ(transforms({{"image_processor_type", "ConvNextImageProcessor"}})[0], squeezed);
}

/// timm's convnext_tiny.fb_in22k_ft_in1k_384, and with a margin.
TEST_F(FolderTransforms, reads_squashed_pictures_of_timm) {
  const auto read = [&](double kept) {
    std::ofstream(folder_ / "config.json") << json{{"architecture", "convnext_tiny"},
                                                   {"pretrained_cfg",
                                                    {{"input_size", {3, 384, 384}},
                                                     {"interpolation", "bicubic"},
                                                     {"crop_pct", kept},
                                                     {"crop_mode", "squash"},
                                                     {"mean", {0.485, 0.456, 0.406}},
                                                     {"std", {0.229, 0.224, 0.225}}}}};
    return *folder_transforms(folder_.path().string());
  };
  auto found = read(1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["width"], 384);
  EXPECT_EQ(found[0]["height"], 384);
  found = read(0.96);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]["width"], 400);
  EXPECT_EQ(found[1]["width"], 384);
}

/// What is given is what the transforms take.
TEST_F(FolderTransforms, transforms_can_be_made) {
  const auto all = transforms({{"image_processor_type", "CLIPImageProcessor"}});
  ASSERT_EQ(all.size(), 3U);
  for (auto one : all) {
    const auto type = one["type"].get<std::string>();
    one.erase("type");
    EXPECT_NO_THROW(kindred::testing::make<Transform>("transforms", type, one)) << type;
  }
}

TEST_F(FolderTransforms, says_what_it_cannot_do) {
  EXPECT_FALSE(folder_transforms(folder_.path().string())) << "there is no file";
  EXPECT_THAT(
      refusal({{"image_processor_type", "SwiftFormerImageProcessor"}}),
      HasSubstr("\"image_processor_type\" as \"SwiftFormerImageProcessor\", expected the image processor of "
                "CLIP"));
  EXPECT_THAT(refusal({{"image_processor_type", "ConvNextImageProcessor"}, {"size", 224}, {"crop_pct", 1.5}}),
              HasSubstr("\"crop_pct\" as 1.5, expected more than 0, up to 1"));
  EXPECT_THAT(refusal({{"image_processor_type", "ConvNextImageProcessor"},
                       {"size", {{"height", 224}, {"width", 224}}}}),
              HasSubstr("or {\"shortest_edge\": 224}"));
  EXPECT_THAT(thrown([&] { transforms(json::object()); }), HasSubstr("has no \"feature_extractor_type\""));
  EXPECT_THAT(refusal({{"size", {{"longest_edge", 224}}}}), HasSubstr("\"size\" as {\"longest_edge\":224}"));
  EXPECT_THAT(refusal({{"size", 0}}), HasSubstr("expected a length in pixels"));
  EXPECT_THAT(refusal({{"resample", 1}}),
              HasSubstr("\"resample\" as 1, expected 2 (bilinear) or 3 (bicubic)"));
  EXPECT_THAT(refusal({{"do_rescale", false}}), HasSubstr("\"do_rescale\" as false"));
  EXPECT_THAT(refusal({{"rescale_factor", 0.00784313725490196}}), HasSubstr("1/255"));
  EXPECT_THAT(refusal({{"do_pad", true}}), HasSubstr("\"do_pad\" as true"));
  EXPECT_THAT(refusal({{"image_mean", {0.5}}}), HasSubstr("three numbers"));
  EXPECT_THAT(refusal({{"image_std", {0.5, 0, 0.5}}}), HasSubstr("more than 0"));
  EXPECT_THAT(refusal({{"do_center_crop", true}, {"crop_size", {{"shortest_edge", 224}}}}),
              HasSubstr("a height and a width"));
}

}  // namespace
}  // namespace kindred::host
