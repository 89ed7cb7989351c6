#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

#include "host_process.hpp"
#include "kindred/io/npy.hpp"
#include "made_photos.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string numbered(const std::string& name, int64_t number, int64_t count, const std::string& end = "") {
  char text[64];
  std::snprintf(text, sizeof(text), "-%05lld-of-%05lld", static_cast<long long>(number),
                static_cast<long long>(count));
  return name + text + end;
}

std::string choice(int64_t number, int64_t count) {
  return std::to_string(number) + "/" + std::to_string(count);
}

/// Work that several processes share, each started by itself.
class Shards : public ::testing::Test {
 protected:
  testing::HostResult host(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return testing::run_host(folder_, arguments, input);
  }
  std::string text(const std::string& name) const { return read_file(folder_ / name); }
  bool exists(const std::string& name) const { return fs::exists(folder_.path() / name); }
  void expect_nothing_partial() const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const auto name = entry.path().filename().string();
      EXPECT_THAT(name, AllOf(Not(HasSubstr(".partial")), Not(HasSubstr(".progress"))));
    }
  }

  testing::TemporaryFolder folder_{"shards"};
};

/// `host embed` by the encoder of a pipeline.
class EmbedShards : public Shards {
 protected:
  testing::HostResult embed(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"embed", "--pipeline", "pipeline.json", "--batch-size", "4"};
    all.insert(all.end(), more.begin(), more.end());
    return host(all);
  }
  testing::HostResult shard(int64_t number, int64_t count, std::vector<std::string> inputs) const {
    inputs.insert(inputs.end(), {"--output", "e.npy", "--shard", choice(number, count)});
    return embed(inputs);
  }
  /// Embeds in shards, the last first, joins them, and compares with what one process writes.
  void expect_whole(const std::vector<std::string>& inputs, int64_t count) const {
    auto whole = inputs;
    whole.insert(whole.end(), {"--output", "whole.npy"});
    ASSERT_EQ(embed(whole).code, 0);
    for (auto number = count; number > 0; --number) {
      const auto done = shard(number, count, inputs);
      ASSERT_EQ(done.code, 0) << done.error;
      ASSERT_TRUE(exists(numbered("e", number, count, ".json")));
    }
    const auto joined = host({"embed", "--join", "e.npy"});
    ASSERT_EQ(joined.code, 0) << joined.error;
    EXPECT_TRUE(text("e.npy") == text("whole.npy"));
    EXPECT_EQ(text("e.jsonl"), text("whole.jsonl"));
    expect_nothing_partial();
  }
  std::vector<json> lines(const std::string& name) const {
    std::vector<json> all;
    std::istringstream list(text(name));
    for (std::string line; std::getline(list, line);) all.push_back(json::parse(line));
    return all;
  }
  void write_photos() const {
    testing::write_pictures(folder_);
    testing::write_pipeline(folder_, testing::photos_pipeline());
  }
  void write_texts(const std::string& content) const {
    auto pipeline = testing::vectors_pipeline();
    json values = json::array();
    for (int i = 0; i < 16; ++i) values.push_back("word " + std::to_string(i));
    pipeline["model"] = {{"encoders", {{"word", {{"type", "one_hot"}, {"values", values}}}}}};
    pipeline["train"]["epochs"] = 0;
    testing::write_vectors(folder_);
    testing::write_pipeline(folder_, pipeline);
    write_file_atomically(folder_ / "texts.txt", content);
  }
};

TEST_F(EmbedShards, of_pictures_join_to_what_one_process_writes) {
  write_photos();
  write_file_atomically(folder_ / "photos/class_3/bad.ppm", "P6 and no more");
  expect_whole({"photos", "absent.ppm"}, 3);
  size_t count = 0;
  for (int number = 1; number <= 3; ++number) {
    const auto list = lines(numbered("e", number, 3, ".jsonl"));
    EXPECT_GT(list.size(), 10U) << "pictures of one size are divided by their number";
    for (const auto& line : list) count += line["row"].is_null() ? 1 : 0;
  }
  EXPECT_EQ(count, 2U) << "what failed has its line in its shard";
}

TEST_F(EmbedShards, are_cut_by_bytes) {
  write_photos();
  const auto large = text("photos/class_7/5.ppm") + std::string(1'000'000, ' ');
  for (int i = 0; i < 4; ++i)
    write_file_atomically(folder_ / ("photos/class_0/" + std::to_string(i) + ".ppm"), large);
  ASSERT_EQ(shard(1, 2, {"photos"}).code, 0);
  EXPECT_EQ(lines("e-00001-of-00002.jsonl").size(), 4U) << "the large ones are one batch";
}

TEST_F(EmbedShards, of_texts_join_to_what_one_process_writes) {
  std::string content = "word 15\n";
  for (int i = 0; i < 21; ++i) content += "word " + std::to_string(i * 5 % 16) + "\n";
  write_texts("\xfa broken\n" + content + "broken \xff\n" + content + "\xff at the end\n");
  write_file_atomically(folder_ / "more.txt", "word 3\nunknown\n");
  expect_whole({"absent.txt", "texts.txt", "absent.txt", "more.txt", "absent.txt"}, 3);
  EXPECT_EQ(lines("e.jsonl").size(), 44U + 2 + 3 + 3);
}

TEST_F(EmbedShards, may_be_more_than_there_are_inputs) {
  write_texts("word 1\nword 2\nword 3\nword 4\nword 5\n");
  expect_whole({"texts.txt"}, 5);
  EXPECT_FALSE(exists("e-00001-of-00005.npy")) << "two batches make two shards";
  const auto empty = shard(1, 5, {"texts.txt"});
  EXPECT_EQ(empty.code, 0);
}

TEST_F(EmbedShards, that_were_killed_go_on_and_join_to_what_one_process_writes) {
  std::string content;
  for (int i = 0; i < 20000; ++i) content += "word " + std::to_string(i * 7 % 16) + "\n";
  write_texts(content);
  const std::string kept = folder_ / numbered("e", 2, 2, ".npy.progress.json");
  {
    testing::HostProcess process(folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--batch-size",
                                           "4", "--output", "e.npy", "--shard", "2/2", "texts.txt"});
    for (int i = 0; i < 3000 && !fs::exists(kept); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    process.kill();
    ASSERT_EQ(process.wait().code, 128 + SIGKILL) << "it was done too early for this test";
  }
  EXPECT_GT(testing::read_json(kept)["inputs_done"], 0);
  EXPECT_FALSE(exists(numbered("e", 2, 2, ".json")));
  expect_whole({"texts.txt", "--resume"}, 2);
}

TEST_F(EmbedShards, of_texts_are_not_of_the_standard_input) {
  write_texts("word 1\n");
  const auto refused = shard(1, 2, {"-"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("give a file in place of -"));
}

TEST_F(EmbedShards, of_vectors_and_of_samples_join_to_what_one_process_writes) {
  testing::write_vectors(folder_);
  testing::write_pipeline(folder_, testing::vectors_pipeline());
  const auto x = map_npy(folder_ / "x.npy").clone();
  write_npy(folder_ / "many.npy", x.repeat({80, 1}));
  write_npy(folder_ / "wide.npy", at::zeros({3, 17}));
  expect_whole({"x.npy", "wide.npy", "many.npy", "x.npy"}, 3);
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    if (entry.path().filename().string().rfind("e-0", 0) == 0) fs::remove(entry.path());
  }
  expect_whole({"--data", "pipeline.json"}, 4);
  EXPECT_EQ(lines("e-00002-of-00004.jsonl").size(), 60U);
}

TEST_F(EmbedShards, that_are_missing_are_named_and_made_alone) {
  write_photos();
  for (const int number : {1, 3}) ASSERT_EQ(shard(number, 3, {"photos"}).code, 0);
  const auto refused = host({"embed", "--join", "e.npy"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(
      refused.error,
      HasSubstr("1 of 3 shards of e.npy is not complete: --shard 2/3 (e-00002-of-00003.npy); run host "
                "embed for it again"));
  EXPECT_FALSE(exists("e.npy"));
  const auto before = fs::last_write_time(folder_.path() / "e-00001-of-00003.npy");
  ASSERT_EQ(shard(2, 3, {"photos"}).code, 0);
  const auto again = shard(1, 3, {"photos"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.error, HasSubstr("e-00001-of-00003.npy is complete and stays as it is; to make it anew, "
                                     "remove e-00001-of-00003.json"));
  EXPECT_EQ(fs::last_write_time(folder_.path() / "e-00001-of-00003.npy"), before);
  EXPECT_EQ(host({"embed", "--join", "e.npy"}).code, 0);
  expect_nothing_partial();
}

TEST_F(EmbedShards, are_made_anew_where_inputs_or_the_model_changed) {
  write_photos();
  for (const int number : {1, 2}) ASSERT_EQ(shard(number, 2, {"photos"}).code, 0);
  const auto second = text("e-00002-of-00002.npy");
  fs::copy_file(folder_.path() / "photos/class_0/1.ppm", folder_.path() / "photos/class_7/5.ppm",
                fs::copy_options::overwrite_existing);
  EXPECT_THAT(shard(1, 2, {"photos"}).error, HasSubstr("stays as it is")) << "it has other pictures";
  EXPECT_THAT(shard(2, 2, {"photos"}).error, Not(HasSubstr("stays as it is")));
  EXPECT_TRUE(text("e-00002-of-00002.npy") != second);
  ASSERT_EQ(shard(1, 2, {"photos", "--set", "seed=77"}).code, 0);
  EXPECT_THAT(host({"embed", "--join", "e.npy"}).error,
              HasSubstr("e-00002-of-00002.npy is of another model, of other inputs"));
}

TEST_F(EmbedShards, of_two_cuts_are_not_joined) {
  write_photos();
  ASSERT_EQ(shard(1, 2, {"photos"}).code, 0);
  ASSERT_EQ(shard(1, 1, {"photos"}).code, 0);
  EXPECT_THAT(host({"embed", "--join", "e.npy"}).error, HasSubstr("lie shards of 1 and of 2; remove those"));
  EXPECT_THAT(host({"embed", "--join", "f.npy"}).error, HasSubstr("no shard of f.npy is complete"));
}

TEST_F(EmbedShards, are_joined_by_a_command_of_its_own) {
  for (const auto& more : std::vector<std::vector<std::string>>{{"--output", "f.npy"}, {"x.npy"}}) {
    std::vector<std::string> arguments = {"embed", "--join", "e.npy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto refused = host(arguments);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.error, HasSubstr("--join FILE.npy takes the shards of FILE.npy alone"));
  }
  EXPECT_THAT(host({"embed", "--join", "e.txt"}).error, HasSubstr("--join e.txt must end in .npy"));
}

/// `host index` of pictures by a model that was trained a little.
class IndexShards : public Shards {
 protected:
  void SetUp() override {
    testing::write_pictures(folder_);
    testing::write_pipeline(folder_, testing::photos_pipeline());
    const auto trained =
        host({"run", "pipeline.json", "--quiet", "--output", "out", "--set", "train.epochs=1"});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }
  testing::HostResult build(const std::string& output, const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"index",        "build", "--model",  "out",
                                    "--batch-size", "4",     "--output", output};
    all.insert(all.end(), more.begin(), more.end());
    return host(all);
  }
  testing::HostResult shard(int64_t number, int64_t count, std::vector<std::string> more) const {
    more.insert(more.end(), {"--shard", choice(number, count)});
    return build("i", more);
  }
  void build_shards(int64_t count, const std::vector<std::string>& more) const {
    for (auto number = count; number > 0; --number) {
      const auto built = shard(number, count, more);
      ASSERT_EQ(built.code, 0) << built.error;
    }
  }
  /// Shards are given in another order than theirs.
  testing::HostResult merge(const std::string& output, int64_t count,
                            const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"index", "merge", "--output", output};
    for (auto number = count; number > 0; --number) all.push_back(numbered("i", number, count));
    all.insert(all.end(), more.begin(), more.end());
    return host(all);
  }
  json info(const std::string& name) const {
    return json::parse(host({"index", "info", name, "--json"}).out);
  }
  /// All rows of an index and what is known of its items.
  std::pair<at::Tensor, std::string> content(const std::string& name) const {
    const auto handed = host({"index", "export", name, "--to", "numpy", "--output", name + ".npy"});
    EXPECT_EQ(handed.code, 0) << handed.error;
    return {map_npy(folder_ / (name + ".npy")).clone(), text(name + ".jsonl")};
  }
  json found(const std::string& name, const std::string& id) const {
    const auto result = host({"search", "--index", name, "--id", id, "-k", "12", "--json"});
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out)["results"];
  }
  void expect_same(const std::string& merged, const std::string& whole) const {
    const auto [rows, items] = content(merged);
    const auto [whole_rows, whole_items] = content(whole);
    EXPECT_TRUE(at::equal(rows, whole_rows));
    EXPECT_EQ(items, whole_items);
    EXPECT_EQ(host({"index", "verify", merged}).code, 0);
  }
};

TEST_F(IndexShards, of_a_pipeline_merge_to_what_one_process_builds) {
  const std::vector<std::string> data = {"--data", "pipeline.json", "--thumbnails"};
  ASSERT_EQ(build("whole", data).code, 0);
  build_shards(3, data);
  const auto merged = merge("all", 3, {"--json"});
  ASSERT_EQ(merged.code, 0) << merged.error;
  EXPECT_THAT(json::parse(merged.out)["index"]["reason"], HasSubstr("exact search"));
  expect_same("all", "whole");
  EXPECT_EQ(info("all")["thumbnails"]["count"], 48);
  for (const auto* id : {"class_0/0.ppm", "class_5/3.ppm"}) EXPECT_EQ(found("all", id), found("whole", id));
}

TEST_F(IndexShards, of_files_merge_to_what_one_process_builds) {
  write_file_atomically(folder_ / "photos/class_3/bad.ppm", "P6 and no more");
  ASSERT_EQ(build("whole", {"photos"}).code, 0);
  build_shards(2, {"photos"});
  const auto again = shard(1, 2, {"photos"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.error, HasSubstr("i-00001-of-00002 is complete and stays as it is"));
  EXPECT_THAT(shard(1, 2, {"photos/class_1"}).error,
              HasSubstr("i-00001-of-00002 was built of other inputs, of another shard"));
  ASSERT_EQ(merge("all", 2).code, 0);
  expect_same("all", "whole");
  EXPECT_THAT(merge("all", 2).error, HasSubstr("all is an index already"));
}

TEST_F(IndexShards, that_are_missing_are_named_and_may_be_left_out) {
  for (const int number : {1, 3}) ASSERT_EQ(shard(number, 3, {"photos"}).code, 0);
  std::vector<std::string> arguments = {"index",    "merge", "i-00003-of-00003", "i-00001-of-00003",
                                        "--output", "all"};
  const auto refused = host(arguments);
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error,
              AllOf(HasSubstr("1 of them is not given: i-00002-of-00003"), HasSubstr("--incomplete")));
  EXPECT_FALSE(exists("all"));
  arguments.emplace_back("--incomplete");
  ASSERT_EQ(host(arguments).code, 0);
  EXPECT_EQ(info("all")["items"], 32);
  EXPECT_EQ(info("all")["shard"], nullptr);
  EXPECT_EQ(info("i-00003-of-00003")["shard"], "3/3");
  EXPECT_EQ(info("i-00003-of-00003")["complete"], true);
  EXPECT_THAT(host({"index", "info", "i-00003-of-00003"}).out, HasSubstr("shard        3/3 of a build"));
}

TEST_F(IndexShards, may_be_more_than_there_are_inputs) {
  build_shards(3, {"photos/class_0/0.ppm", "photos/class_1/1.ppm"});
  ASSERT_EQ(merge("all", 3).code, 0);
  EXPECT_EQ(info("all")["items"], 2);
}

TEST_F(IndexShards, are_whitened_and_get_what_finds_their_rows_when_they_are_merged) {
  const auto refused = shard(1, 2, {"photos", "--whiten", "6"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("with host index merge --whiten"));
  EXPECT_EQ(shard(1, 2, {"photos", "--index", "flat"}).code, 2);
  const std::vector<std::string> exact = {"photos", "--precision", "float32"};
  build_shards(2, exact);
  EXPECT_THAT(merge("w", 2, {"--whiten", "600"}).error, HasSubstr("--whiten is 600, and a row has"));
  EXPECT_THAT(merge("w", 2, {"--whiten", "64"}).error, HasSubstr("needs more than 64 of them"));
  EXPECT_FALSE(exists("w"));
  ASSERT_EQ(merge("w", 2, {"--whiten", "6"}).code, 0);
  ASSERT_EQ(build("whole", {"photos", "--precision", "float32", "--whiten", "6"}).code, 0);
  expect_same("w", "whole");
  EXPECT_EQ(info("w")["embedding"], info("whole")["embedding"]);
}

TEST_F(IndexShards, whose_merge_was_killed_are_merged_anew) {
  build_shards(2, {"photos"});
  fs::copy(folder_.path() / "i-00001-of-00002", folder_.path() / "all.partial", fs::copy_options::recursive);
  ASSERT_EQ(merge("all", 2).code, 0);
  EXPECT_EQ(info("all")["items"], 48);
  EXPECT_FALSE(exists("all.partial"));
  EXPECT_EQ(host({"index", "verify", "all"}).code, 0);
  // A folder of that name that holds something else is not touched.
  fs::create_directories(folder_.path() / "other.partial");
  write_file_atomically(folder_ / "other.partial/notes.txt", "mine");
  EXPECT_THAT(merge("other", 2).error, HasSubstr("other.partial holds notes.txt"));
  EXPECT_EQ(text("other.partial/notes.txt"), "mine");
}

}  // namespace
}  // namespace kindred
