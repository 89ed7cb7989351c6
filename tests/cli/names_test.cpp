#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host_process.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/random.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// 6 classes of 5 pictures of 16 x 16 pixels; `prefix` begins the folders' names.
void write_pictures(const testing::TemporaryFolder& folder, const std::string& prefix) {
  for (int c = 0; c < 6; ++c) {
    const auto name = prefix + std::to_string(c);
    std::filesystem::create_directories(folder.path() / name);
    for (int i = 0; i < 5; ++i) {
      Random random(static_cast<uint64_t>(c), i);
      std::string bytes = "P6\n16 16\n255\n";
      for (int k = 0; k < 16 * 16 * 3; ++k)
        bytes += static_cast<char>(40 * (c % 3) + 20 * (c / 3) + random.uniform(0, 60));
      write_file_atomically(folder / (name + "/" + std::to_string(i) + ".ppm"), bytes);
    }
  }
}

json pipeline(const json& dataset) {
  auto p = json::parse(R"({
    "kindred": 1, "name": "names", "seed": 5,
    "data": {"split": {"train": {"fraction": 0.5}, "validation": "none"}, "max_skipped": 0.2,
             "transforms": [{"type": "resize", "width": 16, "height": 16}, {"type": "normalize"}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 4}}, "head": {"type": "skip_connection"}},
    "cache": {"directory": "cache"},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 3, "samples": 3}, "epochs": 1},
    "evaluate": {"metrics": [{"type": "r_precision"}], "per_class": true}
  })");
  p["data"]["dataset"] = dataset;
  return p;
}

class Names : public ::testing::Test {
 protected:
  testing::HostResult host(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return testing::run_host(folder_, arguments, input);
  }
  /// Runs a pipeline to its end.
  json run(const json& dataset, const std::string& output, const std::vector<std::string>& more = {}) const {
    testing::write_pipeline(folder_, pipeline(dataset));
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = host(arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    EXPECT_THAT(result.error, Not(HasSubstr("json.exception")));
    return testing::read_json(folder_ / (output + "/result.json"));
  }
  testing::TemporaryFolder folder_{"names"};
};

TEST_F(Names, of_files_and_classes_need_not_be_utf8) {
  write_pictures(folder_, "photos/Citro\xEBn");
  write_file_atomically(folder_ / "photos/Citro\xEBn0/caf\xE9.ppm", "no picture");
  const auto first = run({{"type", "image_folder"}, {"root", "photos"}}, "a");
  EXPECT_EQ(first["data"]["skipped_samples"][0]["name"], "Citro\\xEBn0/caf\\xE9.ppm");
  EXPECT_EQ(first["per_class"]["tuned"]["r_precision"].begin().key().substr(0, 10), "Citro\\xEBn");
  EXPECT_THAT(read_file(folder_ / "a/log.txt"), HasSubstr("skipped Citro\\xEBn0/caf\\xE9.ppm"));
  const auto again = run({{"type", "image_folder"}, {"root", "photos"}}, "b");
  EXPECT_EQ(again["timings"]["cache_hit"], true);
  EXPECT_EQ(again["metrics"], first["metrics"]);

  const auto embedded =
      host({"embed", "--model", "a/model", "--output", "e.npy", "--quiet", "photos/Citro\xEBn0"});
  ASSERT_EQ(embedded.code, 0) << embedded.error;
  EXPECT_THAT(read_file(folder_ / "e.jsonl"), HasSubstr(R"({"path":"photos/Citro\\xEBn0/0.ppm","row":0})"));
  const auto listed = host({"embed", "--model", "a/model", "--output", "f.npy", "--quiet", "-"},
                           "\xEF\xBB\xBFphotos/Citro\xEBn1/0.ppm\r\n");
  EXPECT_EQ(listed.code, 0) << listed.error;
}

TEST_F(Names, of_the_folder_that_holds_everything_need_not_be_utf8) {
  write_pictures(folder_, "d\xE9j\xE0/photos/");
  testing::write_pipeline(folder_, pipeline({{"type", "image_folder"}, {"root", "photos"}}),
                          "d\xE9j\xE0/p.json");
  const std::string output = "d\xE9j\xE0/out";
  const auto done = host(
      {"run", "d\xE9j\xE0/p.json", "--quiet", "--output", output, "--set", "output.keep_checkpoints=true"});
  ASSERT_EQ(done.code, 0) << done.error;
  EXPECT_EQ(testing::read_json(folder_ / (output + "/result.json"))["status"], "completed");
  const auto resumed = host({"run", "d\xE9j\xE0/p.json", "--quiet", "--resume", output, "--set",
                             "train.epochs=2", "--set", "output.keep_checkpoints=true"});
  EXPECT_EQ(resumed.code, 0) << resumed.error;
  run({{"type", "image_folder"}, {"root", shown(folder_ / "d\xE9j\xE0/photos")}}, "escaped");
}

TEST_F(Names, in_tables_of_another_encoding_are_bytes_and_a_table_in_utf16_is_named) {
  write_pictures(folder_, "photos/");
  std::string table = "path,label\n";
  for (int i = 0; i < 30; ++i)
    table += "photos/" + std::to_string(i / 5) + "/" + std::to_string(i % 5) + ".ppm,\xE9" +
             std::to_string(i / 5) + "\n";
  write_file_atomically(folder_ / "t.csv", table +
                                               "n\xE9"
                                               "ant.ppm,\xE9"
                                               "0\n");
  const auto result = run({{"type", "csv"}, {"file", "t.csv"}}, "a");
  EXPECT_EQ(result["data"]["skipped_samples"][0]["name"],
            "n\\xE9"
            "ant.ppm");
  EXPECT_TRUE(result["per_class"]["tuned"]["r_precision"].begin().key().find("\\xE9") == 0);

  write_file_atomically(folder_ / "t.csv", std::string("\xFF\xFEp\0a\0t\0h\0", 10));
  const auto refused = host({"run", "pipeline.json", "--quiet", "--output", "b"});
  EXPECT_EQ(refused.code, 4) << refused.error;
  EXPECT_THAT(refused.error, HasSubstr("iconv -f UTF-16 -t UTF-8"));
  EXPECT_EQ(testing::read_json(folder_ / "b/result.json")["status"], "failed");
}

TEST_F(Names, a_missing_label_is_told_and_left_out_or_refused) {
  write_pictures(folder_, "photos/");
  std::string table = "path,label\n";
  for (int i = 0; i < 30; ++i) {
    table += "photos/" + std::to_string(i / 5) + "/" + std::to_string(i % 5) + ".ppm," +
             (i % 5 == 0 ? "" : std::to_string(i / 5)) + "\n";
  }
  write_file_atomically(folder_ / "t.csv", table);
  const json dataset = {{"type", "csv"}, {"file", "t.csv"}};
  const auto data = run(dataset, "a")["data"];
  EXPECT_EQ(data["train"]["groups"].get<int>() + data["test"]["groups"].get<int>(), 6);
  EXPECT_EQ(data["train"]["samples"].get<int>() + data["test"]["samples"].get<int>(), 24);
  EXPECT_THAT(read_file(folder_ / "a/log.txt"),
              HasSubstr("6 of 30 rows have no label (lines 2, 7, 12 and 3 more)"));
  const auto refused =
      host({"run", "pipeline.json", "--quiet", "--output", "b", "--set", "data.on_error=fail"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error, HasSubstr("6 of 30 rows have no label"));
}

TEST_F(Names, a_pipeline_in_another_encoding_is_named) {
  write_file_atomically(folder_ / "latin.json", "{\"kindred\": 1,\n \"name\": \"caf\xE9\"}");
  EXPECT_THAT(host({"validate", "latin.json"}).error,
              HasSubstr("byte 0xE9 at line 2, column 14 is no UTF-8; it looks like Windows-1252 or Latin-1"));
  write_file_atomically(folder_ / "wide.json", std::string("\xFF\xFE{\0}\0", 6));
  EXPECT_THAT(host({"validate", "wide.json"}).error, HasSubstr("byte order mark of UTF-16LE"));
}

}  // namespace
}  // namespace kindred
