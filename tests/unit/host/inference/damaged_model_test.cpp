#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "kindred/inference.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

/// A copy of a model that is written to.
class DamagedModel : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(std::string(KINDRED_TEST_MODELS) + "/v0_11/records", folder_.path() / "model",
             fs::copy_options::recursive);
  }

  /// The sentence of the Error that load() throws.
  std::string refusal(const std::string& folder, const SimilarityModel::Options& options = {}) {
    try {
      SimilarityModel::load(folder, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "it was loaded";
  }
  std::string refusal() { return refusal(folder_ / "model"); }

  void change_manifest(const std::function<void(json&)>& change) {
    auto manifest = json::parse(read_file(folder_ / "model/model.json"));
    change(manifest);
    write_file_atomically(folder_ / "model/model.json", manifest.dump());
  }

  testing::TemporaryFolder folder_{"damaged_model"};
};

TEST_F(DamagedModel, is_found_in_the_folder_of_its_run) {
  EXPECT_EQ(SimilarityModel::load(folder_ / "").dimension(), 4);
  EXPECT_EQ(SimilarityModel::load(folder_ / "model").dimension(), 4);
}

TEST_F(DamagedModel, whose_folder_is_missing_is_named) {
  EXPECT_THAT(refusal(folder_ / "nowhere"), HasSubstr(folder_ / "nowhere/model.json"));
  fs::create_directories(folder_.path() / "empty");
  EXPECT_THAT(refusal(folder_ / "empty"), HasSubstr("model.json"));
}

TEST_F(DamagedModel, whose_files_are_cut_off_names_the_file) {
  for (const auto* file : {"model.json", "head.safetensors"}) {
    const auto path = folder_ / (std::string("model/") + file);
    const auto bytes = read_file(path);
    write_file_atomically(path, bytes.substr(0, bytes.size() / 2));
    EXPECT_THAT(refusal(), HasSubstr(file));
    write_file_atomically(path, bytes);
  }
  fs::remove(folder_.path() / "model/encoder.safetensors");
  EXPECT_THAT(refusal(), HasSubstr("encoder.safetensors"));
}

TEST_F(DamagedModel, whose_weights_are_no_numbers_names_the_tensor) {
  const auto path = folder_ / "model/head.safetensors";
  auto bytes = read_file(path);
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const auto described = json::parse(bytes.substr(8, header));
  for (const auto& [name, one] : described.items()) {
    if (name == "__metadata__" || one["dtype"] != "F32") continue;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    auto damaged = bytes;
    std::memcpy(damaged.data() + 8 + header + one["data_offsets"][0].get<uint64_t>(), &nan, sizeof(nan));
    write_file_atomically(path, damaged);
    EXPECT_THAT(refusal(), HasSubstr("the tensor " + name + " holds 1 of "));
  }
}

TEST_F(DamagedModel, of_a_run_that_ended_early_says_how_the_run_ended) {
  fs::remove_all(folder_.path() / "model");
  write_file_atomically(folder_ / "pipeline.json", "{}");
  EXPECT_THAT(refusal(folder_ / ""), HasSubstr("is still running"));
  write_file_atomically(folder_ / "result.json", R"({"status": "interrupted"})");
  EXPECT_THAT(refusal(folder_ / ""), HasSubstr("was interrupted before it had a model"));
}

TEST_F(DamagedModel, whose_manifest_lacks_something_says_so) {
  change_manifest([](json& manifest) { manifest["encoders"][0].erase("dimension"); });
  EXPECT_THAT(refusal(), HasSubstr("is not complete"));
}

TEST_F(DamagedModel, whose_plugin_is_missing_says_where_to_name_it) {
  change_manifest([](json& manifest) {
    manifest["heads"][0]["type"] = "acme.rotation";
    manifest["heads"][0]["plugin"] = "acme.plugin";
  });
  const auto sentence = refusal();
  EXPECT_THAT(sentence, HasSubstr("acme.rotation"));
  EXPECT_THAT(sentence, HasSubstr("acme.plugin"));
  EXPECT_THAT(sentence, HasSubstr("plugin_folders"));
}

TEST_F(DamagedModel, options_that_make_no_sense_are_refused) {
  SimilarityModel::Options options;
  options.batch_size = 0;
  EXPECT_THAT(refusal(folder_ / "model", options), HasSubstr("batch_size is 0"));
  options = {};
  options.threads = -1;
  EXPECT_THAT(refusal(folder_ / "model", options), HasSubstr("threads is negative"));
  options = {};
  options.plugin_folders = {folder_ / "no_plugins"};
  EXPECT_THAT(refusal(folder_ / "model", options), HasSubstr("plugin_folders names"));
  options = {};
  options.device = "warp";
  EXPECT_THAT(refusal(folder_ / "model", options), HasSubstr("warp"));
}

}  // namespace
}  // namespace kindred
