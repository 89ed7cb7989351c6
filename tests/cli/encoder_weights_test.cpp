#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "host_process.hpp"
#include "shared_folder.hpp"
#include "small_pipeline.hpp"

/// What a pipeline says, and leaves out, of its encoder's weights and of the pictures that they expect.
namespace kindred {
namespace {
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class EncoderWeights : public ::testing::Test {
 protected:
  EncoderWeights() {
    ::setenv("KINDRED_WEIGHTS", (folder_ / "weights").c_str(), 1);
    std::filesystem::create_directories(folder_.path() / "weights");
    std::filesystem::create_directories(folder_.path() / "photos");
    for (int c = 0; c < 4; ++c) {
      for (int i = 0; i < 3; ++i) {
        std::filesystem::create_directories(folder_.path() / ("photos/" + std::to_string(c)));
        std::string bytes = "P6\n20 24\n255\n";
        for (int k = 0; k < 20 * 24 * 3; ++k) bytes += static_cast<char>((k * (c + 2) + 31 * i) % 251);
        write_file_atomically(folder_ / ("photos/" + std::to_string(c) + "/" + std::to_string(i) + ".ppm"),
                              bytes);
      }
    }
  }

  /// `host validate --json` of a pipeline with this encoder and these transforms (null: none are written).
  json validated(const json& encoder, const json& transforms = nullptr, bool other_transforms = false) {
    json pipeline = {
        {"kindred", 1},
        {"data", {{"dataset", {{"type", "image_folder"}, {"root", "photos"}}}}},
        {"model", {{"encoders", {{"image", encoder}}}, {"head", {{"type", "skip_connection"}}}}},
        {"train", {{"loss", {{"type", "triplet"}}}, {"batch_sampler", {{"type", "shuffle"}}}, {"epochs", 1}}},
        {"evaluate", {{"metrics", json::array({{{"type", "r_precision"}}})}}}};
    if (!transforms.is_null()) pipeline["data"]["transforms"] = transforms;
    if (other_transforms) pipeline["data"]["other_transforms"] = true;
    testing::write_pipeline(folder_, pipeline);
    return json::parse(testing::run_host(folder_, {"validate", "pipeline.json", "--json"}).out);
  }

  void put_weights(const std::string& name) { write_file_atomically(folder_ / ("weights/" + name), "x"); }

  testing::TemporaryFolder folder_{"encoder_weights"};
};

const json kResNet = {{"type", "resnet"}, {"variant", "resnet18"}};

json with(json value, const std::string& key, const json& one) {
  value[key] = one;
  return value;
}

TEST_F(EncoderWeights, a_frozen_encoder_that_was_left_without_is_an_error_with_the_names_of_some) {
  for (const auto& encoder : {kResNet, with(kResNet, "trainable", {{"from", "layer4"}})}) {
    const auto said = validated(encoder);
    ASSERT_EQ(said["valid"], false) << said;
    ASSERT_EQ(said["issues"].size(), 1u) << said;
    EXPECT_EQ(said["issues"][0]["pointer"], "/model/encoders/image/weights");
    EXPECT_THAT(said["issues"][0]["message"].get<std::string>(),
                AllOf(HasSubstr("resnet18"), HasSubstr("\"weights\": \"random\"")));
  }
}

TEST_F(EncoderWeights, may_be_random_where_that_is_asked_for_or_everything_is_trained) {
  for (const auto& encoder : {with(kResNet, "weights", "random"), with(kResNet, "trainable", true),
                              with(kResNet, "trainable", {{"from", "stem"}})}) {
    const auto said = validated(encoder);
    EXPECT_EQ(said["valid"], true) << said;
    EXPECT_EQ(said["warnings"], json::array());
    EXPECT_EQ(said["resolved"]["model"]["encoders"]["image"]["weights"], encoder.value("weights", ""));
  }
}

TEST_F(EncoderWeights, that_nobody_published_may_be_left_out_with_a_warning) {
  const auto said = validated(with(kResNet, "width", 8));
  ASSERT_EQ(said["valid"], true) << said;
  ASSERT_EQ(said["warnings"].size(), 1u);
  EXPECT_THAT(said["warnings"][0].get<std::string>(), HasSubstr("kindred.resnet are random"));
}

TEST_F(EncoderWeights, are_found_by_the_name_under_which_they_were_published) {
  const auto named = with(kResNet, "weights", "resnet18");
  auto said = validated(named);
  ASSERT_EQ(said["valid"], false);
  EXPECT_THAT(said["issues"][0]["message"].get<std::string>(),
              AllOf(HasSubstr("`host weights get resnet18`"),
                    HasSubstr("https://download.pytorch.org/models/resnet18-f37072fd.pth"),
                    HasSubstr(folder_ / "weights/resnet18-f37072fd.pth")));
  put_weights("resnet18-f37072fd.pth");
  said = validated(named);
  EXPECT_EQ(said["valid"], true) << said;
  EXPECT_EQ(said["resolved"]["model"]["encoders"]["image"]["weights"], "resnet18");

  said = validated(with(with(kResNet, "weights", "resnet18"), "variant", "resnet34"));
  EXPECT_THAT(said["issues"][0]["message"].get<std::string>(), HasSubstr("for them there are: resnet34"));
  said = validated(with(kResNet, "weights", "resnet_18"));
  EXPECT_THAT(said["issues"][0]["message"].get<std::string>(), HasSubstr("did you mean \"resnet18\"?"));
}

TEST_F(EncoderWeights, bring_the_transforms_that_they_were_trained_with) {
  put_weights("resnet18-f37072fd.pth");
  auto said = validated(with(kResNet, "weights", "resnet18"));
  auto transforms = said["resolved"]["data"]["transforms"];
  ASSERT_EQ(transforms.size(), 2u) << said;
  EXPECT_EQ(transforms[0]["type"], "kindred.resize");
  EXPECT_EQ(transforms[0]["width"], 224);
  EXPECT_EQ(transforms[1]["type"], "kindred.normalize");
  EXPECT_EQ(transforms[1]["mean"], (json{0.485, 0.456, 0.406}));
  EXPECT_EQ(said["warnings"], json::array());

  write_file_atomically(folder_ / "lite.pth", "x");
  for (const auto& [variant, side] : {std::pair<const char*, int>{"lite0", 224}, {"lite4", 300}}) {
    said = validated({{"type", "efficientnet_lite"}, {"variant", variant}, {"weights", "lite.pth"}});
    transforms = said["resolved"]["data"]["transforms"];
    ASSERT_EQ(transforms.size(), 2u) << said;
    EXPECT_EQ(transforms[0]["height"], side);
    EXPECT_NEAR(transforms[1]["mean"][0].get<double>(), 127.0 / 255, 1e-6);
    EXPECT_NEAR(transforms[1]["std"][2].get<double>(), 128.0 / 255, 1e-6);
  }
  EXPECT_EQ(validated(with(kResNet, "weights", "random"))["resolved"]["data"]["transforms"], json::array());
}

TEST_F(EncoderWeights, in_a_folder_bring_the_transforms_that_the_folder_names) {
  const auto write = [&](const char* file, const json& value) {
    std::filesystem::create_directories(folder_.path() / "vit");
    write_file_atomically(folder_ / (std::string("vit/") + file), value.dump());
  };
  write("config.json", {{"model_type", "vit"},
                        {"hidden_size", 24},
                        {"num_hidden_layers", 1},
                        {"num_attention_heads", 2},
                        {"intermediate_size", 32},
                        {"patch_size", 8},
                        {"image_size", 32}});
  json prepared = {{"image_processor_type", "BitImageProcessor"},
                   {"size", {{"shortest_edge", 36}}},
                   {"crop_size", 32},
                   {"image_mean", {0.5, 0.5, 0.5}}};
  write("preprocessor_config.json", prepared);
  const json vit = {{"type", "vit"}, {"folder", "vit"}};
  auto said = validated(vit);
  ASSERT_EQ(said["valid"], true) << said;
  EXPECT_EQ(said["warnings"], json::array()) << "it has no weights apart from the folder";
  auto transforms = said["resolved"]["data"]["transforms"];
  ASSERT_EQ(transforms.size(), 3U) << said;
  EXPECT_EQ(transforms[0]["shorter_side"], 36);
  EXPECT_EQ(transforms[1]["width"], 32);

  transforms[2]["mean"] = {0.2, 0.2, 0.2};
  said = validated(vit, transforms);
  ASSERT_EQ(said["valid"], false);
  EXPECT_EQ(said["issues"][0]["pointer"], "/data/transforms");
  EXPECT_THAT(said["issues"][0]["message"].get<std::string>(),
              AllOf(HasSubstr("mean (0.2, 0.2, 0.2)"), HasSubstr("set data.other_transforms to true")));
  said = validated(vit, transforms, true);
  EXPECT_EQ(said["valid"], true) << said;
  EXPECT_EQ(said["warnings"].size(), 1U);

  prepared["resample"] = 1;
  write("preprocessor_config.json", prepared);
  said = validated(vit);
  ASSERT_EQ(said["valid"], false);
  EXPECT_EQ(said["issues"][0]["pointer"], "/model/encoders/image/folder");
  EXPECT_EQ(validated(vit, transforms)["valid"], true) << "the pipeline has transforms of its own";
}

TEST_F(EncoderWeights, under_another_normalisation_are_warned_of) {
  write_file_atomically(folder_ / "lite.pth", "x");
  const json lite = {{"type", "efficientnet_lite"}, {"weights", "lite.pth"}};
  const json resize = {{"type", "resize"}, {"width", 224}, {"height", 224}};
  auto warnings = validated(lite, {resize, {{"type", "normalize"}}})["warnings"];
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0].get<std::string>(),
              AllOf(HasSubstr("mean (0.485, 0.456, 0.406)"), HasSubstr("mean (0.498, 0.498, 0.498)"),
                    HasSubstr("leave data.transforms out")));
  warnings = validated(lite, json::array({resize}))["warnings"];
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0].get<std::string>(), HasSubstr("do not normalise"));
  const json half = {{"type", "normalize"}, {"mean", {0.5, 0.5, 0.5}}, {"std", {0.5, 0.5, 0.5}}};
  EXPECT_EQ(validated(lite, {resize, half})["warnings"], json::array());
  EXPECT_EQ(validated(with(lite, "weights", "random"), {resize, {{"type", "normalize"}}})["warnings"],
            json::array());
}

TEST_F(EncoderWeights, with_smaller_pictures_or_another_interpolation_are_warned_of) {
  write_file_atomically(folder_ / "lite.pth", "x");
  const json lite = {{"type", "efficientnet_lite"}, {"weights", "lite.pth"}};
  const json half = {{"type", "normalize"}, {"mean", {0.5, 0.5, 0.5}}, {"std", {0.5, 0.5, 0.5}}};
  const auto warned = [&](const json& resize) {
    const auto transforms = resize.is_null() ? json::array({half}) : json::array({resize, half});
    const auto warnings = validated(lite, transforms)["warnings"];
    EXPECT_LE(warnings.size(), 1u) << warnings;
    return warnings.empty() ? "" : warnings[0].get<std::string>();
  };
  EXPECT_EQ(warned({{"type", "resize"}, {"width", 336}, {"height", 336}}), "");
  EXPECT_THAT(warned({{"type", "resize"}, {"width", 160}, {"height", 224}}),
              HasSubstr("data.transforms make pictures of 224 x 160 pixels, they had 224 x 224 pixels"));
  EXPECT_THAT(warned(nullptr), HasSubstr("pictures keep a size of their own behind data.transforms"));
  EXPECT_THAT(
      warned({{"type", "resize"}, {"width", 224}, {"height", 224}, {"interpolation", "bicubic"}}),
      HasSubstr(
          "interpolation of kindred.resize in data.transforms is \"bicubic\", theirs was \"bilinear\""));
}

TEST_F(EncoderWeights, embed_pictures_as_with_the_transforms_written_out) {
  KINDRED_SHARED_OR_SKIP(weights, "weights/efficientnet_lite0.pth");
  const auto embedded = [&](const json& transforms, const std::string& output) {
    validated({{"type", "efficientnet_lite"}, {"weights", weights}}, transforms);
    const auto done = testing::run_host(
        folder_, {"embed", "--pipeline", "pipeline.json", "--output", output, "photos/0", "photos/1"});
    EXPECT_EQ(done.code, 0) << done.error;
    return read_file(folder_ / output);
  };
  const double mean = 0.49803921568627452, deviation = 0.50196078431372548;
  const auto own = embedded(nullptr, "own.npy");
  EXPECT_EQ(
      own,
      embedded(
          {{{"type", "resize"}, {"width", 224}, {"height", 224}},
           {{"type", "normalize"}, {"mean", {mean, mean, mean}}, {"std", {deviation, deviation, deviation}}}},
          "written.npy"));
  EXPECT_NE(own, embedded({{{"type", "resize"}, {"width", 224}, {"height", 224}}, {{"type", "normalize"}}},
                          "other.npy"));
}

}  // namespace
}  // namespace kindred
