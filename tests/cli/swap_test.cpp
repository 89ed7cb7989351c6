#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;

/// Components are exchanged by editing words of the JSON file; nothing is compiled.
TEST(Swap, every_loss_head_sampler_and_optimizer_trains) {
  const testing::TemporaryFolder folder("swap");
  testing::write_vectors(folder);
  const std::vector<std::pair<json::json_pointer, std::vector<json>>> places = {
      {"/train/loss"_json_pointer,
       {{{"type", "triplet"}},
        {{"type", "triplet"}, {"mining", "all"}},
        {{"type", "triplet"}, {"mining", "semi_hard"}},
        {{"type", "multi_similarity"}},
        {{"type", "kindred.supervised_contrastive"}},
        {{"type", "contrastive"}, {"distance", "lp"}, {"p", 3}},
        {{"type", "online_contrastive"}},
        {{"type", "circle"}},
        {{"type", "n_pairs"}},
        {{"type", "lifted_structure"}, {"miner", {{"type", "batch_easy_hard"}}}},
        {{"type", "fast_ap"}, {"memory", {{"size", 100}}}},
        {{"type", "smooth_ap"}},
        {{"type", "recall_at_k_surrogate"}},
        {{"type", "angular"}, {"miner", {{"type", "hdc"}}}},
        {{"type", "margin"}, {"learn_beta", true}, {"miner", {{"type", "distance_weighted"}}}},
        {{"type", "tuplet_margin"}, {"miner", {{"type", "pair_margin"}}}},
        {{"type", "signal_to_noise"}, {"miner", {{"type", "uniform_histogram"}}}},
        {{"type", "triplet"},
         {"miner", {{"type", "semi_hard"}}},
         {"memory", {{"size", 64}, {"start_step", 2}}}},
        {{"type", "triplet"}, {"miner", {{"type", "triplet_margin"}}}},
        {{"type", "triplet"}, {"mining", "all"}, {"miner", {{"type", "multi_similarity"}}}},
        {{"type", "triplet"}, {"miner", {{"type", "angular"}}}},
        {{"type", "nt_xent"}, {"miner", {{"type", "batch_hard"}}}},
        {{"type", "softmax"}},
        {{"type", "sub_center_arc_face"}, {"margin_power", 0.25}, {"margin_offset", 0.05}},
        {{"type", "cos_face"}},
        {{"type", "curricular_face"}},
        {{"type", "soft_triple"}},
        json::array({{{"type", "arc_face"}, {"weight", 0.5}},
                     {{"type", "center"}, {"weight", 0.01}},
                     {{"type", "nt_xent"}, {"memory", {{"size", 50}}}}})}},
      {"/model/head"_json_pointer,
       {{{"type", "projection"}, {"dimension", 8}},
        {{"type", "gated"}},
        {{"type", "widening"}},
        {{"type", "softmax_embeddings"}, {"groups", 4}, {"size", 4}},
        json::array({{{"type", "skip_connection"}}, {{"type", "quantize"}, {"to", "int8"}}}),
        json::array({{{"type", "stacked"}, {"dimensions", {12, 8}}},
                     {{"type", "batch_norm"}},
                     {{"type", "dropout"}},
                     {{"type", "l2_normalize"}}}),
        {{"type", "projection"}, {"hidden", 12}, {"batch_norm", true}},
        json::array({{{"type", "whitening"}}, {{"type", "skip_connection"}, {"layers", 2}}})}},
      {"/train/batch_sampler"_json_pointer,
       {{{"type", "shuffle"}, {"batch_size", 32}},
        {{"type", "sequential"}, {"batch_size", 64}},
        {{"type", "class_balanced"}, {"batch_size", 64}},
        {{"type", "hard_class"}, {"classes", 4}}}},
      {"/train/optimizer"_json_pointer,
       {{{"type", "adamw"}}, {{"type", "sgd"}, {"lr", 0.1}, {"momentum", 0.9}, {"nesterov", true}}}},
      {"/evaluate/eval_sampler"_json_pointer, {{{"type", "all"}}, {{"type", "group"}, {"queries", 20}}}}};
  int number = 0;
  const auto metrics = R"([{"type": "r_precision"}, {"type": "precision_at_1"}, {"type": "ndcg_at_k", "k": 5},
      {"type": "cmc_at_k", "k": 5}, {"type": "map_at_k", "k": 5}, {"type": "roc_auc"}, {"type": "nmi"}, {"type": "ami"},
      {"type": "pair_average_precision"}, {"type": "silhouette", "distance": "manhattan"}])"_json;
  for (const auto& [place, values] : places) {
    for (const auto& value : values) {
      auto pipeline = testing::vectors_pipeline();
      pipeline["train"]["epochs"] = 2;
      pipeline["evaluate"]["metrics"] = metrics;
      pipeline["evaluate"]["per_class"] = true;
      pipeline[place] = value;
      testing::write_pipeline(folder, pipeline);
      const auto output = "run_" + std::to_string(number++);
      const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", output});
      ASSERT_EQ(result.code, 0) << place << " " << value << "\n" << result.error;
      const auto written = testing::read_json(folder / (output + "/result.json"));
      EXPECT_EQ(written["timings"]["epochs"], 2);
      EXPECT_EQ(written["metrics"]["tuned"].size(), metrics.size());
      for (const auto& [name, mean] : written["metrics"]["tuned"].items())
        EXPECT_TRUE(mean.is_number()) << name;
      EXPECT_GE(written["per_class"]["tuned"]["r_precision"].size(), 5U);
    }
  }
}

}  // namespace
}  // namespace kindred
