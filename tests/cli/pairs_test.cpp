#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;

/// 120 questions with an answer each: vectors that share 6 of 12 numbers, which the other 6 drown out.
void write_pairs(const testing::TemporaryFolder& folder) {
  at::manual_seed(11);
  std::ofstream file(folder / "pairs.jsonl");
  const auto object = [](const at::Tensor& meaning) {
    const auto x = at::cat({meaning + at::randn({6}) * 0.3, at::randn({6}) * 1.5});
    return json{{"v", std::vector<float>(x.data_ptr<float>(), x.data_ptr<float>() + 12)}};
  };
  for (int i = 0; i < 120; ++i) {
    const auto meaning = at::randn({6});
    const auto question = object(meaning);
    file << json{{"obj_a", question}, {"obj_b", object(meaning)}, {"subgroup", i}}.dump() << "\n";
    if (i % 5 == 0) {
      file << json{{"obj_a", question}, {"obj_b", object(at::randn({6}))}, {"score", 0.0}, {"subgroup", i}}
                  .dump()
           << "\n";
    }
  }
}

json pairs_pipeline() {
  return R"({
    "kindred": 1, "name": "pairs", "seed": 3,
    "data": {"dataset": {"type": "pairs_jsonl", "file": "pairs.jsonl", "fields": {"v": "vector"}},
             "split": {"train": {"fraction": 0.6}, "validation": "none", "test": "rest"}},
    "model": {"encoders": {"v": {"type": "identity"}}, "head": {"type": "skip_connection"}},
    "train": {"loss": {"type": "multiple_negatives_ranking", "symmetric": true},
              "batch_sampler": {"type": "shuffle", "batch_size": 64}, "optimizer": {"type": "adam", "lr": 0.03},
              "epochs": 60},
    "evaluate": {"metrics": [{"type": "precision_at_1"}, {"type": "mean_reciprocal_rank"}, {"type": "spearman"},
                             {"type": "roc_auc"}]}
  })"_json;
}

json run_pairs(const testing::TemporaryFolder& folder, const json& pipeline, const std::string& output) {
  testing::write_pipeline(folder, pipeline);
  const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", output});
  EXPECT_EQ(result.code, 0) << result.error;
  return result.code == 0 ? testing::read_json(folder / (output + "/result.json")) : json();
}

TEST(Pairs, questions_find_their_answers_better_after_training) {
  const testing::TemporaryFolder folder("pairs");
  write_pairs(folder);
  const auto result = run_pairs(folder, pairs_pipeline(), "run");
  ASSERT_FALSE(result.is_null());
  const auto &base = result["metrics"]["base"], &tuned = result["metrics"]["tuned"];
  EXPECT_GT(tuned["mean_reciprocal_rank"].get<double>(), base["mean_reciprocal_rank"].get<double>() + 0.1);
  EXPECT_GT(tuned["spearman"].get<double>(), base["spearman"].get<double>());
  EXPECT_EQ(result["metric_details"]["tuned"]["precision_at_1"]["queries"], 48);
  const auto measured =
      testing::run_host(folder, {"evaluate", "pipeline.json", "--model", "run/model", "--json", "--quiet"});
  ASSERT_EQ(measured.code, 0) << measured.error;
  EXPECT_EQ(json::parse(measured.out)["metrics"], result["metrics"]);

  auto among_all = pairs_pipeline();
  among_all["evaluate"]["pair_candidates"] = "all";
  const auto harder = run_pairs(folder, among_all, "all");
  EXPECT_LE(harder["metrics"]["base"]["mean_reciprocal_rank"], base["mean_reciprocal_rank"])
      << "there are more candidates";
}

TEST(Pairs, every_loss_over_pairs_trains_and_runs_repeat) {
  const testing::TemporaryFolder folder("pairs_losses");
  write_pairs(folder);
  int number = 0;
  for (const char* loss :
       {R"({"type": "multiple_negatives_ranking"})", R"({"type": "contrastive"})",
        R"({"type": "cosine_embedding"})", R"({"type": "cosent"})", R"({"type": "sigmoid_pairs"})",
        R"({"type": "multiple_negatives_ranking", "symmetric": true, "learn_scale": true})",
        R"([{"type": "cosent", "weight": 0.5}, {"type": "multiple_negatives_ranking"}])"}) {
    auto pipeline = pairs_pipeline();
    pipeline["train"]["loss"] = json::parse(loss);
    pipeline["train"]["epochs"] = 3;
    pipeline["data"]["split"]["validation"] = {{"from", "train"}, {"fraction", 0.2}};
    pipeline["train"]["early_stopping"] = {{"monitor", "validation.loss"}};
    const auto first = run_pairs(folder, pipeline, "run_" + std::to_string(number++));
    const auto again = run_pairs(folder, pipeline, "run_" + std::to_string(number++));
    ASSERT_FALSE(first.is_null()) << loss;
    EXPECT_EQ(first["metrics"], again["metrics"]) << loss;
  }
}

TEST(Pairs, losses_over_groups_and_memories_are_refused) {
  const testing::TemporaryFolder folder("pairs_bad");
  write_pairs(folder);
  const struct {
    const char *loss, *message;
  } cases[] = {
      {R"({"type": "triplet"})", "take a loss over those, such as multiple_negatives_ranking"},
      {R"({"type": "contrastive", "memory": {"size": 8}})", "a memory compares samples by their labels"},
      {R"({"type": "contrastive", "miner": {"type": "batch_hard"}})", "are given, not mined"}};
  for (const auto& one : cases) {
    auto pipeline = pairs_pipeline();
    pipeline["train"]["loss"] = json::parse(one.loss);
    testing::write_pipeline(folder, pipeline);
    const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", "bad"});
    EXPECT_EQ(result.code, 3) << one.loss;
    EXPECT_NE(result.error.find(one.message), std::string::npos) << result.error;
    std::filesystem::remove_all(folder / "bad");
  }
}

/// Descriptions and what they describe: objects of one kind lack what those of the other have.
TEST(Pairs, two_kinds_of_objects_meet_in_one_space) {
  const testing::TemporaryFolder folder("pairs_kinds");
  at::manual_seed(12);
  const auto words_of = at::randn({4, 6}), look_of = at::randn({4, 9});
  std::ofstream file(folder / "pairs.jsonl");
  const auto object = [](const char* kind, at::Tensor x) {
    x = x + at::randn(x.sizes()) * 0.05;
    return json{{kind, std::vector<float>(x.data_ptr<float>(), x.data_ptr<float>() + x.numel())},
                {"kind", kind}};
  };
  for (int i = 0; i < 150; ++i) {
    const auto meaning = at::randn({4});
    file << json{{"obj_a", object("words", meaning.matmul(words_of))},
                 {"obj_b", object("look", meaning.matmul(look_of))}}
                .dump()
         << "\n";
  }
  file.close();
  auto pipeline = pairs_pipeline();
  pipeline["data"]["dataset"]["fields"] = R"({"words": "vector", "look": "vector", "kind": "text"})"_json;
  pipeline["data"]["dataset"]["optional"] = {"words", "look"};
  pipeline["model"]["encoders"] = R"({"words": {"type": "identity", "field": "words"},
      "look": {"type": "identity", "field": "look"},
      "kind": {"type": "one_hot", "field": "kind", "values": ["words", "look"]}})"_json;
  pipeline["model"]["head"] = R"({"switch": {"on": "kind", "heads": [
      {"type": "projection", "dimension": 8}, {"type": "projection", "dimension": 8}]}})"_json;
  const auto result = run_pairs(folder, pipeline, "run");
  ASSERT_FALSE(result.is_null());
  EXPECT_LT(result["metrics"]["base"]["precision_at_1"].get<double>(), 0.1) << "they share no number";
  EXPECT_GT(result["metrics"]["tuned"]["precision_at_1"].get<double>(), 0.5);
}

}  // namespace
}  // namespace kindred
