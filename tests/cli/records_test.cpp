#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

/// Records of two vectors: 24 classes of 10 samples. `left` tells half of the classes apart, `right` the
/// other half, so that it takes both.
void write_records(const testing::TemporaryFolder& folder) {
  at::manual_seed(7);
  const auto centres = at::randn({24, 6});
  std::ofstream file(folder / "records.jsonl");
  for (int64_t i = 0; i < 240; ++i) {
    const auto label = i % 24;
    const auto numbers = [&](bool tells) {
      auto x = at::randn({8}) * 0.8;
      x.slice(0, 0, 6).mul_(0.4);
      if (tells) x.slice(0, 0, 6).add_(centres[label]);
      std::vector<float> list(x.data_ptr<float>(), x.data_ptr<float>() + 8);
      return list;
    };
    const bool first_half = label < 12;
    file << json{{"left", numbers(first_half)},
                 {"right", numbers(!first_half)},
                 {"kind", first_half ? "early" : "late"},
                 {"label", label}}
                .dump()
         << "\n";
  }
}

json records_pipeline() {
  auto pipeline = testing::vectors_pipeline();
  pipeline["data"]["dataset"] = R"({"type": "records", "file": "records.jsonl",
      "fields": {"left": "vector", "right": "vector", "kind": "text"}})"_json;
  pipeline["model"]["encoders"] = R"({"a": {"type": "identity", "field": "left"},
      "b": {"type": "identity", "field": "right"}})"_json;
  pipeline["model"]["head"]["dropout"] = 0;
  return pipeline;
}

json run(const testing::TemporaryFolder& folder, const json& pipeline, const std::string& output,
         const std::vector<std::string>& more = {}) {
  testing::write_pipeline(folder, pipeline);
  std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto result = testing::run_host(folder, arguments);
  EXPECT_EQ(result.code, 0) << result.error;
  return result.code == 0 ? testing::read_json(folder / (output + "/result.json")) : json();
}

double r_precision(const json& result, const char* which) {
  return result["metrics"][which]["r_precision"].get<double>();
}

TEST(Records, several_encoders_are_joined_and_their_model_embeds_the_same) {
  const testing::TemporaryFolder folder("records");
  write_records(folder);
  const auto both = run(folder, records_pipeline(), "both");
  ASSERT_FALSE(both.is_null());
  auto one = records_pipeline();
  one["model"]["encoders"].erase("b");
  const auto left = run(folder, one, "left");
  EXPECT_GT(r_precision(both, "base"), r_precision(left, "base") + 0.05) << "both fields are needed";
  EXPECT_GT(r_precision(both, "tuned"), r_precision(both, "base"));

  testing::write_pipeline(folder, records_pipeline());
  const auto measured =
      testing::run_host(folder, {"evaluate", "pipeline.json", "--model", "both/model", "--json", "--quiet"});
  ASSERT_EQ(measured.code, 0) << measured.error;
  EXPECT_NEAR(r_precision(json::parse(measured.out), "tuned"), r_precision(both, "tuned"), 1e-9);
  EXPECT_NEAR(r_precision(json::parse(measured.out), "base"), r_precision(both, "base"), 1e-9);

  const auto embedded =
      testing::run_host(folder, {"embed", "--model", "both/model", "--data", "pipeline.json", "--output",
                                 "e.npy", "--quiet", "--json"});
  ASSERT_EQ(embedded.code, 0) << embedded.error;
  EXPECT_EQ(json::parse(embedded.out)["rows"], 240);
  EXPECT_EQ(json::parse(embedded.out)["dimension"], 16);
  const auto raw = testing::run_host(folder, {"embed", "--pipeline", "pipeline.json", "--data",
                                              "pipeline.json", "--output", "raw.npy", "--quiet"});
  ASSERT_EQ(raw.code, 0) << raw.error;
  EXPECT_EQ(map_npy(folder / "raw.npy").size(1), 16);
  const auto refused =
      testing::run_host(folder, {"embed", "--model", "both/model", "--output", "f.npy", "records.jsonl"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.error.find("several encoders"), std::string::npos) << refused.error;
}

TEST(Records, a_switch_gives_each_kind_its_head) {
  const testing::TemporaryFolder folder("records_switch");
  write_records(folder);
  auto pipeline = records_pipeline();
  pipeline["model"]["encoders"]["kind"] =
      R"({"type": "one_hot", "field": "kind", "values": ["early", "late"]})"_json;
  pipeline["model"]["head"] = R"([{"switch": {"on": "kind", "heads": [
      [{"type": "projection", "dimension": 12}], [{"type": "whitening"}, {"type": "projection", "dimension": 12}]]}},
      {"type": "l2_normalize"}])"_json;
  const auto result = run(folder, pipeline, "run");
  ASSERT_FALSE(result.is_null());
  const auto tensors = read_checkpoint(folder / "run/model/head.safetensors");
  std::string names;
  for (const auto& one : tensors) names += one.name + " ";
  EXPECT_NE(names.find("0.0.0."), std::string::npos) << names << "should have the first head's";
  EXPECT_NE(names.find("0.1.1."), std::string::npos)
      << names << "should have the second's, behind the whitening";
  const auto measured =
      testing::run_host(folder, {"evaluate", "pipeline.json", "--model", "run/model", "--json", "--quiet"});
  ASSERT_EQ(measured.code, 0) << measured.error;
  for (const char* which : {"base", "tuned"}) {
    EXPECT_NEAR(r_precision(json::parse(measured.out), which), r_precision(result, which), 1e-9) << which;
  }
  auto plain = records_pipeline();
  EXPECT_NEAR(r_precision(result, "base"), r_precision(run(folder, plain, "plain"), "base"), 1e-9)
      << "what chooses is no part of the base";
}

TEST(Records, what_does_not_fit_is_told) {
  const testing::TemporaryFolder folder("records_bad");
  write_records(folder);
  const struct {
    const char* patch;
    int code;
    const char* message;
  } cases[] = {
      {R"({"model": {"encoders": {"a": {"field": "lfet"}}}})", 3, "did you mean \"left\"?"},
      {R"({"model": {"encoders": {"a": {"field": ""}}}})", 3, "say which one this encoder reads"},
      {R"({"model": {"encoders": {"a": {"field": "kind"}}}})", 3, "reads vectors, but"},
      {R"({"model": {"head": {"switch": {"on": "c", "heads": [null, null]}}}})", 3,
       "no encoder is called \"c\""},
      {R"({"model": {"head": {"switch": {"on": "a", "heads": [{"type": "skip_connection"}, null]}}}})", 3,
       "gives 8 numbers"},
      {R"({"model": {"head": {"switch": {"on": "a", "heads": [null]}}}})", 3, "at least two heads"},
      {R"({"model": {"head": [{"type": "empty"}, {"switch": {"on": "a", "heads": [null, null]}}]}})", 3,
       "before the other heads"},
      {R"({"train": {"optimizer": {"lr_factors": {"haed.*": 2}}}})", 3,
       "no parameter that is trained is called"},
      {R"({"train": {"freeze": [{"tensors": "head.*", "from_epoch": 4, "until_epoch": 2}]}})", 3,
       "comes before from_epoch"},
      {R"({"train": {"ema": 0.9, "swa_start": 2}})", 3, "averaged by ema already"},
      {R"({"train": {"loss": {"type": "cosent"}}})", 3, "gives samples with labels"},
  };
  for (const auto& one : cases) {
    auto pipeline = records_pipeline();
    const auto patch = json::parse(one.patch);
    if (patch.contains("model") && patch["model"].contains("head")) pipeline["model"].erase("head");
    pipeline.merge_patch(patch);
    testing::write_pipeline(folder, pipeline);
    const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", "bad"});
    EXPECT_EQ(result.code, one.code) << one.patch << result.error;
    EXPECT_NE(result.error.find(one.message), std::string::npos) << one.patch << "\n" << result.error;
    fs::remove_all(folder / "bad");
  }
}

}  // namespace
}  // namespace kindred
