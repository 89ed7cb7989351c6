#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/random.hpp"
#include "made_photos.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;
using testing::write_pictures;

class Pictures : public ::testing::Test {
 protected:
  void SetUp() override {
    write_pictures(folder_);
    testing::write_pipeline(folder_, testing::photos_pipeline());
  }
  testing::HostResult host(const std::string& output, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_host(folder_, arguments);
  }
  json run(const std::string& output, std::vector<std::string> more = {}) {
    const auto result = host(output, std::move(more));
    EXPECT_EQ(result.code, 0) << result.error;
    return testing::read_json(folder_ / (output + "/result.json"));
  }
  testing::TemporaryFolder folder_{"pictures"};
};

TEST_F(Pictures, are_encoded_once_for_all_that_decides_the_embeddings) {
  const auto first = run("a"), second = run("b");
  EXPECT_EQ(first["timings"]["cache_hit"], false);
  EXPECT_EQ(second["timings"]["cache_hit"], true);
  EXPECT_EQ(first["metrics"].dump(), second["metrics"].dump());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "a/retrieval.png"));
  for (const auto* change :
       {R"(data.transforms=[{"type":"resize","width":40,"height":40},{"type":"normalize"}])",
        R"(data.transforms=[{"type":"resize","width":32,"height":32}])", "seed=6",
        "model.encoders.image.width=12"}) {
    EXPECT_EQ(run(std::string("changed_") + std::to_string(std::hash<std::string>{}(change)),
                  {"--set", change})["timings"]["cache_hit"],
              false)
        << change;
  }
  EXPECT_EQ(run("c", {"--set", "train.epochs=1"})["timings"]["cache_hit"], true);
  write_file_atomically(folder_ / "photos/class_0/0.ppm", read_file(folder_ / "photos/class_1/0.ppm"));
  EXPECT_EQ(run("d")["timings"]["cache_hit"], false) << "a file changed";
}

TEST_F(Pictures, are_not_read_again_once_they_are_encoded) {
  const auto first = run("a");
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path() / "photos")) {
    if (!file.is_regular_file()) continue;
    // Their names, sizes and times, which say whether the cache is valid, stay.
    const auto time = file.last_write_time();
    const std::string no_picture(file.file_size(), 'x');
    std::ofstream(file.path(), std::ios::binary) << no_picture;
    std::filesystem::last_write_time(file.path(), time);
  }
  const auto second = run("b", {"--set", "train.epochs=3"}), third = run("c");
  EXPECT_EQ(second["timings"]["cache_hit"], true);
  EXPECT_EQ(second["data"]["skipped"], 0);
  EXPECT_EQ(third["metrics"].dump(), first["metrics"].dump());
}

TEST_F(Pictures, are_kept_in_order_whatever_threads_and_batches_filled_the_cache) {
  const auto with = [&](const std::string& directory, const std::string& threads, const std::string& batch) {
    return run(directory + "_" + threads + "_" + batch,
               {"--set", "cache.directory=" + directory, "--set", "data.threads=" + threads, "--set",
                "cache.batch_size=" + batch});
  };
  const auto alone = with("kept_by_one", "1", "8"), together = with("kept_by_three", "3", "8");
  EXPECT_EQ(alone["metrics"].dump(), together["metrics"].dump());
  const auto again = with("kept_by_three", "1", "8");
  EXPECT_EQ(again["timings"]["cache_hit"], true);
  EXPECT_EQ(again["metrics"].dump(), alone["metrics"].dump());
  // 48 pictures are no multiple of 7.
  EXPECT_NEAR(with("kept_by_sevens", "2", "7")["metrics"]["base"]["r_precision"].get<double>(),
              alone["metrics"]["base"]["r_precision"].get<double>(), 1e-6);
}

TEST_F(Pictures, that_cannot_be_read_are_skipped_named_and_counted) {
  write_file_atomically(folder_ / "photos/class_3/2.ppm", "no picture");
  const auto result = run("out");
  EXPECT_EQ(result["data"]["skipped"], 1);
  EXPECT_THAT(result["data"]["skipped_samples"].dump(), HasSubstr("class_3/2.ppm"));
  EXPECT_THAT(read_file(folder_ / "out/log.txt"), HasSubstr("class_3/2.ppm"));
  EXPECT_EQ(run("again")["data"]["skipped"], 1) << "also from the cache";
  const auto strict = host("strict", {"--set", "data.on_error=fail"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_THAT(strict.error, HasSubstr("class_3/2.ppm"));
  const auto share = host("share", {"--set", "data.max_skipped=0.01"});
  EXPECT_EQ(share.code, 1);
  EXPECT_THAT(share.error, HasSubstr("data.max_skipped"));
}

TEST_F(Pictures, train_an_encoder_and_repeat_with_any_number_of_threads) {
  const std::vector<std::string> learning = {
      "--set", "model.encoders.image.trainable=true", "--set",
      R"(data.train_transforms=[{"type":"resize","width":32,"height":32},{"type":"horizontal_flip"},{"type":"color_jitter"},{"type":"random_crop","width":32,"height":32,"padding":2},{"type":"normalize"}])"};
  auto one = learning, three = learning;
  one.insert(one.end(), {"--set", "data.threads=1"});
  three.insert(three.end(), {"--set", "data.threads=3"});
  const auto a = run("one", one), b = run("three", three);
  EXPECT_EQ(a["metrics"].dump(), b["metrics"].dump());
  const auto measured =
      testing::run_host(folder_, {"evaluate", "pipeline.json", "--quiet", "--json", "--model", "one/model"});
  ASSERT_EQ(measured.code, 0) << measured.error;
  EXPECT_NEAR(json::parse(measured.out)["metrics"]["tuned"]["r_precision"].get<double>(),
              a["metrics"]["tuned"]["r_precision"].get<double>(), 1e-9);
}

TEST_F(Pictures, pass_a_learning_encoder_in_parts_with_the_gradient_of_the_whole_batch) {
  auto learning = testing::photos_pipeline();
  // Batch statistics would be those of a part.
  learning["model"]["encoders"]["image"]["trainable"] = {{"from", "stem"}, {"batch_norm", "frozen"}};
  learning["model"]["encoders"]["image"]["precision"] = "float32";
  learning["train"]["loss"] = {{"type", "supervised_contrastive"}};
  learning["train"]["optimizer"] = {{"type", "sgd"}, {"lr", 0.01}};
  const auto trained = [&](const std::string& output, int part) {
    if (part > 0) learning["train"]["gradient_cache"] = part;
    testing::write_pipeline(folder_, learning);
    run(output);
    return read_checkpoint(folder_ / (output + "/model/encoder.safetensors"));
  };
  const auto whole = trained("whole", 0), parts = trained("parts", 5);
  learning["train"]["epochs"] = 0;
  const auto initial = trained("initial", 0);
  ASSERT_EQ(whole.size(), parts.size());
  double moved = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_TRUE(at::allclose(parts[i].tensor, whole[i].tensor, 1e-3, 1e-5)) << whole[i].name;
    moved = std::max(moved, (whole[i].tensor - initial[i].tensor).abs().max().item<double>());
  }
  EXPECT_GT(moved, 1e-3);
}

TEST_F(Pictures, train_an_encoder_alike_when_its_stages_run_again_for_the_gradient) {
  auto learning = testing::photos_pipeline();
  learning["model"]["encoders"]["image"]["trainable"] = true;
  learning["train"]["epochs"] = 2;
  const auto trained = [&](const std::string& output, bool again) {
    learning["model"]["encoders"]["image"]["gradient_checkpointing"] = again;
    testing::write_pipeline(folder_, learning);
    run(output);
    return read_checkpoint(folder_ / (output + "/model/encoder.safetensors"));
  };
  const auto once = trained("once", false), again = trained("again", true);
  ASSERT_EQ(once.size(), again.size());
  for (size_t i = 0; i < once.size(); ++i)
    EXPECT_TRUE(at::equal(once[i].tensor, again[i].tensor)) << once[i].name;
}

TEST_F(Pictures, are_measured_alike_wherever_and_however_embeddings_are_kept) {
  const auto base = [&](const std::string& name, const std::vector<std::string>& more) {
    return run(name, more)["metrics"]["base"]["r_precision"].get<double>();
  };
  const auto expected = base("disk", {});
  for (const char* type : {"cpu", "auto"})
    EXPECT_EQ(base(type, {"--set", std::string("cache.type=") + type}), expected) << type;
  for (const char* dtype : {"float16", "bfloat16"}) {
    const std::vector<std::string> stored = {"--set", std::string("cache.embedding_dtype=") + dtype};
    const auto first = base(dtype, stored);
    EXPECT_NEAR(first, expected, 0.02) << dtype;
    EXPECT_EQ(base(std::string(dtype) + "_again", stored), first) << "from the cache";
  }
}

TEST_F(Pictures, random_transforms_are_refused_where_pictures_are_cached) {
  const auto result = host(
      "out",
      {"--set", R"(data.transforms=[{"type":"resize","width":32,"height":32},{"type":"horizontal_flip"}])"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("train_transforms"));
}

TEST_F(Pictures, embed_takes_files_and_folders_with_a_model_or_an_untrained_pipeline) {
  run("out");
  write_file_atomically(folder_ / "bad.jpg", "no picture");
  const auto result =
      testing::run_host(folder_, {"embed", "--quiet", "--model", "out/model", "--output", "e.npy",
                                  "photos/class_1", "bad.jpg", "photos/class_0/3.ppm"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), 7);
  const auto base = testing::run_host(
      folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--output", "b.npy", "photos/class_1"});
  ASSERT_EQ(base.code, 0) << base.error;
  EXPECT_EQ(map_npy(folder_ / "b.npy").size(0), 6);
  EXPECT_THAT(
      testing::run_host(folder_, {"embed", "--model", "out/model", "--output", "e.npy", "cache"}).error,
      HasSubstr("holds no pictures"));
}

/// What macOS, Windows, notebooks and network storage leave in and beside the folders of write_pictures().
void leave_behind(const testing::TemporaryFolder& folder) {
  for (const auto* name : {"photos/class_0/._0.ppm", "photos/__MACOSX/class_0/._0.ppm",
                           "photos/.ipynb_checkpoints/0-checkpoint.ppm", "photos/class_1/@eaDir/0.ppm",
                           "photos/class_1/Thumbs.db", "photos/.DS_Store", "photos/.trash/0.ppm"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    write_file_atomically(folder / name, "no picture");
  }
}

TEST_F(Pictures, are_drawn_where_doctor_times_the_encoders_of_a_pipeline) {
  const auto timed = testing::run_host(folder_, {"doctor", "--json", "--bench", "pipeline.json"});
  ASSERT_EQ(timed.code, 0) << timed.error;
  const auto encoders = nlohmann::json::parse(timed.out).at("encoders");
  ASSERT_EQ(encoders.size(), 1U);
  EXPECT_EQ(encoders[0]["encoder"], "image");
  std::vector<int64_t> sizes;
  for (const auto& one : encoders[0]["batches"]) {
    sizes.push_back(one["size"]);
    EXPECT_GT(one["samples_per_second"], 0);
  }
  EXPECT_EQ(sizes, (std::vector<int64_t>{1, 8, 32}));
}

TEST_F(Pictures, of_systems_are_taken_neither_by_run_nor_by_embed) {
  leave_behind(folder_);
  const auto result = run("out");
  EXPECT_EQ(result["data"]["skipped"], 0);
  EXPECT_EQ(result["data"]["train"]["groups"].get<int>() + result["data"]["test"]["groups"].get<int>(), 8);
  const auto embedded = testing::run_host(
      folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--output", "e.npy", "photos"});
  ASSERT_EQ(embedded.code, 0) << embedded.error;
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), 48);
  EXPECT_THAT(read_file(folder_ / "e.jsonl"), ::testing::Not(HasSubstr("error")));
}

TEST_F(Pictures, behind_links_are_taken_by_embed_as_by_run_and_other_links_and_formats_are_said) {
  namespace fs = std::filesystem;
  fs::rename(folder_.path() / "photos", folder_.path() / "store");
  fs::create_directory(folder_.path() / "photos");
  for (int c = 0; c < 8; ++c) {
    const auto name = "class_" + std::to_string(c);
    fs::create_directory_symlink(folder_.path() / "store" / name, folder_.path() / "photos" / name);
  }
  fs::create_directory_symlink(folder_.path() / "photos", folder_.path() / "photos/class_0/circle");
  fs::create_symlink(folder_.path() / "gone.ppm", folder_.path() / "photos/class_1/gone.ppm");
  write_file_atomically(folder_ / "photos/class_2/phone.HEIC", "x");
  const auto ran = host("out");
  ASSERT_EQ(ran.code, 0) << ran.error;
  const auto data = testing::read_json(folder_ / "out/result.json")["data"];
  EXPECT_EQ(data["train"]["samples"].get<int>() + data["test"]["samples"].get<int>(), 48);
  const auto embedded = testing::run_host(
      folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--output", "e.npy", "photos"});
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), 48);
  for (const auto& said : {read_file(folder_ / "out/log.txt"), embedded.error}) {
    EXPECT_THAT(said, HasSubstr("photos: 1 link leads nowhere and is left out: "));
    EXPECT_THAT(said, HasSubstr("photos/class_1/gone.ppm"));
    EXPECT_THAT(said, HasSubstr("photos: 1 link leads back to a folder that it lies in and is left out: "));
    EXPECT_THAT(said, HasSubstr("photos/class_0/circle"));
    EXPECT_THAT(said, HasSubstr("1 picture is left out, since no decoder reads its format (1 .heic)"));
  }
}

TEST_F(Pictures, whose_boxes_stick_out_are_counted_and_those_whose_boxes_are_outside_are_skipped) {
  std::string list;
  for (int i = 0; i < 48; ++i) {
    const auto name = std::to_string(i / 6), box = std::string(i == 7       ? "[90, 90, 99, 99]"
                                                               : i % 6 == 0 ? "[4, 4, 26, 20]"
                                                                            : "[4, 4, 20, 20]");
    list += R"({"path": "photos/class_)" + name + "/" + std::to_string(i % 6) + R"(.ppm", "label": ")" +
            name + R"(", "box": )" + box + "}\n";
  }
  write_file_atomically(folder_ / "list.jsonl", list);
  auto with_boxes = testing::photos_pipeline();
  with_boxes["data"]["dataset"] = {{"type", "jsonl"}, {"file", "list.jsonl"}, {"crop", true}};
  testing::write_pipeline(folder_, with_boxes);
  const auto result = run("out");
  EXPECT_EQ(result["data"]["skipped"], 1);
  EXPECT_THAT(result["data"]["skipped_samples"].dump(),
              HasSubstr("list.jsonl:8: the box [90, 90, 99, 99] lies outside"));
  EXPECT_THAT(read_file(folder_ / "out/log.txt"), HasSubstr("jsonl: 8 boxes stick out of the picture"));
  const auto strict = host("strict", {"--set", "data.on_error=fail"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_THAT(strict.error, HasSubstr("list.jsonl:8: the box"));
}

TEST_F(Pictures, need_no_dataset_to_be_embedded_by_an_untrained_pipeline) {
  auto elsewhere = testing::photos_pipeline();
  elsewhere["data"]["dataset"]["root"] = "${KINDRED_NOT_SET}/photos";
  elsewhere["data"]["split"]["train"] = {{"classes_file", "absent.json"}};
  testing::write_pipeline(folder_, elsewhere);
  const auto embed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"embed",    "--quiet", "--pipeline",    "pipeline.json",
                                          "--output", "e.npy",   "photos/class_1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_host(folder_, arguments);
  };
  const auto result = embed({});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), 6);
  EXPECT_EQ(embed({"--set", "model.encoders.image.variant=resnet17"}).code, 3);
  EXPECT_THAT(testing::run_host(folder_, {"run", "pipeline.json"}).error,
              HasSubstr("KINDRED_NOT_SET is not set"));
}

/// Beside its picture each sample has a word: half of the classes are told by it.
json records_pipeline(const testing::TemporaryFolder& folder) {
  std::string table = "path,label,word\n";
  for (int c = 0; c < 8; ++c) {
    for (int i = 0; i < 6; ++i) {
      table += "photos/class_" + std::to_string(c) + "/" + std::to_string(i) + ".ppm," + std::to_string(c) +
               "," + (c % 2 == 0 ? "even" : "odd") + "\n";
    }
  }
  write_file_atomically(folder / "list.csv", table);
  auto with_words = testing::photos_pipeline();
  with_words["data"]["dataset"] = R"({"type": "csv", "file": "list.csv", "text_columns": ["word"]})"_json;
  with_words["model"]["encoders"]["image"]["field"] = "path";
  with_words["model"]["encoders"]["word"] =
      R"({"type": "one_hot", "field": "word", "values": ["even", "odd"]})"_json;
  with_words["evaluate"]["test_views"] = {"plain", "mirror"};
  return with_words;
}

TEST_F(Pictures, a_word_beside_the_picture_helps_whatever_of_the_encoder_is_trained) {
  const auto with_words = records_pipeline(folder_);
  for (const char* trainable : {"false", R"({"from": "layer4"})", "true"}) {
    auto changed = with_words;
    changed["model"]["encoders"]["image"]["trainable"] = json::parse(trainable);
    auto alone = changed;
    alone["model"]["encoders"].erase("word");
    testing::write_pipeline(folder_, alone);
    const auto pictures = run(std::string("alone_") + trainable[0] + trainable[1]);
    testing::write_pipeline(folder_, changed);
    const auto output = std::string("both_") + trainable[0] + trainable[1];
    const auto both = run(output);
    EXPECT_GT(both["metrics"]["base"]["r_precision"], pictures["metrics"]["base"]["r_precision"])
        << trainable;
    const auto measured = testing::run_host(
        folder_, {"evaluate", "pipeline.json", "--model", output + "/model", "--json", "--quiet"});
    ASSERT_EQ(measured.code, 0) << measured.error;
    for (const char* side : {"base", "tuned"}) {
      EXPECT_NEAR(json::parse(measured.out)["metrics"][side]["r_precision"].get<double>(),
                  both["metrics"][side]["r_precision"].get<double>(), 1e-6)
          << trainable << " " << side;
    }
  }
}

TEST_F(Pictures, what_one_encoder_cannot_read_is_left_out_for_all) {
  auto with_words = records_pipeline(folder_);
  with_words["model"]["encoders"]["image"]["trainable"] = true;
  write_file_atomically(folder_ / "photos/class_2/3.ppm", "no picture");
  testing::write_pipeline(folder_, with_words);
  const auto result = run("skipped");
  EXPECT_EQ(result["status"], "completed");
  EXPECT_EQ(result["data"]["skipped"], 1);
}

TEST_F(Pictures, that_are_equal_files_are_named_and_the_search_is_kept_in_the_cache) {
  std::filesystem::copy_file(folder_ / "photos/class_0/0.ppm", folder_ / "photos/class_3/copy.ppm");
  std::filesystem::copy_file(folder_ / "photos/class_1/2.ppm", folder_ / "photos/class_1/again.ppm");
  const auto result = host("out");
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("class_0/0.ppm and class_3/copy.ppm"));
  EXPECT_THAT(result.error, HasSubstr("class_1/2.ppm and class_1/again.ppm"));
  const auto found = testing::read_json(folder_ / "out/result.json")["data"]["duplicates"];
  EXPECT_EQ(found["in_one_class"]["groups"], 1);
  EXPECT_EQ(found["in_several_classes"]["groups"], 1);
  size_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache")) {
    kept += entry.path().filename().string().rfind("equal_samples-", 0) == 0 ? 1 : 0;
  }
  EXPECT_EQ(kept, 1U);
  ASSERT_EQ(host("again").code, 0);
  EXPECT_EQ(testing::read_json(folder_ / "again/result.json")["data"].dump(),
            testing::read_json(folder_ / "out/result.json")["data"].dump());
}

}  // namespace
}  // namespace kindred
