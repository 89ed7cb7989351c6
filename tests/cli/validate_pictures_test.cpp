#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "small_pipeline.hpp"

/// `host validate --data` on folders, tables and weights.
namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

json pictures_pipeline() {
  return json::parse(R"({
    "kindred": 1, "name": "pictures",
    "data": {"dataset": {"type": "image_folder", "root": "photos"}, "transforms": [{"type": "normalize"}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8, "trainable": true}},
              "head": {"type": "empty"}},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 2, "samples": 2}},
    "evaluate": {"metrics": [{"type": "r_precision"}]}
  })");
}

class ValidatePictures : public ::testing::Test {
 protected:
  /// Files that are no pictures, since none of them is to be decoded.
  void write_photos(const std::vector<std::string>& classes) {
    for (const auto& name : classes) {
      std::filesystem::create_directories(folder_ / ("photos/" + name));
      for (const auto* file : {"/a.jpg", "/b.jpg", "/c.jpg"})
        write_file_atomically(folder_ / ("photos/" + name + file), "not decoded");
    }
  }
  json checked(const json& pipeline) {
    testing::write_pipeline(folder_, pipeline);
    return json::parse(testing::run_host(folder_, {"validate", "pipeline.json", "--data", "--json"}).out);
  }
  testing::TemporaryFolder folder_{"validate_pictures"};
};

TEST_F(ValidatePictures, counts_what_is_there_without_decoding_it) {
  write_photos({"ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"});
  auto pipeline = pictures_pipeline();
  pipeline["data"]["split"] = {{"validation", "none"}};
  const auto said = checked(pipeline);
  EXPECT_EQ(said["valid"], true) << said.dump(2);
  EXPECT_EQ(said["data"]["samples"], 24);
  EXPECT_EQ(said["data"]["train"]["classes"], 4);
  EXPECT_EQ(said["warnings"], json::array());
}

TEST_F(ValidatePictures, folders_called_train_and_test_are_sides_and_not_classes) {
  write_photos({"test", "train", "val"});
  auto pipeline = pictures_pipeline();
  pipeline["data"]["split"] = {{"validation", "none"}};
  const auto said = checked(pipeline);
  ASSERT_GE(said["warnings"].size(), 1u) << said.dump(2);
  EXPECT_EQ(
      said["warnings"][0],
      "the classes of kindred.image_folder are called test, train, val, which are sides of a split and not "
      "classes; name the folder below which the classes lie (such as .../val) and let data.split divide its "
      "classes, or list the samples in a table with a column for the split and choose with \"splits\"");
  std::filesystem::rename(folder_ / "photos/val", folder_ / "photos/valley");
  EXPECT_EQ(checked(pipeline)["warnings"], json::array());
}

TEST_F(ValidatePictures, missing_columns_are_told_together_with_those_that_there_are) {
  write_file_atomically(folder_ / "t.csv", "file,class,kind\na.jpg,1,train\nb.jpg,2,train\n");
  auto pipeline = pictures_pipeline();
  pipeline["data"]["dataset"] = {
      {"type", "csv"}, {"file", "t.csv"}, {"splits", {"train"}}, {"text_columns", {"title"}}, {"crop", true}};
  pipeline["evaluate"]["metrics"][0]["type"] = "RPrecison";
  const auto issues = checked(pipeline)["issues"];
  ASSERT_EQ(issues.size(), 2u) << issues.dump(2);
  EXPECT_THAT(issues[0]["message"].get<std::string>(), HasSubstr("did you mean \"r_precision\"?"));
  EXPECT_EQ(issues[1]["pointer"], "/data/dataset");
  const auto message = issues[1]["message"].get<std::string>();
  for (const auto* name :
       {"\"path\"", "\"label\"", "\"split\"", "\"title\"", "\"x_1\"", "\"y_2\"", "file, class, kind"})
    EXPECT_THAT(message, HasSubstr(name));
}

TEST_F(ValidatePictures, listed_files_that_are_not_there_are_counted_and_named) {
  write_photos({"ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"});
  std::string list = "path,label\n";
  for (const auto* name : {"ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"}) {
    for (const auto* file : {"/a.jpg", "/b.jpg", "/c.jpg"})
      list += std::string("photos/") + name + file + "," + name + "\n";
  }
  auto pipeline = pictures_pipeline();
  pipeline["data"]["dataset"] = {{"type", "csv"}, {"file", "list.csv"}};
  pipeline["data"]["split"] = {{"validation", "none"}};
  write_file_atomically(folder_ / "list.csv", list);
  EXPECT_EQ(checked(pipeline)["warnings"], json::array());
  write_file_atomically(folder_ / "list.csv", list + "photos/ant/z.jpg,ant\n");
  auto said = checked(pipeline);
  EXPECT_EQ(said["valid"], false);
  EXPECT_THAT(said["issues"][0]["message"].get<std::string>(),
              ::testing::AllOf(HasSubstr("1 of 25 samples name files that are not there ("),
                               HasSubstr("ant/z.jpg)")));
  pipeline["data"]["max_skipped"] = 0.1;
  said = checked(pipeline);
  EXPECT_EQ(said["valid"], true) << said;
  ASSERT_EQ(said["warnings"].size(), 1u) << said;
  EXPECT_THAT(said["warnings"][0].get<std::string>(),
              HasSubstr("1 of 25 samples name files that are not there"));
}

TEST_F(ValidatePictures, weights_of_another_variant_are_told_with_the_one_that_they_fit) {
  write_photos({"ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"});
  auto pipeline = pictures_pipeline();
  pipeline["data"]["dataset"] = {{"type", "toy_cars"}, {"classes", 8}, {"samples", 4}, {"size", 32}};
  pipeline["data"]["split"] = {{"validation", "none"}};
  pipeline["model"]["encoders"]["image"]["variant"] = "resnet34";
  pipeline["train"]["epochs"] = 0;
  testing::write_pipeline(folder_, pipeline);
  const auto run = testing::run_host(folder_, {"run", "pipeline.json", "--quiet", "--output", "out"});
  ASSERT_EQ(run.code, 0) << run.error;
  auto tensors = read_checkpoint(folder_ / "out/model/encoder.safetensors");
  const std::string own = "image.";  // the encoder's name in the pipeline
  for (auto& one : tensors) {
    if (one.name.rfind(own, 0) == 0) one.name = one.name.substr(own.size());
  }
  write_safetensors(folder_ / "w.safetensors", tensors);

  pipeline = pictures_pipeline();
  pipeline["data"]["split"] = {{"validation", "none"}};
  pipeline["model"]["encoders"]["image"]["weights"] = "w.safetensors";
  pipeline["model"]["encoders"]["image"]["variant"] = "resnet34";
  EXPECT_EQ(checked(pipeline)["valid"], true);
  pipeline["model"]["encoders"]["image"]["variant"] = "resnet18";
  const auto issues = checked(pipeline)["issues"];
  ASSERT_EQ(issues.size(), 1u) << issues.dump(2);
  EXPECT_EQ(issues[0]["pointer"], "/model/encoders/image/weights");
  const auto message = issues[0]["message"].get<std::string>();
  EXPECT_THAT(message, HasSubstr("w.safetensors do not fit"));
  EXPECT_THAT(message, HasSubstr("; the file fits \"variant\": \"resnet34\""));
}

}  // namespace
}  // namespace kindred
