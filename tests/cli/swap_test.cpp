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
        {{"type", "kindred.supervised_contrastive"}}}},
      {"/model/head"_json_pointer,
       {{{"type", "projection"}, {"dimension", 8}},
        {{"type", "projection"}, {"hidden", 12}, {"batch_norm", true}},
        json::array({{{"type", "whitening"}}, {{"type", "skip_connection"}, {"layers", 2}}})}},
      {"/train/batch_sampler"_json_pointer,
       {{{"type", "shuffle"}, {"batch_size", 32}}, {{"type", "sequential"}, {"batch_size", 64}}}},
      {"/train/optimizer"_json_pointer,
       {{{"type", "adamw"}}, {{"type", "sgd"}, {"lr", 0.1}, {"momentum", 0.9}, {"nesterov", true}}}},
      {"/evaluate/eval_sampler"_json_pointer, {{{"type", "all"}}, {{"type", "group"}, {"queries", 20}}}}};
  int number = 0;
  for (const auto& [place, values] : places) {
    for (const auto& value : values) {
      auto pipeline = testing::vectors_pipeline();
      pipeline["train"]["epochs"] = 2;
      pipeline[place] = value;
      testing::write_pipeline(folder, pipeline);
      const auto output = "run_" + std::to_string(number++);
      const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", output});
      ASSERT_EQ(result.code, 0) << place << " " << value << "\n" << result.error;
      EXPECT_EQ(testing::read_json(folder / (output + "/result.json"))["timings"]["epochs"], 2);
    }
  }
}

}  // namespace
}  // namespace kindred
