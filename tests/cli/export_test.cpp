#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "host_process.hpp"
#include "made_photos.hpp"
#include "small_pipeline.hpp"
#include "tensor_names.hpp"

/// `host export`, and what it wrote as an encoder of another pipeline.
namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool has_openvino() { return fs::exists(std::string(KINDRED_TEST_PLUGINS) + "/openvino.kindred.so"); }

class Export : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_pictures(folder_);
    pipeline_ = testing::photos_pipeline();
    pipeline_["model"]["encoders"]["image"]["trainable"] = true;
    testing::write_pipeline(folder_, pipeline_);
    const auto result = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "run"});
    ASSERT_EQ(result.code, 0) << result.error;
  }

  testing::HostResult run(std::vector<std::string> more) {
    std::vector<std::string> words = {"export", "--model", "run"};
    words.insert(words.end(), more.begin(), more.end());
    return testing::run_host(folder_, words);
  }

  json exported(const std::string& format, const std::string& output, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--to", format, "--output", output, "--json"});
    const auto result = run(more);
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out, nullptr, false);
  }

  at::Tensor embedded(const std::vector<std::string>& by) {
    std::vector<std::string> words = {"embed", "--quiet", "--output", "e.npy"};
    words.insert(words.end(), by.begin(), by.end());
    words.emplace_back("photos");
    const auto result = testing::run_host(folder_, words);
    EXPECT_EQ(result.code, 0) << result.error;
    return map_npy(folder_ / "e.npy").clone();
  }

  /// Embeddings by an encoder alone.
  at::Tensor embedded_by(const json& encoder) {
    auto pipeline = pipeline_;
    pipeline["model"] = {{"encoders", {{"image", encoder}}}};
    pipeline["train"]["epochs"] = 0;
    testing::write_pipeline(folder_, pipeline, "again.json");
    return embedded({"--pipeline", "again.json"});
  }

  void expect_checked(const json& manifest, const std::string& runtime) {
    ASSERT_TRUE(manifest.is_object());
    const auto& check = manifest["check"];
    EXPECT_THAT(check["runtime"].get<std::string>(), HasSubstr(runtime));
    EXPECT_EQ(check["samples"], 32);
    EXPECT_EQ(check["source"], "of the dataset kindred.image_folder");
    EXPECT_LE(check["largest_difference"].get<double>(), 1e-4);
  }

  testing::TemporaryFolder folder_{"export"};
  json pipeline_;
};

double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST_F(Export, writes_the_whole_model_as_torchscript_which_is_an_encoder_again) {
  const auto manifest = exported("torchscript", "out", {"--licence", "apache-2.0"});
  expect_checked(manifest, "LibTorch");
  EXPECT_EQ(manifest, testing::read_json(folder_ / "out/manifest.json"));
  EXPECT_EQ(manifest["input"]["shape"], (json{"batch", 3, 32, 32}));
  EXPECT_EQ(manifest["output"]["shape"], (json{"batch", 64}));
  EXPECT_EQ(manifest["preprocessing"]["transforms"][0]["params"]["width"], 32);
  EXPECT_LE(difference(embedded_by({{"type", "torchscript"}, {"module", "out/model.pt"}, {"probe_size", 32}}),
                       embedded({"--model", "run"})),
            1e-4);
  const auto card = read_file(folder_ / "out/README.md");
  EXPECT_THAT(
      card, AllOf(HasSubstr("license: apache-2.0"), HasSubstr("r_precision"), HasSubstr("| train | 24 | 4 |"),
                  HasSubstr("skip_connection"), HasSubstr("torch.jit.load")));
}

TEST_F(Export, writes_onnx_which_is_an_encoder_again) {
  const auto manifest = exported("onnx", "out");
  EXPECT_EQ(manifest["opset"], 17);
  if (!has_openvino()) {
    EXPECT_TRUE(manifest["check"].is_null());
    EXPECT_THAT(manifest["not_checked"].get<std::string>(), HasSubstr("kindred.onnx"));
    return;
  }
  expect_checked(manifest, "OpenVINO");
  EXPECT_LE(
      difference(embedded_by({{"type", "onnx"}, {"module", "out/model.onnx"}}), embedded({"--model", "run"})),
      1e-4);
}

TEST_F(Export, writes_the_format_of_openvino_which_is_an_encoder_again) {
  if (!has_openvino()) GTEST_SKIP() << "the plugin openvino was not built";
  const auto manifest = exported("openvino", "out");
  EXPECT_EQ(manifest["files"], (json{"model.xml", "model.bin"}));
  EXPECT_FALSE(fs::exists(folder_ / "out/model.onnx"));
  expect_checked(manifest, "OpenVINO");
  EXPECT_LE(difference(embedded_by({{"type", "onnx"}, {"module", "out/model.xml"}, {"bin", "out/model.bin"}}),
                       embedded({"--model", "run"})),
            1e-4);
}

TEST_F(Export, takes_bytes_where_it_has_the_preprocessing) {
  for (const std::string format : {"torchscript", "onnx", "openvino"}) {
    if (format == "openvino" && !has_openvino()) continue;
    const auto manifest = exported(format, format, {"--with-preprocessing"});
    EXPECT_EQ(manifest["input"]["shape"], (json{"batch", 32, 32, 3})) << format;
    EXPECT_EQ(manifest["input"]["dtype"], "uint8");
    EXPECT_EQ(manifest["preprocessing"]["included"], true);
    if (format == "torchscript" || has_openvino()) expect_checked(manifest, "");
  }
}

TEST_F(Export, writes_the_encoder_under_the_names_of_its_library) {
  const auto manifest = exported("state_dict", "out");
  expect_checked(manifest, "made from the written files");
  EXPECT_LE(manifest["check"]["largest_difference"].get<double>(), 1e-5);
  EXPECT_EQ(manifest["files"], (json{"model.safetensors", "head.safetensors"}));
  const auto names = [&](const std::string& file) {
    return testing::tensor_names(folder_ / ("out/" + file));
  };
  EXPECT_THAT(names("model.safetensors"), ::testing::Contains("layer4.1.bn2.running_var"));
  EXPECT_THAT(names("head.safetensors"),
              ::testing::UnorderedElementsAre("0.gates_0", "0.fc_0.weight", "0.fc_0.bias"));
}

TEST_F(Export, checks_by_drawn_samples_where_the_pictures_are_gone) {
  fs::rename(folder_.path() / "photos", folder_.path() / "elsewhere");
  const auto manifest = exported("torchscript", "out");
  EXPECT_EQ(manifest["check"]["source"], "drawn");
  EXPECT_LE(manifest["check"]["largest_difference"].get<double>(), 1e-4);
  const auto result = run({"--to", "torchscript", "--output", "other", "--data", "pipeline.json"});
  EXPECT_NE(result.code, 0);
  EXPECT_FALSE(fs::exists(folder_.path() / "other"));
}

TEST_F(Export, goes_on_where_the_plugins_of_the_run_are_gone) {
  auto pipeline = testing::read_json(folder_ / "run/pipeline.json");
  pipeline["plugins"] = {"nowhere"};
  testing::write_pipeline(folder_, pipeline, "run/pipeline.json");
  auto result = run({"--to", "torchscript", "--output", "out"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("nowhere of the model's run is not there any more"));
  result = run({"--to", "torchscript", "--output", "other", "--data", "run/pipeline.json"});
  EXPECT_NE(result.code, 0);
  EXPECT_THAT(result.error, HasSubstr("does not exist"));
  pipeline["plugins"] = 3;
  testing::write_pipeline(folder_, pipeline, "run/pipeline.json");
  result = run({"--to", "torchscript", "--output", "third"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("expected a list of folders"));
}

TEST_F(Export, says_what_is_wrong_and_leaves_nothing) {
  const auto told = [&](const std::vector<std::string>& more) {
    const auto result = run(more);
    EXPECT_NE(result.code, 0);
    return result.error;
  };
  EXPECT_THAT(told({"--to", "tflite", "--output", "out"}),
              HasSubstr("torchscript, onnx, openvino or state_dict"));
  if (!has_openvino()) {
    EXPECT_THAT(told({"--to", "openvino", "--output", "out"}), HasSubstr("or take --to onnx"));
  }
  EXPECT_THAT(told({"--to", "onnx"}), HasSubstr("--output DIR is missing"));
  EXPECT_THAT(told({"--to", "onnx", "--output", "out", "--size", "32"}), HasSubstr("WIDTHxHEIGHT"));
  for (const auto* wrong : {"32x 32", "32x32x3", "0x32", "99999x32"})
    EXPECT_THAT(told({"--to", "onnx", "--output", "out", "--size", wrong}), HasSubstr("WIDTHxHEIGHT"));
  EXPECT_THAT(told({"--to", "onnx", "--output", "out", "--size", "64x64"}), HasSubstr("32 x 32"));
  EXPECT_THAT(told({"--to", "onnx", "--output", "run"}), HasSubstr("is there already"));
  EXPECT_THAT(told({"--to", "state_dict", "--output", "out", "--with-preprocessing"}),
              HasSubstr("torchscript, onnx and openvino"));
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("out.new"))) << entry.path();
}

TEST(ExportOfVectors, writes_a_model_of_stored_vectors) {
  const testing::TemporaryFolder folder("export_vectors");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  auto result = testing::run_host(
      folder,
      {"run", "pipeline.json", "--quiet", "--output", "run", "--set",
       R"(model.head=[{"type":"whitening"},{"type":"projection","dimension":8,"hidden":12,"batch_norm":true},{"type":"l2_normalize"}])"});
  ASSERT_EQ(result.code, 0) << result.error;
  for (const auto* format : {"torchscript", "onnx"}) {
    result = testing::run_host(
        folder, {"export", "--model", "run/model", "--to", format, "--output", format, "--json"});
    ASSERT_EQ(result.code, 0) << result.error;
    const auto manifest = json::parse(result.out);
    EXPECT_EQ(manifest["input"]["shape"], (json{"batch", 16}));
    EXPECT_EQ(manifest["output"]["shape"], (json{"batch", 8}));
    if (!manifest["check"].is_null()) {
      EXPECT_LE(manifest["check"]["largest_difference"].get<double>(), 1e-4);
    }
  }
  result = testing::run_host(
      folder, {"export", "--model", "run", "--to", "onnx", "--output", "out", "--size", "32x32"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.error, HasSubstr("--size is for models of pictures"));
  result = testing::run_host(folder, {"export", "--model", "run", "--to", "state_dict", "--output", "out"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("takes no weights"));
}

}  // namespace
}  // namespace kindred
