#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;

/// What a run left: the losses of its epochs and the tensors of its head.
struct Trained {
  std::vector<double> losses;
  std::map<std::string, at::Tensor> head;
};

Trained train(const testing::TemporaryFolder& folder, const json& pipeline, const std::string& output) {
  testing::write_pipeline(folder, pipeline);
  const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", output});
  EXPECT_EQ(result.code, 0) << result.error;
  Trained out;
  if (result.code != 0) return out;
  std::istringstream history;
  if (pipeline["train"]["epochs"] > 0) history.str(read_file(folder / (output + "/history.jsonl")));
  for (std::string line; std::getline(history, line);)
    out.losses.push_back(json::parse(line)["train"]["loss"]);
  for (const auto& one : read_checkpoint(folder / (output + "/model/head.safetensors"))) {
    out.head[one.name] = one.tensor;
  }
  return out;
}

json pipeline_without_dropout() {
  auto pipeline = testing::vectors_pipeline();
  pipeline["model"]["head"] = R"([{"type": "projection", "hidden": 12, "dimension": 8}])"_json;
  pipeline["train"]["epochs"] = 4;
  pipeline["train"]["optimizer"] = {{"type", "sgd"}, {"lr", 0.3}};
  pipeline["train"]["early_stopping"] = {{"monitor", "train.loss"}};
  return pipeline;
}

TEST(Training, a_gradient_cache_gives_the_gradient_of_the_whole_batch) {
  const testing::TemporaryFolder folder("gradient_cache");
  testing::write_vectors(folder);
  auto pipeline = pipeline_without_dropout();
  const auto whole = train(folder, pipeline, "whole");
  for (const int part : {1, 7, 29, 30, 1000}) {
    pipeline["train"]["gradient_cache"] = part;
    const auto parts = train(folder, pipeline, "parts_" + std::to_string(part));
    ASSERT_EQ(parts.losses.size(), whole.losses.size()) << part;
    for (size_t i = 0; i < whole.losses.size(); ++i)
      EXPECT_NEAR(parts.losses[i], whole.losses[i], 2e-5) << part;
    for (const auto& [name, tensor] : whole.head) {
      EXPECT_TRUE(at::allclose(parts.head.at(name), tensor, 1e-4, 1e-5)) << part << " " << name;
    }
  }
}

TEST(Training, a_gradient_cache_repeats_what_dropout_drew) {
  const testing::TemporaryFolder folder("gradient_cache_dropout");
  testing::write_vectors(folder);
  auto pipeline = pipeline_without_dropout();
  pipeline["model"]["head"] =
      R"([{"type": "dropout", "probability": 0.5}, {"type": "projection", "dimension": 8}])"_json;
  pipeline["train"]["gradient_cache"] = 10;
  pipeline["train"]["epochs"] = 30;
  const auto trained = train(folder, pipeline, "run");
  ASSERT_EQ(trained.losses.size(), 30U);
  EXPECT_LT(trained.losses.back(), trained.losses.front() - 0.2)
      << "a gradient of other embeddings than the loss saw would not lead down";
  EXPECT_EQ(train(folder, pipeline, "again").losses, trained.losses);
}

TEST(Training, frozen_parameters_stay_and_train_when_their_time_comes) {
  const testing::TemporaryFolder folder("freeze");
  testing::write_vectors(folder);
  auto pipeline = pipeline_without_dropout();
  pipeline["train"]["epochs"] = 0;
  const auto initial = train(folder, pipeline, "initial");
  pipeline["train"]["epochs"] = 3;
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : initial.head) all.push_back(name);
    return all;
  }();
  ASSERT_GE(names.size(), 4U);
  const auto changed = [&](const Trained& trained) {
    std::string text;
    for (const auto& name : names)
      text += at::equal(trained.head.at(name), initial.head.at(name)) ? '.' : 'x';
    return text;
  };
  const std::string all(names.size(), 'x'), none(names.size(), '.');
  EXPECT_EQ(changed(train(folder, pipeline, "free")), all);
  pipeline["train"]["freeze"] = json::array({{{"tensors", "head.*"}}});
  EXPECT_EQ(changed(train(folder, pipeline, "frozen")), none);
  pipeline["train"]["freeze"][0]["until_epoch"] = 2;
  EXPECT_EQ(changed(train(folder, pipeline, "thawed")), all);
  pipeline["train"]["freeze"] = json::array({{{"tensors", "head." + names.front()}}});
  auto expected = all;
  expected.front() = '.';
  EXPECT_EQ(changed(train(folder, pipeline, "one")), expected);
  pipeline["train"].erase("freeze");
  pipeline["train"]["optimizer"]["lr_factors"] = {{"head." + names.front(), 0}};
  EXPECT_EQ(changed(train(folder, pipeline, "rate")), expected);
}

TEST(Training, stochastic_weight_averaging_saves_the_mean_of_epochs) {
  const testing::TemporaryFolder folder("swa");
  testing::write_vectors(folder);
  auto pipeline = pipeline_without_dropout();
  pipeline["data"]["split"]["validation"] = "none";
  // The weights at the end of each epoch are those of a run of so many epochs.
  std::vector<Trained> runs;
  for (int epochs = 1; epochs <= 3; ++epochs) {
    pipeline["train"]["epochs"] = epochs;
    runs.push_back(train(folder, pipeline, "run_" + std::to_string(epochs)));
  }
  pipeline["train"]["swa_start"] = 2;
  const auto averaged = train(folder, pipeline, "averaged");
  for (const auto& [name, tensor] : averaged.head) {
    const auto mean = (runs[1].head.at(name) + runs[2].head.at(name)) / 2;
    EXPECT_TRUE(at::allclose(tensor, mean, 1e-5, 1e-6)) << name;
  }
}

TEST(Training, what_would_never_happen_is_a_mistake) {
  const testing::TemporaryFolder folder("never");
  testing::write_vectors(folder);
  const struct {
    const char *patch, *message;
  } cases[] = {{R"({"swa_start": 9})", "there are only 4 epochs, so that nothing would be averaged"},
               {R"({"freeze": [{"tensors": "head.*", "from_epoch": 9}]})", "there are only 4 epochs"}};
  for (const auto& one : cases) {
    auto pipeline = pipeline_without_dropout();
    pipeline["train"].merge_patch(json::parse(one.patch));
    testing::write_pipeline(folder, pipeline);
    const auto result = testing::run_host(folder, {"validate", "pipeline.json"});
    EXPECT_EQ(result.code, 3);
    EXPECT_NE((result.error + result.out).find(one.message), std::string::npos) << result.error << result.out;
  }
  auto pipeline = pipeline_without_dropout();
  pipeline["model"]["head"] = R"({"type": "sequential", "layers": ["rleu"]})"_json;
  testing::write_pipeline(folder, pipeline);
  EXPECT_EQ(testing::run_host(folder, {"validate", "pipeline.json"}).code, 3) << "heads know their mistakes";
}

}  // namespace
}  // namespace kindred
