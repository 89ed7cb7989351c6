#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {

/// README's first command, smaller: the shipped pipeline learns shapes that carry over to unseen models.
TEST(Quickstart, improves_retrieval_on_models_it_never_saw) {
  const testing::TemporaryFolder folder("quickstart");
  const auto file = std::string(KINDRED_TEST_SOURCE) + "/datasets/toy_cars/pipeline.json";
  const auto result = testing::run_host(folder, {"run", file, "--quiet", "--output", "out", "--set",
                                                 "data.dataset.classes=120", "--set", "train.epochs=12"});
  ASSERT_EQ(result.code, 0) << result.error;
  const auto metrics = testing::read_json(folder / "out/result.json")["metrics"];
  EXPECT_GT(metrics["tuned"]["r_precision"].get<double>(),
            1.5 * metrics["base"]["r_precision"].get<double>());
}

/// An encoder is swapped by a word, too.
TEST(Quickstart, other_encoders_run_in_the_same_pipeline) {
  const testing::TemporaryFolder folder("encoders");
  const auto file = std::string(KINDRED_TEST_SOURCE) + "/datasets/toy_cars/pipeline.json";
  for (const auto* encoder : {R"({"type":"efficientnet_lite","variant":"lite0","weights":"random"})",
                              R"({"type":"resnet","variant":"resnet34","width":8,"trainable":true})"}) {
    const auto result =
        testing::run_host(folder, {"run", file, "--quiet", "--output",
                                   "run_" + std::to_string(std::hash<std::string>{}(encoder)), "--set",
                                   "data.dataset.classes=30", "--set", "data.dataset.samples=6", "--set",
                                   "data.dataset.size=32", "--set", "data.train_transforms=null", "--set",
                                   "train.epochs=1", "--set", std::string("model.encoders.image=") + encoder,
                                   "--set", R"(model.head={"type":"projection","dimension":16})"});
    EXPECT_EQ(result.code, 0) << encoder << result.error;
  }
}

}  // namespace
}  // namespace kindred
