#include <gmock/gmock.h>

#include "vit_fixture.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::case_named;
using testing::difference;
using testing::golden_pictures;
using ::testing::HasSubstr;
using testing::thrown;
using testing::vit;
using testing::VitFolder;

class VitFolders : public testing::VitTest {
 protected:
  /// What is thrown where keys of config.json are changed.
  std::string refusal(const std::string& name, const json& change) const {
    const auto& made = case_named(golden_, name);
    const VitFolder folder(made);
    auto config = made["config"];
    config.merge_patch(change);
    folder.write("config.json", config.dump());
    return thrown([&] { vit(folder); });
  }
  Batch pictures_ = golden_pictures(16, 16);
};

TEST_F(VitFolders, read_weights_of_several_files) {
  const VitFolder folder(case_named(golden_, "dinov2"));
  const auto expected = vit(folder)->encode(pictures_);
  const auto middle = folder.tensors().begin() + 12;
  write_safetensors(folder / "model-00001-of-00002.safetensors", {folder.tensors().begin(), middle});
  write_safetensors(folder / "model-00002-of-00002.safetensors", {middle, folder.tensors().end()});
  json map;
  for (auto it = folder.tensors().begin(); it != folder.tensors().end(); ++it)
    map[it->name] = it < middle ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors";
  folder.remove("model.safetensors");
  folder.write("model.safetensors.index.json", json{{"metadata", {}}, {"weight_map", map}}.dump());
  EXPECT_EQ(difference(vit(folder)->encode(pictures_), expected), 0);
}

TEST_F(VitFolders, read_weights_under_a_classifier) {
  const VitFolder folder(case_named(golden_, "vit"));
  const auto expected = vit(folder)->encode(pictures_);
  auto tensors = folder.tensors();
  for (auto& one : tensors) one.name = "vit." + one.name;
  tensors.push_back({"classifier.weight", at::zeros({7, 24})});
  folder.write_weights(tensors);
  const auto encoder = vit(folder);
  EXPECT_EQ(difference(encoder->encode(pictures_), expected), 0);
  EXPECT_THAT(encoder->notes().front(), HasSubstr("\"vit.\" was dropped"));
}

TEST_F(VitFolders, read_weights_in_half_precision) {
  const VitFolder folder(case_named(golden_, "siglip_vision"));
  const auto expected = vit(folder)->encode(pictures_);
  auto tensors = folder.tensors();
  for (auto& one : tensors) one.tensor = one.tensor.to(at::kHalf);
  folder.write_weights(tensors);
  const auto found = vit(folder)->encode(pictures_);
  EXPECT_GT(difference(found, expected), 0);
  EXPECT_LE(difference(found, expected), 0.02);
}

TEST_F(VitFolders, are_read_as_timm_writes_them) {
  const auto timm = testing::vit_golden("golden_timm.json");
  auto config = timm["folder"];
  const testing::TemporaryFolder folder("vit_of_timm");
  const auto write_config = [&] { std::ofstream(folder / "config.json") << config; };
  write_config();
  const auto small = testing::vit_from({{"folder", folder.path().string()}});
  EXPECT_EQ(small->stage_shapes(golden_pictures(64, 64)).front(), (std::vector<int64_t>{17, 192}));
  EXPECT_EQ(small->parameters()[3].tensor.size(0), 17) << small->parameters()[3].name;

  config["model_args"]["img_size"] = 224;
  write_config();
  write_safetensors(folder / "model.safetensors", testing::filled_tensors(timm["whole"]["tensors"]));
  const auto found = testing::vit_from({{"folder", folder.path().string()}})->encode(golden_pictures(48, 80));
  const auto& expected = timm["whole"]["results"][1];
  ASSERT_EQ(expected["height"], 48);
  EXPECT_LE(difference(found, testing::tensor_of(expected["embedding"], {2, -1})), 1e-5);

  config["model_args"]["qkv_bias"] = false;
  write_config();
  EXPECT_THAT(thrown([&] {
                testing::vit_from({{"folder", folder.path().string()}});
              }),
              HasSubstr("under \"model_args\" has \"qkv_bias\" as false"));
  config["architecture"] = "resnet50";
  write_config();
  EXPECT_THAT(thrown([&] {
                testing::vit_from({{"folder", folder.path().string()}});
              }),
              HasSubstr("\"architecture\" as \"resnet50\", expected one of the variants"));
}

TEST_F(VitFolders, take_the_towers_of_a_pair_with_and_without_their_ends) {
  const VitFolder pair(case_named(golden_, "clip"));
  const auto projected = vit(pair), plain = vit(pair, {{"pooling", "cls"}});
  EXPECT_EQ(projected->dimension(), 10);
  EXPECT_EQ(plain->dimension(), 24);
  const auto matrix = projected->parameters().back();
  ASSERT_EQ(matrix.name, "projection.weight");
  EXPECT_LE(difference(at::matmul(plain->encode(pictures_), matrix.tensor.t()), projected->encode(pictures_)),
            1e-6);

  const VitFolder siglip(case_named(golden_, "siglip"));
  EXPECT_EQ(vit(siglip, {{"pooling", "mean"}})->dimension(), 24);
  EXPECT_THAT(thrown([&] { vit(siglip, {{"pooling", "cls"}}); }), HasSubstr("has no class token"));
}

TEST_F(VitFolders, old_files_say_the_tower_twice) {
  const auto& made = case_named(golden_, "clip");
  const VitFolder folder(made);
  const auto expected = vit(folder)->encode(pictures_);
  auto config = made["config"];
  config["vision_config_dict"] = {{"patch_size", 4}};
  config["vision_config"]["patch_size"] = 8;
  folder.write("config.json", config.dump());
  EXPECT_EQ(difference(vit(folder)->encode(pictures_), expected), 0);
}

TEST_F(VitFolders, a_pooling_that_the_weights_lack_begins_at_random) {
  const VitFolder folder(case_named(golden_, "dinov2"));
  const auto encoder = vit(folder, {{"pooling", "attention"}});
  EXPECT_THAT(encoder->notes().back(), HasSubstr("no attention pooling, so that it is random"));
  EXPECT_TRUE(encoder->encode(pictures_).isfinite().all().item<bool>());
  const auto other = testing::vit_from({{"folder", folder.path()}, {"pooling", "attention"}}, {0, 0, 2});
  EXPECT_GT(difference(encoder->encode(pictures_), other->encode(pictures_)), 1e-4) << "the seed is not used";
}

TEST_F(VitFolders, live_on_without_their_weights) {
  const VitFolder folder(case_named(golden_, "dinov3_gated"));
  const auto first = vit(folder);
  const auto expected = first->encode(pictures_);
  folder.remove("model.safetensors");
  const auto second = vit(folder);
  EXPECT_THAT(second->notes().front(), HasSubstr("holds no weights, so they are random"));
  EXPECT_TRUE(second->encode(pictures_).isfinite().all().item<bool>());
  const auto source = first->parameters(), target = second->parameters();
  for (size_t i = 0; i < source.size(); ++i) {
    ASSERT_EQ(source[i].name, target[i].name);
    target[i].tensor.copy_(source[i].tensor);
  }
  EXPECT_EQ(difference(second->encode(pictures_), expected), 0);
}

TEST_F(VitFolders, say_what_their_configuration_lacks) {
  EXPECT_THAT(thrown([] {
                testing::vit_from({{"folder", "/nowhere"}});
              }),
              AllOf(HasSubstr("/nowhere has no config.json"), HasSubstr("\"weights\" and \"variant\"")));
  EXPECT_THAT(
      refusal("vit", {{"model_type", "swin"}}),
      AllOf(HasSubstr("config.json has \"model_type\" as \"swin\""), HasSubstr("kindred.torchscript")));
  EXPECT_THAT(refusal("vit", {{"model_type", "siglip2_vision_model"}}), HasSubstr("NaFlex"));
  EXPECT_THAT(refusal("siglip", {{"model_type", "siglip2"}, {"vision_config", {{"model_type", nullptr}}}}),
              HasSubstr("under \"vision_config\" has \"model_type\" as \"siglip2_vision_model\""));
  EXPECT_THAT(refusal("siglip", {{"vision_config", 7}}),
              HasSubstr("\"vision_config\" as 7, expected an object"));
  EXPECT_EQ(refusal("siglip", {{"model_type", "siglip2"}}), "nothing was thrown");
  EXPECT_THAT(refusal("vit", {{"hidden_act", "mish"}}),
              HasSubstr("\"hidden_act\" as \"mish\", expected gelu"));
  EXPECT_THAT(refusal("vit", {{"hidden_size", "24"}}),
              HasSubstr("\"hidden_size\" as \"24\", expected a whole number"));
  EXPECT_THAT(refusal("vit", {{"num_hidden_layers", 0}}), HasSubstr("from 1 to"));
  EXPECT_THAT(refusal("vit", {{"image_size", {16, 32}}}), HasSubstr("or two equal ones"));
  EXPECT_EQ(refusal("vit", {{"image_size", {16, 16}}}), "nothing was thrown");
  EXPECT_THAT(refusal("vit", {{"num_channels", 1}}), HasSubstr("expected 3: pictures are RGB"));
  EXPECT_THAT(refusal("vit", {{"num_attention_heads", 5}}), HasSubstr("do not divide into 5 heads"));
  EXPECT_THAT(refusal("dinov3", {{"num_attention_heads", 12}}), HasSubstr("multiple of four"));
  EXPECT_THAT(refusal("dinov3", {{"rope_theta", -1}}), HasSubstr("\"rope_theta\""));
  EXPECT_THAT(refusal("vit", {{"patch_size", 32}}), HasSubstr("a picture of 16 pixels holds no patch of 32"));
}

TEST_F(VitFolders, say_what_their_weights_lack) {
  const auto& made = case_named(golden_, "dinov2");
  const VitFolder folder(made);
  auto tensors = folder.tensors();
  tensors[0].name += "_elsewhere";
  tensors[5].tensor = at::zeros({3});
  folder.write_weights(tensors);
  EXPECT_THAT(thrown([&] { vit(folder); }),
              AllOf(HasSubstr("Hugging Face's dinov2 weights in " + folder.path()),
                    HasSubstr("missing " + folder.tensors()[0].name),
                    HasSubstr("misshapen " + tensors[5].name), HasSubstr(tensors[0].name)));
  EXPECT_THAT(refusal("dinov2", {{"num_hidden_layers", 1}}), HasSubstr("encoder.layer.1."));
  EXPECT_THAT(refusal("dinov2", {{"num_hidden_layers", 3}}), HasSubstr("missing encoder.layer.2."));
  EXPECT_THAT(refusal("dinov2", {{"image_size", 20}}), HasSubstr("misshapen embeddings.position_embeddings"));
}

TEST_F(VitFolders, parameters_are_checked) {
  const VitFolder folder(case_named(golden_, "dinov2"));
  EXPECT_THAT(thrown([&] { vit(folder, {{"weights", "a.pth"}}); }), HasSubstr("expected one of them"));
  EXPECT_THAT(thrown([] { testing::vit_from({{"variant", "vit_b_16"}}); }), HasSubstr("variant"));
  EXPECT_THAT(thrown([] {
                testing::vit_from({{"weights", "/nowhere/a.pth"}});
              }),
              HasSubstr("/nowhere/a.pth"));
}

TEST_F(VitFolders, refuse_pictures_that_patches_do_not_fill) {
  const VitFolder folder(case_named(golden_, "dinov2"));
  EXPECT_THAT(thrown([&] { vit(folder)->encode(golden_pictures(16, 18)); }),
              AllOf(HasSubstr("a picture of 18 x 16 pixels"), HasSubstr("a multiple of 4, or to 16")));
}

}  // namespace
}  // namespace kindred
