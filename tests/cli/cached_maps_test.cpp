#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "shared_folder.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

/// Toy cars and a small ResNet that is trained from its third stage on.
json cut_pipeline() {
  return json::parse(R"({
    "kindred": 1, "name": "cut", "seed": 5,
    "data": {"dataset": {"type": "toy_cars", "classes": 40, "samples": 8, "size": 32},
             "split": {"train": {"fraction": 0.6}},
             "transforms": [{"type": "normalize", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}],
             "train_transforms": [{"type": "random_resized_crop", "width": 32, "height": 32},
                                  {"type": "color_jitter"},
                                  {"type": "normalize", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8,
                                     "trainable": {"from": "layer3", "batch_norm": "train",
                                                   "lr_multipliers": {"layer4": 2}}}},
              "head": {"type": "whitening"}},
    "cache": {"views": 4},
    "train": {"loss": {"type": "multi_similarity"}, "batch_sampler": {"type": "p_k", "classes": 6, "samples": 5},
              "optimizer": {"type": "adamw", "lr": 0.002, "weight_decay": 0.0001}, "epochs": 4, "ema": 0.9,
              "gradient_clip": 5},
    "evaluate": {"metrics": [{"type": "r_precision"}], "test_views": ["plain", "mirror"]}
  })");
}

class CachedMaps : public ::testing::Test {
 protected:
  json run(const json& pipeline, const std::string& output, const std::vector<std::string>& more = {}) {
    testing::write_pipeline(folder_, pipeline);
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = testing::run_host(folder_, arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    return testing::read_json(folder_ / (output + "/result.json"));
  }
  testing::HostResult refused(const json& pipeline) {
    testing::write_pipeline(folder_, pipeline);
    return testing::run_host(folder_, {"validate", "pipeline.json"});
  }
  testing::TemporaryFolder folder_{"cached_maps"};
};

TEST_F(CachedMaps, train_the_last_stages_and_repeat_bit_for_bit) {
  const auto first = run(cut_pipeline(), "first");
  EXPECT_FALSE(first["timings"]["cache_hit"].get<bool>());
  EXPECT_EQ(first["metric_details"]["tuned"]["r_precision"]["views"], json({"plain", "mirror"}));
  EXPECT_GT(first["timings"]["steps_per_second"].get<double>(), 0);
  const auto second = run(cut_pipeline(), "second");
  EXPECT_TRUE(second["timings"]["cache_hit"].get<bool>());
  EXPECT_EQ(first["metrics"].dump(), second["metrics"].dump());
  // More views later cost only themselves: the base, from the plain view alone, is what it was.
  auto more = cut_pipeline();
  more["cache"]["views"] = 6;
  EXPECT_EQ(run(more, "more")["metrics"]["base"].dump(), first["metrics"]["base"].dump());
  // Training did something.
  EXPECT_NE(first["metrics"]["tuned"].dump(), first["metrics"]["base"].dump());
}

TEST_F(CachedMaps, what_is_measured_is_what_the_servable_gives_from_pictures) {
  const auto whole = run(cut_pipeline(), "out");
  const auto result =
      testing::run_host(folder_, {"evaluate", "pipeline.json", "--quiet", "--model", "out/model", "--json"});
  ASSERT_EQ(result.code, 0) << result.error;
  const auto measured = json::parse(result.out), metrics = measured["metrics"];
  EXPECT_EQ(measured["metric_details"]["tuned"]["r_precision"]["views"], json({"plain", "mirror"}));
  for (const auto* side : {"base", "tuned"}) {
    EXPECT_NEAR(metrics[side]["r_precision"].get<double>(),
                whole["metrics"][side]["r_precision"].get<double>(), 1e-3)
        << side;
  }
}

TEST_F(CachedMaps, without_the_cache_and_in_memory_the_same_stages_are_trained) {
  auto pipeline = cut_pipeline();
  const auto cached = run(pipeline, "cached");
  pipeline["cache"] = {{"type", "cpu"}, {"views", 4}};
  EXPECT_EQ(run(pipeline, "cpu")["metrics"].dump(), cached["metrics"].dump());
  pipeline["cache"] = {{"type", "none"}};
  const auto pictures = run(pipeline, "pictures");
  EXPECT_NEAR(pictures["metrics"]["base"]["r_precision"].get<double>(),
              cached["metrics"]["base"]["r_precision"].get<double>(), 1e-3);
  // From before the first stage it is the whole network, with the same code and no cache.
  pipeline["cache"] = {{"type", "auto"}};
  pipeline["model"]["encoders"]["image"]["trainable"] = {{"from", "stem"}, {"batch_norm", "train"}};
  run(pipeline, "everything");
}

TEST_F(CachedMaps, frozen_stages_keep_their_weights_and_running_statistics) {
  auto pipeline = cut_pipeline();
  pipeline["train"]["ema"] = 0;
  const auto tensors = [&](const std::string& cache, int epochs) {
    pipeline["cache"] = {{"type", cache}};
    pipeline["train"]["epochs"] = epochs;
    const auto output = cache + std::to_string(epochs);
    run(pipeline, output);
    return read_checkpoint(folder_ / (output + "/model/encoder.safetensors"));
  };
  for (const char* cache : {"none", "auto"}) {
    const auto before = tensors(cache, 0), after = tensors(cache, 2);
    ASSERT_EQ(before.size(), after.size());
    int64_t frozen = 0, trained = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      const auto& name = before[i].name;
      const bool learns =
          name.find("layer3.") != std::string::npos || name.find("layer4.") != std::string::npos;
      EXPECT_EQ(at::equal(before[i].tensor, after[i].tensor), !learns) << cache << " " << name;
      ++(learns ? trained : frozen);
    }
    EXPECT_GT(frozen, 20) << "running statistics are among them";
    EXPECT_GT(trained, 20);
  }
}

TEST_F(CachedMaps, of_stages_that_learn_by_low_rank_factors_only_the_targets_change) {
  auto pipeline = cut_pipeline();
  auto& encoder = pipeline["model"]["encoders"]["image"];
  encoder["dimension"] = 16;
  encoder["trainable"] = {{"from", "layer4"}, {"lora", {{"rank", 2}, {"targets", {"fc.weight"}}}}};
  pipeline["train"]["ema"] = 0;
  pipeline["train"]["epochs"] = 0;
  testing::write_pipeline(folder_, pipeline);
  const auto tensors = [&](int epochs) {
    pipeline["train"]["epochs"] = epochs;
    const auto output = "lora" + std::to_string(epochs);
    run(pipeline, output);
    return read_checkpoint(folder_ / (output + "/model/encoder.safetensors"));
  };
  const auto told = testing::run_host(folder_, {"run", "pipeline.json", "--output", "told"});
  EXPECT_THAT(told.out + told.error, HasSubstr("160 by rank 2")) << "2 * (64 + 16) numbers";
  const auto before = tensors(0), after = tensors(2);
  ASSERT_EQ(before.size(), after.size()) << "what is saved is the matrix";
  for (size_t i = 0; i < before.size(); ++i) {
    const auto& name = before[i].name;
    EXPECT_EQ(at::equal(before[i].tensor, after[i].tensor), name.find("fc.weight") == std::string::npos)
        << name;
  }
}

TEST_F(CachedMaps, an_interrupted_run_continues_to_the_same_result) {
  auto pipeline = cut_pipeline();
  pipeline["train"]["epochs"] = 12;
  const auto whole = run(pipeline, "whole");
  testing::HostProcess process(folder_, {"run", "pipeline.json", "--quiet", "--output", "parts"});
  for (int i = 0; i < 3000 && !std::filesystem::exists(folder_ / "parts/history.jsonl"); ++i) ::usleep(10000);
  process.interrupt();
  const auto stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  const auto report = read_file(folder_ / "parts/report.html");
  EXPECT_THAT(report, HasSubstr("interrupted; continue with --resume "));
  EXPECT_THAT(report, HasSubstr("</html>"));
  const auto resumed = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--resume", "parts"});
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  const auto parts = testing::read_json(folder_ / "parts/result.json");
  EXPECT_EQ(parts["metrics"].dump(), whole["metrics"].dump());
  EXPECT_EQ(parts["training"].dump(), whole["training"].dump());
  EXPECT_EQ(read_file(folder_ / "parts/report.html").find("interrupted;"), std::string::npos);
  // Another pipeline is not what began that run.
  const auto other = testing::run_host(
      folder_, {"run", "pipeline.json", "--resume", "parts", "--set", "train.optimizer.lr=0.5"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.error, HasSubstr("/train/optimizer/lr differs"));
}

TEST_F(CachedMaps, mistakes_are_told_before_anything_runs) {
  struct Mistake {
    const char* change;
    std::vector<std::string> expected;
  };
  const std::vector<Mistake> mistakes = {
      {R"({"model": {"encoders": {"image": {"trainable": {"from": "layer9"}}}}})",
       {"/model/encoders/image/trainable/from", "no stage \"layer9\"", "did you mean \"layer",
        "stem, layer1"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"lr_multipliers": {"layer1": 2}}}}}})",
       {"/trainable/lr_multipliers/layer1", "comes before layer3"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"lr_multipliers": {"layer4": -1}}}}}})",
       {"/trainable/lr_multipliers/layer4", "at least 0"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"batch_norm": "froze"}}}}})",
       {"/trainable/batch_norm", "frozen"}},
      {R"({"model": {"encoders": {"image": {"trainable": true}}}})", {"/cache/views", "trained whole"}},
      {R"({"model": {"encoders": {"image": {"trainable": false}}}, "data": {"train_transforms": null}})",
       {"/cache/views", "frozen"}},
      {R"({"data": {"train_transforms": null}})", {"/cache/views", "train_transforms, which is missing"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"lora": {}}}}}})",
       {"/model/encoders/image/trainable/lora: ", "no matrices in its trained stages"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"lora": {"rank": 0}}}}}})",
       {"/trainable/lora/rank", "between 1 and 4096"}},
      {R"({"cache": {"type": "none"}})", {"/cache/views", "without a cache"}},
      {R"({"evaluate": {"test_views": ["plain", "mirrored"]}})", {"/evaluate/test_views/1", "mirror"}},
      {R"({"evaluate": {"test_views": []}})", {"/evaluate/test_views", "at least one"}},
      {R"({"train": {"ema": 1.5}})", {"/train/ema"}},
      {R"({"model": {"encoders": {"image": {"trainable": {"from": "stem", "lr_multipliers": null}}}}})",
       {"/cache/views", "nothing comes before stem"}},
      {R"({"data": {"train_transforms": [{"type": "random_resized_crop"}]}})",
       {"/data/train_transforms", "they normalise otherwise"}}};
  for (const auto& one : mistakes) {
    auto pipeline = cut_pipeline();
    pipeline.merge_patch(json::parse(one.change));
    const auto result = refused(pipeline);
    EXPECT_EQ(result.code, 3) << one.change << result.error;
    for (const auto& part : one.expected) EXPECT_THAT(result.error, HasSubstr(part)) << one.change;
  }
}

TEST_F(CachedMaps, an_encoder_without_stages_can_only_be_trained_whole) {
  testing::write_vectors(folder_);
  auto pipeline = testing::vectors_pipeline();
  pipeline["model"]["encoders"]["vector"]["trainable"] = {{"from", "encoder"}};
  const auto result = refused(pipeline);
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("no stages to cut between"));
}

TEST_F(CachedMaps, an_encoder_of_one_stage_is_trained_whole) {
  KINDRED_SHARED_OR_SKIP(shared, "fixtures/checkpoints");
  auto pipeline = cut_pipeline();
  pipeline["cache"] = json::object();
  pipeline["model"]["head"] = nullptr;
  pipeline["model"]["encoders"]["image"] = {{"type", "torchscript"},
                                            {"probe_size", 32},
                                            {"module", shared + "/torchscript_encoder.pt"},
                                            {"trainable", {{"batch_norm", "frozen"}}}};
  pipeline["evaluate"].erase("test_views");
  const auto result = run(pipeline, "module");
  EXPECT_NE(result["metrics"]["tuned"].dump(), result["metrics"]["base"].dump());
}

TEST_F(CachedMaps, vectors_have_no_mirror_image) {
  testing::write_vectors(folder_);
  auto pipeline = testing::vectors_pipeline();
  pipeline["evaluate"]["test_views"] = {"mirror"};
  testing::write_pipeline(folder_, pipeline);
  const auto result = testing::run_host(folder_, {"run", "pipeline.json", "--quiet"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("only pictures have a mirror image"));
}

TEST_F(CachedMaps, views_of_different_sizes_are_told_with_the_picture) {
  auto pipeline = cut_pipeline();
  pipeline["data"]["train_transforms"][0]["width"] = 64;
  testing::write_pipeline(folder_, pipeline);
  const auto result = testing::run_host(folder_, {"run", "pipeline.json", "--quiet"});
  EXPECT_EQ(result.code, 1);
  for (const auto* part : {"random 1 view of ", "another size", "data.train_transforms"}) {
    EXPECT_THAT(result.error, HasSubstr(part));
  }
}

TEST_F(CachedMaps, a_closed_form_head_is_fitted_before_what_is_trained_behind_it) {
  const auto whitening_of = [&](const std::string& output, const char* name) {
    for (const auto& one : read_checkpoint(folder_ / (output + "/model/head.safetensors")))
      if (one.name == name) return one.tensor;
    return at::Tensor();
  };
  const auto whitening = R"({"type": "whitening"})"_json, skip = R"({"type": "skip_connection"})"_json;
  auto pipeline = cut_pipeline();
  pipeline["model"]["head"] = {whitening, skip, whitening};
  const auto learned = run(pipeline, "learned");
  const auto evaluated = testing::run_host(
      folder_, {"evaluate", "pipeline.json", "--quiet", "--model", "learned/model", "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.error;
  EXPECT_NEAR(json::parse(evaluated.out)["metrics"]["tuned"]["r_precision"].get<double>(),
              learned["metrics"]["tuned"]["r_precision"].get<double>(), 1e-9);

  auto frozen = cut_pipeline();
  frozen["model"]["encoders"]["image"]["trainable"] = false;
  frozen["model"]["head"] = {whitening, skip};
  frozen["data"].erase("train_transforms");
  frozen["cache"].erase("views");
  frozen["train"].erase("ema");
  run(frozen, "frozen");
  const auto first = whitening_of("learned", "0.matrix"), untuned = whitening_of("frozen", "0.matrix"),
             last = whitening_of("learned", "2.matrix");
  ASSERT_TRUE(first.defined() && untuned.defined() && last.defined());
  const double size = untuned.norm().item<double>();
  EXPECT_LT((first - untuned).norm().item<double>(), 0.01 * size) << "on the untuned encoder's embeddings";
  EXPECT_GT((last - untuned).norm().item<double>(), 0.1 * size) << "on what comes of training";
}

TEST_F(CachedMaps, a_fill_that_does_not_fit_names_the_stages_that_would) {
  auto pipeline = cut_pipeline();
  // A file system of 1 MiB; without the right to mount one the test has nothing to fill.
  const auto small = folder_ / "small";
  std::filesystem::create_directory(small);
  if (std::system(("mount -t tmpfs -o size=1m tmpfs '" + small + "' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "mounting a small file system is not allowed here";
  }
  pipeline["cache"]["directory"] = small;
  pipeline["data"]["dataset"]["samples"] = 20;
  pipeline["model"]["encoders"]["image"]["trainable"] = {{"from", "layer1"}};
  testing::write_pipeline(folder_, pipeline);
  const auto result = testing::run_host(folder_, {"run", "pipeline.json", "--quiet"});
  EXPECT_EQ(std::system(("umount '" + small + "'").c_str()), 0);
  EXPECT_EQ(result.code, 1);
  for (const auto* part :
       {"the maps before layer1 need", "MiB free", "it would fit: ", "pool (", "cache.views"}) {
    EXPECT_THAT(result.error, HasSubstr(part));
  }
}

}  // namespace
}  // namespace kindred
