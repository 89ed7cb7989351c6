#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

/// What a person sees of a mistake: exit code, place and sentence.
namespace kindred {
namespace {
using ::testing::HasSubstr;

struct Mistake {
  std::string set;  ///< as given to --set
  int code;
  std::vector<std::string> expected;  ///< parts of the text on stderr
};

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> table = {
      {"train.loss.marginn=0.2", 3, {"/train/loss/marginn"}},
      {"train.loss={\"type\":\"triplet\",\"marginn\":0.2}",
       3,
       {"/train/loss/marginn", "did you mean", "margin"}},
      {"train.loss={\"type\":\"InfoNCE\"}", 3, {"/train/loss/type", "did you mean \"nt_xent\"?"}},
      {"train.loss={\"type\":\"TripletMarginLoss\"}", 3, {"did you mean \"triplet\"?"}},
      {"train.loss={\"type\":\"tripletmargin\"}", 3, {"did you mean \"triplet\"?"}},
      {"train.loss={\"type\":\"SignalToNoiseRatioContrastiveLoss\"}",
       3,
       {"did you mean \"signal_to_noise\"?"}},
      {"evaluate.metrics=[{\"type\":\"recall\"}]", 3, {"did you mean \"recall_at_k\"?"}},
      {"model.encoders.vector={\"type\":\"ResNet50\"}", 3, {"\"variant\": \"resnet50\""}},
      {"train.batch_sampler={\"type\":\"MPerClassSampler\"}", 3, {"did you mean \"p_k\"?"}},
      {"train.batch_sampler.m=4", 3, {"/train/batch_sampler/m", "did you mean \"samples\"?"}},
      {"model.encoders.vector.type=resnet50",
       3,
       {"did you mean {\"type\": \"resnet\", \"variant\": \"resnet50\"}?"}},
      {"epochs=3", 3, {"#/epochs", "it belongs at train.epochs", "--set train.epochs=3"}},
      {"train.loss={\"type\":\"triplett\"}", 3, {"/train/loss/type", "triplett", "did you mean", "triplet"}},
      {"train.loss={\"type\":\"triplet\",\"margin\":\"big\"}", 3, {"/train/loss/margin", "number", "big"}},
      {"train.loss={\"type\":\"triplet\",\"margin\":-1}", 3, {"/train/loss/margin", "-1"}},
      {"train.loss={\"type\":\"triplet\",\"mining\":\"hrad\"}", 3, {"/train/loss/mining", "hard"}},
      {"train.loss={\"type\":\"skip_connection\"}", 3, {"/train/loss/type", "head"}},
      {"train.epochs=many", 3, {"/train/epochs", "many"}},
      {"train.epocs=3", 3, {"/train/epocs", "did you mean", "epochs"}},
      {"trian.epochs=3", 3, {"/trian", "did you mean", "train"}},
      {"model.encoders.vector.type=identiti", 3, {"/model/encoders/vector", "identity"}},
      {"model.encoders.vector.gradient_checkpointing=true",
       3,
       {"/model/encoders/vector/gradient_checkpointing", "frozen"}},
      {"model.encoders.vector={\"type\":\"identity\",\"trainable\":true,\"gradient_checkpointing\":true}",
       3,
       {"/model/encoders/vector/gradient_checkpointing", "one stage", "train.gradient_cache"}},
      {"train.loss.matryoshka={\"dimensions\":[2,1000]}",
       3,
       {"/train/loss/matryoshka/dimensions/1", "so that 1000 of them cannot be taken"}},
      {"train.loss.matryoshka={\"dimensions\":[]}", 3, {"/train/loss/matryoshka/dimensions", "empty"}},
      {"train.loss.matryoshka={\"dimensions\":[2,3],\"weights\":[1]}",
       3,
       {"/train/loss/matryoshka/weights", "1 weights for 2 dimensions"}},
      {"data.dataset.labels=null", 3, {"/data/dataset", "labels"}},
      {"train.early_stopping={\"monitor\":\"validation.rprecision\"}",
       3,
       {"/train/early_stopping/monitor", "validation.r_precision"}},
      {"evaluate.metrics=[{\"type\":\"r_precision\"},{\"type\":\"r_precision\"}]",
       3,
       {"/evaluate/metrics/1", "r_precision"}},
      {"data.split.train={\"classes_file\":\"none.json\"}",
       3,
       {"/data/split/train/classes_file", "none.json"}},
      {"data.dataset.embeddings=none.npy", 3, {"/data/dataset/embeddings", "none.npy"}},
      {"data.dataset.labels=x.npy", 4, {"x.npy", "kindred.vectors", "create"}},
      {"plugins=[\"nowhere\"]", 4, {"nowhere"}},
      {"train.batch_sampler={\"type\":\"p_k\",\"classes\":0}", 3, {"/train/batch_sampler/classes"}},
      {"train.optimizer.lr=1e30", 3, {"/train/optimizer/lr", "1000"}},
      {"train.optimizer.momentum=0.9", 3, {"/train/optimizer/momentum", "sgd"}},
      {"model.head={\"type\":\"empty\"}", 3, {"/train", "nothing to train"}},
      {"train.loss.margin=${KINDRED_NOT_SET}", 3, {"/train/loss/margin", "KINDRED_NOT_SET is not set"}},
      {"train.loss.type.name=1", 3, {"/train/loss/type", "--set"}},
      {"kindred=2", 3, {"/kindred"}},
  };
  return table;
}

TEST(BadPipelines, end_with_a_sentence_that_says_where) {
  const testing::TemporaryFolder folder("bad");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  for (const auto& one : mistakes()) {
    const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--set", one.set});
    EXPECT_EQ(result.code, one.code) << one.set << "\n" << result.error;
    for (const auto& part : one.expected) EXPECT_THAT(result.error, HasSubstr(part)) << one.set;
    EXPECT_THAT(result.error, HasSubstr("error: ")) << one.set;
  }
}

TEST(BadPipelines, every_mistake_is_told_at_once_and_nothing_is_started) {
  const testing::TemporaryFolder folder("bad");
  testing::write_vectors(folder);
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["loss"]["temprature"] = 1;
  pipeline["train"]["optimizer"]["type"] = "adamm";
  pipeline["evaluate"]["metrics"][0]["type"] = "r_precison";
  // What only component objects know is told in the same breath.
  pipeline["evaluate"]["metrics"].push_back({{"type", "precision_at_k"}});
  pipeline["output"]["directory"] = "${KINDRED_NOT_SET}";
  testing::write_pipeline(folder, pipeline);
  const auto result = testing::run_host(folder, {"run", "pipeline.json", "--set", "name.first=a"});
  EXPECT_EQ(result.code, 3);
  for (const auto* part : {"temperature", "adam", "r_precision", "two metrics are called",
                           "KINDRED_NOT_SET is not set", "--set name.first=a"})
    EXPECT_THAT(result.error, HasSubstr(part));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "runs"));
}

TEST(BadPipelines, text_that_is_no_json_names_the_line) {
  const testing::TemporaryFolder folder("bad");
  write_file_atomically(folder / "broken.json", "{\n  \"kindred\": 1,\n  \"name\": oops\n}\n");
  const auto result = testing::run_host(folder, {"validate", "broken.json"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("line 3"));
  EXPECT_EQ(testing::run_host(folder, {"validate", "missing.json"}).code, 3);
}

}  // namespace
}  // namespace kindred
