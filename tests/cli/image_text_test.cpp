#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "../unit/plugins/text/towers/tower_folder.hpp"
#include "host_process.hpp"
#include "kindred/io/file.hpp"
#include "small_pipeline.hpp"
#include "tensor_names.hpp"

/// Pictures and texts that are brought into one space by both towers of a CLIP.
namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

struct Color {
  const char* name;
  std::array<unsigned char, 3> rgb;
};
constexpr Color kColors[] = {{"red", {220, 30, 30}},  {"green", {20, 200, 40}},
                             {"blue", {30, 40, 230}}, {"white", {240, 240, 240}},
                             {"black", {10, 10, 10}}, {"yellow", {230, 220, 20}}};

/// A picture of 8 x 8 pixels whose left half has one color and whose right half has another.
std::string halves(const Color& left, const Color& right) {
  std::string bytes = "P6\n8 8\n255\n";
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      for (const auto value : (column < 4 ? left : right).rgb) bytes += static_cast<char>(value);
    }
  }
  return bytes;
}

class ImageText : public ::testing::Test {
 protected:
  /// clip/ has a CLIP without weights; captions.jsonl pairs of a picture and what is seen on it; photos.jsonl
  /// and queries.jsonl either side by itself.
  ImageText() {
    std::filesystem::create_directories(folder_.path() / "clip");
    const auto golden = testing::tower_golden("golden_towers.json");
    write_file_atomically(folder_ / "clip/config.json", golden.at("cases").at(0).at("config").dump());
    testing::copy_tokenizer("clip", folder_ / "clip");
    std::ofstream pairs(folder_ / "captions.jsonl"), photos(folder_ / "photos.jsonl"),
        queries(folder_ / "queries.jsonl");
    for (const auto& left : kColors) {
      for (const auto& right : kColors) {
        if (left.rgb == right.rgb) continue;
        const auto name = std::string(left.name) + "_" + right.name + ".ppm";
        write_file_atomically(folder_ / name, halves(left, right));
        const json photo = {{"photo", name}, {"kind", "photo"}};
        const json caption = {{"caption", std::string(left.name) + " beside " + right.name},
                              {"kind", "caption"}};
        pairs << json{{"obj_a", caption}, {"obj_b", photo}}.dump() << "\n";
        photos << photo.dump() << "\n";
        queries << caption.dump() << "\n";
      }
    }
  }

  static json dataset(const char* type, const char* file) {
    return {{"type", type},
            {"file", file},
            {"fields", {{"photo", "image"}, {"caption", "text"}, {"kind", "text"}}},
            {"optional", {"photo", "caption"}}};
  }

  static json pipeline() {
    auto made = R"({
      "kindred": 1, "name": "captions", "seed": 5,
      "data": {"transforms": [{"type": "resize", "width": 8, "height": 8}],
               "split": {"train": {"fraction": 0.8}, "validation": "none", "test": "rest"}},
      "model": {
        "encoders": {
          "caption": {"type": "clip_text", "folder": "clip", "field": "caption", "trainable": true},
          "kind": {"type": "one_hot", "field": "kind", "values": ["caption", "photo"]},
          "photo": {"type": "vit", "folder": "clip", "field": "photo", "trainable": true}},
        "head": {"switch": {"on": "kind", "heads": [{"type": "slice", "count": 10}, {"type": "slice", "first": 10}]}}},
      "train": {
        "loss": {"type": "multiple_negatives_ranking", "symmetric": true, "scale": 14.2857, "learn_scale": true},
        "batch_sampler": {"type": "shuffle", "batch_size": 24},
        "optimizer": {"type": "adam", "lr": 0.001}, "epochs": 150},
      "evaluate": {"metrics": [{"type": "precision_at_1"}, {"type": "mean_reciprocal_rank"}]}
    })"_json;
    made["data"]["dataset"] = dataset("pairs_jsonl", "captions.jsonl");
    return made;
  }

  testing::HostResult host(const std::vector<std::string>& arguments) const {
    auto result = testing::run_host(folder_, arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    return result;
  }

  testing::TemporaryFolder folder_{"image_text"};
};

TEST_F(ImageText, captions_find_pictures_that_were_never_seen_and_search_finds_them) {
  testing::write_pipeline(folder_, pipeline());
  host({"run", "pipeline.json", "--quiet", "--output", "run"});
  const auto result = testing::read_json(folder_ / "run/result.json");
  EXPECT_LT(result["metrics"]["base"]["precision_at_1"].get<double>(), 0.5);
  EXPECT_GE(result["metrics"]["tuned"]["precision_at_1"].get<double>(), 0.5);

  for (const auto* side : {"photos", "queries"}) {
    auto one = pipeline();
    one["data"]["dataset"] = dataset("records", (std::string(side) + ".jsonl").c_str());
    testing::write_pipeline(folder_, one, std::string(side) + ".json");
  }
  host({"index", "build", "--model", "run", "--data", "photos.json", "--output", "photos.index", "--quiet"});
  host({"embed", "--model", "run", "--data", "queries.json", "--output", "texts.npy", "--quiet"});
  const auto found = json::parse(
      host({"search", "--index", "photos.index", "--embeddings", "texts.npy", "-k", "1", "--json"}).out);
  int right = 0;
  for (size_t i = 0; i < found["results"].size(); ++i)
    right += found["results"][i]["found"][0]["id"] == "photos:" + std::to_string(i + 1) ? 1 : 0;
  EXPECT_EQ(found["results"].size(), 30u);
  EXPECT_GE(right, 15) << found.dump(2);
}

TEST_F(ImageText, each_tower_is_exported_alone) {
  testing::write_pipeline(folder_, pipeline());
  host({"run", "pipeline.json", "--quiet", "--output", "run", "--set", "train.epochs=2"});
  const auto exported = [&](const std::string& encoder, const std::string& format) {
    const auto place = encoder + "_" + format;
    const auto said =
        host({"export", "--model", "run", "--encoder", encoder, "--to", format, "--output", place, "--json"});
    const auto manifest = json::parse(said.out);
    EXPECT_EQ(manifest["encoder"], encoder);
    EXPECT_EQ(manifest["output"]["shape"], (json{"batch", 10}));
    EXPECT_LE(manifest["check"]["largest_difference"].get<double>(), 1e-5);
    EXPECT_THAT(read_file(folder_ / (place + "/README.md")),
                HasSubstr("the encoder `" + encoder + "` of a model"));
    return manifest;
  };
  const auto names = [&](const std::string& file) { return testing::tensor_names(folder_ / file); };
  const auto caption = exported("caption", "state_dict");
  EXPECT_EQ(caption["input"]["name"], "texts");
  EXPECT_EQ(caption["check"]["source"], "of the dataset kindred.pairs_jsonl");
  EXPECT_THAT(caption["files"],
              ::testing::UnorderedElementsAre("model.safetensors", "config.json", "tokenizer.json"));
  EXPECT_THAT(names("caption_state_dict/model.safetensors"),
              ::testing::IsSupersetOf(
                  {"text_model.encoder.layers.0.self_attn.q_proj.weight", "text_projection.weight"}));
  exported("photo", "state_dict");
  EXPECT_THAT(names("photo_state_dict/model.safetensors"),
              ::testing::IsSupersetOf({"vision_model.encoder.layers.0.self_attn.q_proj.weight"}));
  EXPECT_EQ(exported("photo", "torchscript")["input"]["shape"], (json{"batch", 3, 8, 8}));
  std::filesystem::rename(folder_.path() / "captions.jsonl", folder_.path() / "gone.jsonl");
  const auto drawn = host({"export", "--model", "run", "--encoder", "caption", "--to", "state_dict",
                           "--output", "again", "--json"});
  EXPECT_EQ(json::parse(drawn.out)["check"]["source"], "drawn");
}

TEST_F(ImageText, what_cannot_be_exported_is_said_with_what_can) {
  testing::write_pipeline(folder_, pipeline());
  host({"run", "pipeline.json", "--quiet", "--output", "run", "--set", "train.epochs=1"});
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"export", "--model", "run", "--output", "out"});
    const auto result = testing::run_host(folder_, words);
    EXPECT_EQ(result.code, 1) << result.out;
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out"));
    return result.error;
  };
  EXPECT_THAT(refused({"--to", "state_dict"}), HasSubstr("by --encoder: caption, kind, photo"));
  EXPECT_THAT(refused({"--to", "onnx", "--encoder", "caption"}),
              HasSubstr("export its weights to state_dict"));
  EXPECT_THAT(refused({"--to", "state_dict", "--encoder", "text"}),
              HasSubstr("no encoder \"text\"; it has caption"));
  EXPECT_THAT(refused({"--to", "state_dict", "--encoder", "kind"}), HasSubstr("takes no weights"));
}

}  // namespace
}  // namespace kindred
