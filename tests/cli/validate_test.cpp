#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host_process.hpp"
#include "small_pipeline.hpp"

/// `host validate --data`: what only the data tells, all at once and before anything is encoded.
namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// Vectors with these labels, and the pipeline that reads them.
void write_labels(const testing::TemporaryFolder& folder, const std::vector<int64_t>& labels) {
  at::manual_seed(3);
  write_npy(folder / "x.npy", at::randn({static_cast<int64_t>(labels.size()), 16}));
  write_npy(folder / "y.npy", at::tensor(labels, at::kLong));
}

/// `classes` classes of `samples` samples.
std::vector<int64_t> even(int64_t classes, int64_t samples) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < classes * samples; ++i) labels.push_back(i % classes);
  return labels;
}

class ValidateData : public ::testing::Test {
 protected:
  /// What `host validate --data --json` says of the pipeline.
  json checked(const json& pipeline, int code) {
    testing::write_pipeline(folder_, pipeline);
    const auto result = testing::run_host(folder_, {"validate", "pipeline.json", "--data", "--json"});
    EXPECT_EQ(result.code, code) << result.error << result.out;
    return json::parse(result.out);
  }
  /// Expects exactly these places and sentences, which may lack their beginnings and ends.
  void expect_issues(const json& pipeline, std::vector<std::pair<std::string, std::string>> expected) {
    const auto issues = checked(pipeline, 3)["issues"];
    EXPECT_EQ(issues.size(), expected.size()) << issues.dump(2);
    for (const auto& [pointer, words] : expected) {
      const bool found = std::any_of(issues.begin(), issues.end(), [&](const json& issue) {
        return issue["pointer"] == pointer && issue["file"] == "pipeline.json" &&
               issue["message"].get<std::string>().find(words) != std::string::npos;
      });
      EXPECT_TRUE(found) << pointer << ": " << words << "\nin " << issues.dump(2);
    }
  }
  testing::TemporaryFolder folder_{"validate"};
};

TEST_F(ValidateData, says_what_the_split_and_the_batches_come_to) {
  testing::write_vectors(folder_);
  const auto said = checked(testing::vectors_pipeline(), 0);
  EXPECT_EQ(said["valid"], true);
  const auto& data = said["data"];
  EXPECT_EQ(data["samples"], 240);
  EXPECT_EQ(data["classes"], 24);
  EXPECT_EQ(data["smallest_class"], 10);
  EXPECT_EQ(data["train"]["classes"].get<int>() + data["validation"]["classes"].get<int>() +
                data["test"]["classes"].get<int>(),
            24);
  EXPECT_EQ(data["batches"]["largest"], 30) << "6 classes times 5 samples";
  const auto text = testing::run_host(folder_, {"validate", "pipeline.json", "--data"});
  EXPECT_THAT(text.out, HasSubstr("data: 240 samples in 24 classes of 10 to 10; train "));
  EXPECT_THAT(text.out, HasSubstr("pipeline.json is valid\n"));
  EXPECT_THAT(testing::run_host(folder_, {"validate", "pipeline.json"}).out, Not(HasSubstr("data:")))
      << "without --data nothing is opened";
}

TEST_F(ValidateData, tells_mistakes_of_pipeline_data_and_losses_together) {
  write_labels(folder_, even(40, 1));
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["optimizer"]["lr"] = -1;
  pipeline["train"]["loss"] = {{"type", "cosent"}};
  expect_issues(pipeline, {{"/train/optimizer/lr", "\"lr\" must be between 0.0 and 1000.0 but is -1"},
                           {"/data/dataset",
                            "each of the 40 samples has a label of its own, so that no sample is relevant to "
                            "another one and there is "
                            "nothing to measure or to pull together; take the labels from what samples have "
                            "in common, such as the "
                            "product or the person, and not from what names each of them"},
                           {"/train/loss",
                            "kindred.cosent takes scored pairs, but kindred.vectors gives samples with "
                            "labels; take a loss over those, "
                            "such as triplet, or a dataset of pairs"}});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
}

TEST_F(ValidateData, names_classes_of_one_sample_and_refuses_sides_that_have_nothing_else) {
  auto labels = even(12, 6);
  for (const int64_t alone : {12, 13, 14, 15, 16, 17}) labels.push_back(alone);
  write_labels(folder_, labels);
  auto pipeline = testing::vectors_pipeline();
  const auto warned = checked(pipeline, 0)["warnings"];
  ASSERT_GE(warned.size(), 1u);
  EXPECT_EQ(warned[0],
            "6 of 18 classes have a single sample (12, 13, 14, 15, 16 and 1 more): as queries they find "
            "nothing and "
            "are left out of the retrieval metrics, and in training they form no positive pair");
  pipeline["data"]["split"]["train"] = {{"first", 12}};
  expect_issues(
      pipeline,
      {{"/data/split",
        "none of the 6 test samples, of 6 classes, has another sample of its class that it could find, so "
        "that no retrieval metric is defined; take other test classes, or labels that several samples "
        "share"}});
  write_npy(folder_ / "y.npy", 17 - at::tensor(labels, at::kLong));  // now the first six are alone
  pipeline["data"]["split"]["train"] = {{"first", 6}};
  pipeline["data"]["split"]["validation"] = "none";
  pipeline["train"]["batch_sampler"] = {{"type", "shuffle"}, {"batch_size", 64}};
  expect_issues(pipeline,
                {{"/train/loss",
                  "kindred.supervised_contrastive compares samples of one class, but each of the 6 training "
                  "classes has a single one; train on classes with several samples, or take a loss with "
                  "class proxies"}});
  pipeline["train"]["loss"] = {{"type", "norm_softmax"}};
  const auto advice = checked(pipeline, 0)["warnings"];
  EXPECT_EQ(advice.back(),
            "/train/batch_sampler/batch_size asks for 64 samples in a batch, from the training side, "
            "of which there are 6");
}

TEST_F(ValidateData, refuses_empty_sides_and_batches_that_cannot_be_made) {
  write_labels(folder_, even(10, 4));
  auto pipeline = testing::vectors_pipeline();
  pipeline["data"]["split"] = {{"train", {{"first", 10}}}};
  expect_issues(pipeline, {{"/data/split", "no class is left for the test side"}});
  pipeline["data"]["split"] = {{"train", {{"first", 1}}}, {"validation", "none"}};
  expect_issues(pipeline,
                {{"/train/batch_sampler",
                  "p_k needs at least two classes with two samples each, the training data has 1"}});
  pipeline["data"]["split"] = {{"train", {{"first", 4}}}, {"validation", "none"}};
  const auto advice = checked(pipeline, 0)["warnings"];
  EXPECT_THAT(advice.dump(),
              HasSubstr("/train/batch_sampler/classes asks for 6 training classes in a batch, of which "
                        "there are 4"));
  EXPECT_THAT(advice.dump(),
              HasSubstr("/train/batch_sampler/samples asks for 5 samples of a class in a batch"));
}

TEST_F(ValidateData, a_file_that_cannot_be_read_is_told_with_its_place) {
  testing::write_vectors(folder_);
  write_file_atomically(folder_ / "y.npy", "no array");
  auto pipeline = testing::vectors_pipeline();
  pipeline["model"]["head"]["dropuot"] = 0.1;
  expect_issues(pipeline, {{"/data/dataset", "y.npy"}, {"/model/head/dropuot", "did you mean \"dropout\"?"}});
}

TEST_F(ValidateData, a_loss_of_labels_and_a_sampler_do_not_fit_pairs) {
  std::ofstream file(folder_ / "pairs.jsonl");
  for (int i = 0; i < 20; ++i) {
    const std::vector<int> a = {i, 1}, b = {i, 2};
    file << json{{"obj_a", {{"v", a}}}, {"obj_b", {{"v", b}}}}.dump() << "\n";
  }
  file.close();
  auto pipeline = testing::vectors_pipeline();
  pipeline["data"]["dataset"] = {
      {"type", "pairs_jsonl"}, {"file", "pairs.jsonl"}, {"fields", {{"v", "vector"}}}};
  pipeline["train"]["loss"] = {{"type", "triplet"}, {"miner", {{"type", "batch_hard"}}}};
  expect_issues(
      pipeline,
      {{"/train/loss",
        "kindred.triplet takes samples with labels, but kindred.pairs_jsonl gives scored pairs; take a loss "
        "over those, such as multiple_negatives_ranking, cosine_embedding, cosent or contrastive"},
       {"/train/loss/miner", "the pairs of kindred.pairs_jsonl are given, not mined"},
       {"/train/batch_sampler", "p_k needs at least two classes with two samples each"}});
}

TEST_F(ValidateData, is_what_a_run_does_before_it_encodes) {
  write_labels(folder_, even(40, 1));
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["loss"] = {{"type", "cosent"}};
  testing::write_pipeline(folder_, pipeline);
  const auto run = testing::run_host(folder_, {"run", "pipeline.json", "--output", "out"});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.error,
              HasSubstr("pipeline.json#/data/dataset: each of the 40 samples has a label of its own"));
  EXPECT_THAT(run.error, HasSubstr("pipeline.json#/train/loss: kindred.cosent takes scored pairs"));
  pipeline["train"]["epochs"] = "many";
  testing::write_pipeline(folder_, pipeline);
  const auto both = testing::run_host(folder_, {"run", "pipeline.json", "--output", "never"});
  EXPECT_EQ(both.code, 3);
  EXPECT_THAT(both.error, HasSubstr("#/train/epochs: "));
  EXPECT_THAT(both.error, HasSubstr("#/data/dataset: "));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "never"));
}

TEST_F(ValidateData, a_pipeline_that_a_run_wrote_is_a_pipeline) {
  testing::write_vectors(folder_);
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["epochs"] = 1;
  pipeline["train"]["loss"] = json::parse(R"([{"type": "triplet", "mining": "all", "memory": {"size": 64}},
                                              {"type": "nt_xent", "miner": {"type": "multi_similarity"}}])");
  pipeline["output"]["trackers"] = {{{"type", "csv"}}};
  testing::write_pipeline(folder_, pipeline);
  const auto run = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "out"});
  ASSERT_EQ(run.code, 0) << run.error;
  const auto again = testing::run_host(folder_, {"validate", "out/pipeline.json", "--data"});
  EXPECT_EQ(again.code, 0) << again.error;
  const auto repeated =
      testing::run_host(folder_, {"run", "out/pipeline.json", "--quiet", "--output", "again"});
  ASSERT_EQ(repeated.code, 0) << repeated.error;
  EXPECT_EQ(testing::read_json(folder_ / "again/result.json")["metrics"],
            testing::read_json(folder_ / "out/result.json")["metrics"]);
  EXPECT_EQ(testing::read_json(folder_ / "again/pipeline.json"),
            testing::read_json(folder_ / "out/pipeline.json"));
}

}  // namespace
}  // namespace kindred
