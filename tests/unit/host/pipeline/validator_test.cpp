#include "host/pipeline/validator.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline_fixture.hpp"

namespace kindred::host {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using testing::fixture_catalog;
using testing::good_pipeline;
using ::testing::IsEmpty;
using testing::TempFolder;

class ValidatorTest : public ::testing::Test {
 protected:
  /// The good pipeline with a merge patch, written to pipelines/little.json and checked.
  Pipeline plan(const char* patch = "{}", const std::vector<std::string>& overrides = {}) {
    auto pipeline = good_pipeline();
    pipeline.merge_patch(json::parse(patch));
    file_ = folder_.write("pipelines/little.json", pipeline.dump(2));
    return validate_pipeline(load_document(file_, overrides), fixture_catalog());
  }

  TempFolder folder_;
  std::string file_;
};

TEST_F(ValidatorTest, PlansTheComponents) {
  const auto p = plan(
      R"({"data": {"dataset": {"classes": 9}, "transforms": [{"type": "crop", "size": 8}, {"type": "invert"}]},
                          "model": {"encoders": {"point": {"trainable": true, "factor": 2}}},
                          "evaluate": {"eval_sampler": {"type": "every_nth", "step": 3}}})");
  EXPECT_EQ(p.file, file_);
  ASSERT_NE(p.dataset.info, nullptr);
  EXPECT_EQ(p.dataset.info->id, "fixture.points");
  EXPECT_EQ(p.dataset.params["classes"], 9);
  EXPECT_FALSE(p.dataset.params.contains("type"));
  ASSERT_EQ(p.transforms.size(), 2U);
  EXPECT_EQ(p.transforms[0].params, json({{"size", 8}}));
  EXPECT_EQ(p.transforms[1].pointer, "/data/transforms/1");
  EXPECT_EQ(p.train_transforms.size(), 2U) << "without train_transforms, those of every picture hold";
  ASSERT_EQ(p.encoders.size(), 1U);
  EXPECT_EQ(p.encoders[0].name, "point");
  EXPECT_TRUE(p.encoders[0].learns);
  EXPECT_FALSE(p.encoders[0].params.contains("trainable")) << "the component does not know the host's keys";
  EXPECT_EQ(p.encoders[0].params["factor"], 2);
  ASSERT_EQ(p.heads.size(), 1U);
  EXPECT_EQ(p.heads[0].info->id, "fixture.diagonal");
  EXPECT_TRUE(p.has_train);
  ASSERT_EQ(p.training.losses.size(), 1U);
  EXPECT_EQ(p.training.losses[0].params, json({{"margin", 0.2}, {"mining", "all"}}));
  EXPECT_EQ(p.training.losses[0].weight, 1);
  EXPECT_EQ(p.training.losses[0].miner.info, nullptr);
  EXPECT_FALSE(p.training.losses[0].memory.has_value());
  EXPECT_EQ(p.training.batch_sampler.params["batch_size"], 2);
  ASSERT_EQ(p.metrics.size(), 1U);
  EXPECT_EQ(p.eval_sampler.params["step"], 3);
}

TEST_F(ValidatorTest, FillsInDefaults) {
  const auto p = plan();
  EXPECT_EQ(p.seed, 42);
  EXPECT_EQ(p.device, "auto");
  EXPECT_EQ(p.name, "little") << "the file's name";
  EXPECT_EQ(p.training.epochs, 100);
  EXPECT_EQ(p.training.optimizer.type, OptimizerType::adam);
  EXPECT_EQ(p.training.schedule.type, ScheduleType::constant);
  EXPECT_EQ(p.cache.type, CacheType::automatic);
  EXPECT_EQ(p.split.validation, ValidationSource::train_classes);
  EXPECT_DOUBLE_EQ(p.split.validation_fraction, 0.1);
  EXPECT_DOUBLE_EQ(p.split.train_fraction, 0.5);
  EXPECT_THAT(p.split.train_classes, IsEmpty());
  EXPECT_EQ(p.eval_sampler.info, nullptr);
}

TEST_F(ValidatorTest, ResolvedPipelineHasEveryDefault) {
  const auto r = plan(R"({"evaluate": {"eval_sampler": {"type": "every_nth"}}})").resolved;
  EXPECT_EQ(r["name"], "little");
  EXPECT_EQ(r["seed"], 42);
  EXPECT_EQ(r["device"], "auto");
  EXPECT_EQ(r["data"]["dataset"], json({{"type", "fixture.points"},
                                        {"classes", 4},
                                        {"per_class", 3},
                                        {"annotations", ""},
                                        {"origin", json::array()}}));
  EXPECT_EQ(r["data"]["on_error"], "skip");
  EXPECT_EQ(r["data"]["transforms"], json::array());
  EXPECT_EQ(r["data"]["split"]["by"], "class");
  EXPECT_EQ(r["data"]["split"]["train"]["fraction"], 0.5);
  EXPECT_EQ(r["data"]["split"]["validation"],
            json({{"from", "train"}, {"fraction", 0.1}, {"min_classes", 3}}));
  EXPECT_EQ(r["data"]["split"]["test"], "rest");
  EXPECT_EQ(r["model"]["encoders"]["point"], json({{"type", "fixture.scale"},
                                                   {"field", ""},
                                                   {"factor", 1.0},
                                                   {"weights", ""},
                                                   {"trainable", false},
                                                   {"precision", "auto"},
                                                   {"gradient_checkpointing", false}}));
  EXPECT_EQ(r["model"]["head"],
            json::array({{{"type", "fixture.diagonal"}, {"start", 1.0}, {"absolute", false}}}));
  EXPECT_EQ(r["cache"]["batch_size"], 32);
  EXPECT_EQ(r["train"]["loss"],
            json({{"type", "fixture.pull"}, {"margin", 0.2}, {"mining", "all"}, {"weight", 1}}));
  EXPECT_EQ(r["train"]["optimizer"]["beta2"], 0.999);
  EXPECT_EQ(r["train"]["schedule"]["gamma"], 0.1);
  EXPECT_EQ(r["train"]["early_stopping"]["patience"], 0);
  EXPECT_EQ(r["evaluate"]["metrics"], json::array({{{"type", "fixture.hit"}, {"k", 1}}}));
  EXPECT_EQ(r["evaluate"]["eval_sampler"], json({{"type", "fixture.every_nth"}, {"step", 1}}));
  EXPECT_EQ(r["evaluate"]["bootstrap_samples"], 1000);
}

TEST_F(ValidatorTest, ResolvedPipelineHasAbsolutePaths) {
  folder_.write("pipelines/points.csv", "");
  folder_.write("weights/scale.bin", "");
  folder_.write("pipelines/classes.json", "[1, 0]");
  const auto r = plan(R"({"plugins": ["../plugins", "/usr/plugins"], "cache": {"directory": "kept"},
      "data": {"dataset": {"annotations": "points.csv"}, "split": {"train": {"classes_file": "classes.json"}}},
      "model": {"encoders": {"point": {"weights": "../weights/scale.bin"}}}})")
                     .resolved;
  EXPECT_EQ(r["data"]["dataset"]["annotations"], folder_ / "pipelines/points.csv");
  EXPECT_EQ(r["data"]["split"]["train"]["classes_file"], folder_ / "pipelines/classes.json");
  EXPECT_FALSE(r["data"]["split"]["train"].contains("fraction"));
  EXPECT_EQ(r["model"]["encoders"]["point"]["weights"], folder_ / "weights/scale.bin");
  EXPECT_EQ(r["cache"]["directory"], folder_ / "pipelines/kept");
  EXPECT_EQ(r["plugins"], json({folder_ / "plugins", "/usr/plugins"}));
  // A default stands in no file.
  EXPECT_EQ(r["output"]["directory"], (fs::current_path() / "runs").string());
}

TEST_F(ValidatorTest, TheResolvedPipelineResolvesToItself) {
  folder_.write("pipelines/points.csv", "");
  const auto first = plan(R"({"plugins": ["mine"], "data": {"dataset": {"annotations": "points.csv"},
                                                           "train_transforms": {"type": "crop", "size": 4}}})")
                         .resolved;
  const auto elsewhere = folder_.write("runs/1/resolved.json", first.dump());
  EXPECT_EQ(validate_pipeline(load_document(elsewhere, {}), fixture_catalog()).resolved, first);
}

TEST_F(ValidatorTest, OverridesChangeThePlan) {
  const auto p = plan("{}", {"train.epochs=3", "train.loss.mining=hard", "evaluate.metrics.0.k=5"});
  EXPECT_EQ(p.training.epochs, 3);
  EXPECT_EQ(p.training.losses.at(0).params["mining"], "hard");
  EXPECT_EQ(p.metrics[0].params["k"], 5);
}

TEST_F(ValidatorTest, ReadsTrainingClasses) {
  folder_.write("pipelines/list.json", "[4, 0, 2, 4]");
  folder_.write("pipelines/object.json", R"({"train_classes": [3, 1], "other": 1})");
  EXPECT_THAT(plan(R"({"data": {"split": {"train": {"classes_file": "list.json"}}}})").split.train_classes,
              ElementsAre(0, 2, 4));
  EXPECT_THAT(plan(R"({"data": {"split": {"train": {"classes_file": "object.json"}}}})").split.train_classes,
              ElementsAre(1, 3));
}

TEST_F(ValidatorTest, KnowsWhereValidationComesFrom) {
  const auto of = [&](const std::string& validation) {
    return plan((R"({"data": {"split": {"validation": )" + validation + "}}}").c_str()).split.validation;
  };
  EXPECT_EQ(of("\"none\""), ValidationSource::none);
  EXPECT_EQ(of("\"test\""), ValidationSource::test);
  EXPECT_EQ(of(R"({"fraction": 0.3})"), ValidationSource::train_classes);
  EXPECT_EQ(of(R"({"fraction": 0})"), ValidationSource::none);
}

TEST_F(ValidatorTest, TrainingAndHeadMayBeLeftOut) {
  const auto p = plan(R"({"train": null, "model": {"head": null}})");
  EXPECT_FALSE(p.has_train);
  EXPECT_THAT(p.training.losses, IsEmpty());
  EXPECT_THAT(p.heads, IsEmpty());
}

TEST_F(ValidatorTest, TakesAListOrOneOfAKind) {
  const auto p = plan(R"({"evaluate": {"metrics": {"type": "hit"}},
                          "model": {"head": [{"type": "diagonal"}, {"type": "fixture.diagonal", "start": 2}]}})");
  EXPECT_EQ(p.metrics.size(), 1U);
  ASSERT_EQ(p.heads.size(), 2U);
  EXPECT_EQ(p.heads[1].params["start"], 2);
  EXPECT_TRUE(p.resolved["evaluate"]["metrics"].is_array());
}

TEST_F(ValidatorTest, TakesSeveralLossesWithMinersAndMemories) {
  const auto p = plan(R"({"train": {"loss": [
      {"type": "pull", "weight": 0.5, "miner": {"type": "nearest", "count": 4}},
      {"type": "fixture.pull", "margin": 0.3, "memory": {"size": 9, "start_step": 3}}]}})");
  ASSERT_EQ(p.training.losses.size(), 2U);
  EXPECT_EQ(p.training.losses[0].weight, 0.5);
  ASSERT_NE(p.training.losses[0].miner.info, nullptr);
  EXPECT_EQ(p.training.losses[0].miner.params, json({{"count", 4}}));
  EXPECT_FALSE(p.training.losses[0].params.contains("miner"))
      << "the component does not know the host's keys";
  ASSERT_TRUE(p.training.losses[1].memory.has_value());
  EXPECT_EQ(p.training.losses[1].memory->size, 9);
  EXPECT_EQ(p.training.losses[1].memory->start_step, 3);
  EXPECT_EQ(p.training.losses[1].params["margin"], 0.3);
  const auto& resolved = p.resolved["train"]["loss"];
  EXPECT_EQ(resolved[0]["miner"]["type"], "fixture.nearest");
  EXPECT_EQ(resolved[1]["weight"], 1);
}

TEST_F(ValidatorTest, TakesEveryFormOfDevice) {
  for (const auto* device : {"auto", "cpu", "cuda", "cuda:0", "cuda:15"}) {
    EXPECT_EQ(plan(("{\"device\": \"" + std::string(device) + "\"}").c_str()).device, device);
  }
}

}  // namespace
}  // namespace kindred::host
