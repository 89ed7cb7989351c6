#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <limits>
#include <sstream>
#include <thread>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "kindred/io/checkpoint.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// `host embed` of vectors by a trained head, whose run is `out`.
class EmbedVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    testing::write_pipeline(folder_, testing::vectors_pipeline());
    const auto trained = testing::run_host(
        folder_, {"run", "pipeline.json", "--quiet", "--output", "out", "--set", "train.epochs=1"});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }
  testing::HostResult embed(std::vector<std::string> more) {
    more.insert(more.begin(), {"embed", "--quiet", "--output", "e.npy"});
    return testing::run_host(folder_, more);
  }
  std::vector<json> lines() {
    std::vector<json> all;
    std::istringstream text(read_file(folder_ / "e.jsonl"));
    for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
    return all;
  }
  /// Says whether there is no file of an embedding that is not finished.
  bool nothing_is_left() {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const auto name = entry.path().filename().string();
      if (name.find(".partial") != std::string::npos || name.find(".progress") != std::string::npos)
        return false;
    }
    return true;
  }

  testing::TemporaryFolder folder_{"embedding"};
};

TEST_F(EmbedVectors, takes_the_folder_of_a_run_as_well_as_its_model) {
  ASSERT_EQ(embed({"--model", "out", "x.npy"}).code, 0);
  const auto by_run = read_file(folder_ / "e.npy");
  ASSERT_EQ(embed({"--model", "out/model", "x.npy"}).code, 0);
  EXPECT_EQ(read_file(folder_ / "e.npy"), by_run);
  const auto measured =
      testing::run_host(folder_, {"evaluate", "pipeline.json", "--quiet", "--model", "out"});
  EXPECT_EQ(measured.code, 0) << measured.error;
}

TEST_F(EmbedVectors, of_a_run_without_a_model_says_why_it_has_none) {
  fs::remove_all(folder_.path() / "out/model");
  EXPECT_THAT(embed({"--model", "out", "x.npy"}).error, HasSubstr("model/ is gone"));
  write_file_atomically(folder_ / "out/result.json", R"({"status": "failed", "error": "the disk is full"})");
  EXPECT_THAT(embed({"--model", "out", "x.npy"}).error,
              HasSubstr("failed before it had a model: the disk is full"));
  write_file_atomically(folder_ / "out/result.json", R"({"status": "interrupted"})");
  EXPECT_THAT(embed({"--model", "out", "x.npy"}).error, HasSubstr("go on with host run --resume out"));
  fs::remove(folder_.path() / "out/result.json");
  EXPECT_THAT(embed({"--model", "out", "x.npy"}).error,
              AllOf(HasSubstr("is still running"), HasSubstr("go on with host run --resume out")));
  EXPECT_THAT(embed({"--model", "absent", "x.npy"}).error, HasSubstr("its folder does not exist"));
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(EmbedVectors, by_a_series_names_the_runs_that_have_a_model) {
  fs::create_directories(folder_.path() / "series");
  write_file_atomically(folder_ / "series/results.json", "{}");
  EXPECT_THAT(embed({"--model", "series", "x.npy"}).error,
              HasSubstr("none of which has a model yet; go on with host run --resume series"));
  for (const auto* run : {"series/seed-4", "series/seed-3"})
    fs::copy(folder_.path() / "out", folder_.path() / run, fs::copy_options::recursive);
  fs::create_directories(folder_.path() / "series/seed-5");
  EXPECT_THAT(embed({"--model", "series", "x.npy"}).error,
              HasSubstr("give one of them: series/seed-3, series/seed-4\n"));
}

TEST_F(EmbedVectors, that_are_not_finite_have_a_line_and_no_row) {
  auto x = map_npy(folder_ / "x.npy").clone();
  ASSERT_EQ(embed({"--model", "out", "x.npy"}).code, 0);
  const auto sound = map_npy(folder_ / "e.npy").clone();
  x[7][2] = kNaN;
  x[9][15] = std::numeric_limits<float>::infinity();
  write_npy(folder_ / "bad.npy", x);
  const auto result = embed({"--model", "out", "bad.npy"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("2 of 240 vectors could not be embedded"));
  const auto rows = map_npy(folder_ / "e.npy");
  ASSERT_EQ(rows.size(0), 238);
  const auto list = lines();
  ASSERT_EQ(list.size(), 240U);
  EXPECT_EQ(list[7]["error"], "its number 3 of 16 is nan, but all must be finite");
  EXPECT_EQ(list[9]["error"], "its number 16 of 16 is inf, but all must be finite");
  for (size_t i = 0; i < list.size(); ++i) {
    if (i == 7 || i == 9) {
      EXPECT_TRUE(list[i]["row"].is_null());
    } else {
      const auto row = list[i]["row"].get<int64_t>();
      EXPECT_LT((rows[row] - sound[static_cast<int64_t>(i)]).abs().max().item<float>(), 1e-5) << i;
    }
  }
}

TEST_F(EmbedVectors, none_of_which_is_finite_leave_no_array_and_fail) {
  write_npy(folder_ / "bad.npy", at::full({3, 16}, kNaN));
  ASSERT_EQ(embed({"--model", "out", "x.npy"}).code, 0);
  const auto result = embed({"--model", "out", "bad.npy"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("3 of 3 vectors could not be embedded"));
  EXPECT_FALSE(fs::exists(folder_.path() / "e.npy")) << "it would not belong to the list beside it";
  EXPECT_EQ(lines().size(), 3U);
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(EmbedVectors, by_a_model_whose_weights_are_no_numbers_names_the_tensor) {
  const auto path = folder_ / "out/model/head.safetensors";
  auto tensors = read_checkpoint(path);
  tensors.front().tensor.reshape({-1})[0] = kNaN;
  write_safetensors(path, tensors);
  const auto result = embed({"--model", "out", "x.npy"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("head.safetensors"));
  EXPECT_THAT(result.error, HasSubstr(tensors.front().name));
}

TEST_F(EmbedVectors, none_of_which_exists_are_named_at_once_and_leave_nothing) {
  const auto result = embed({"--model", "out", "a.npy", "b.npy"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("none of the inputs exists: a.npy, b.npy; nothing was embedded"));
  EXPECT_FALSE(fs::exists(folder_.path() / "e.npy"));
  EXPECT_FALSE(fs::exists(folder_.path() / "e.jsonl"));
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(EmbedVectors, some_of_which_do_not_exist_are_named_at_once_and_have_a_line) {
  const auto result = embed({"--model", "out", "a.npy", "x.npy", "b.npy"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.error, HasSubstr("2 of 3 inputs do not exist: a.npy, b.npy"));
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), 240);
  EXPECT_EQ(lines().size(), 242U);
}

TEST_F(EmbedVectors, go_to_a_folder_that_is_made_or_nowhere) {
  const auto made = testing::run_host(
      folder_, {"embed", "--quiet", "--model", "out", "--output", "deep/er/e.npy", "x.npy"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_EQ(map_npy(folder_ / "deep/er/e.npy").size(0), 240);
  // The model does not exist either: the output is looked at before it.
  const auto refused = testing::run_host(
      folder_, {"embed", "--quiet", "--model", "absent", "--output", "x.npy/e.npy", "x.npy"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error, HasSubstr("cannot make the folder x.npy for --output"));
}

TEST_F(EmbedVectors, the_array_is_what_one_write_of_all_rows_would_give) {
  const auto result = testing::run_host(
      folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--output", "e.npy", "x.npy"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(read_file(folder_ / "e.npy"), read_file(folder_ / "x.npy"));
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(EmbedVectors, of_several_files_and_many_rows_are_those_of_each_file_in_order) {
  const auto x = map_npy(folder_ / "x.npy").clone();
  const auto many = x.repeat({80, 1});  // 19200 vectors are more than are embedded at once
  write_npy(folder_ / "many.npy", many);
  write_npy(folder_ / "wide.npy", at::zeros({3, 17}));
  const auto result = testing::run_host(folder_, {"embed", "--quiet", "--pipeline", "pipeline.json",
                                                  "--output", "e.npy", "x.npy", "wide.npy", "many.npy"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_TRUE(at::equal(map_npy(folder_ / "e.npy"), at::cat({x, many})));
  const auto list = lines();
  ASSERT_EQ(list.size(), 240U + 1 + 19200);
  EXPECT_THAT(list[240]["error"].get<std::string>(), HasSubstr("wide.npy must hold vectors (N, 16)"));
  EXPECT_EQ(list.back(), (json{{"path", "many.npy"}, {"index", 19199}, {"row", 19439}}));
}

TEST_F(EmbedVectors, are_never_overwritten_by_their_own_embeddings) {
  const auto before = read_file(folder_ / "x.npy");
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& input = "") {
    std::vector<std::string> all = {"embed", "--quiet", "--model", "out"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = testing::run_host(folder_, all, input);
    EXPECT_EQ(result.code, 2) << ::testing::PrintToString(arguments) << result.error;
    EXPECT_EQ(read_file(folder_ / "x.npy"), before);
    return result.error;
  };
  EXPECT_THAT(refused({"--output", "x.npy", "x.npy"}),
              HasSubstr("x.npy is an input and would be overwritten; name another --output"));
  fs::create_directories(folder_.path() / "in");
  fs::create_symlink(folder_.path() / "x.npy", folder_.path() / "in/link.npy");
  EXPECT_THAT(refused({"--output", "x.npy", "y.npy", "in/link.npy"}), HasSubstr("in/link.npy"));
  EXPECT_THAT(refused({"--output", "x.npy", "in"}), HasSubstr("in/link.npy"));
  EXPECT_THAT(refused({"--output", "./x.npy", "-"}, "x.npy\n"), HasSubstr("x.npy"));
  EXPECT_THAT(refused({"--output", "x.npy", "--data", "pipeline.json"}), HasSubstr("x.npy"));
  for (const auto* name : {"e.jsonl", "e.npy.partial", "e.jsonl.partial", "e.npy.progress.json"}) {
    write_file_atomically(folder_ / name, before);
    EXPECT_THAT(refused({"--output", "e.npy", name}), HasSubstr(name));
    EXPECT_THAT(refused({"--output", "e.npy", "-"}, std::string(name) + "\n"), HasSubstr(name));
    EXPECT_EQ(read_file(folder_ / name), before) << name;
    fs::remove(folder_.path() / name);
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "e.npy"));
}

TEST_F(EmbedVectors, a_run_trains_without_those_that_are_not_finite_and_names_them) {
  auto x = map_npy(folder_ / "x.npy").clone();
  x[7][2] = kNaN;
  write_npy(folder_ / "x.npy", x);
  const auto trained = testing::run_host(
      folder_, {"run", "pipeline.json", "--quiet", "--output", "without", "--set", "train.epochs=1"});
  EXPECT_EQ(trained.code, 0) << trained.error;
  EXPECT_THAT(trained.error, HasSubstr("skipped #7: its number 3 of 16 is nan"));
  const auto data = testing::read_json(folder_ / "without/result.json")["data"];
  EXPECT_EQ(data["skipped"], 1);
  EXPECT_EQ(data["skipped_samples"][0]["name"], "#7");
  const auto failed = testing::run_host(
      folder_, {"run", "pipeline.json", "--quiet", "--output", "f", "--set", R"(data.on_error="fail")"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.error, HasSubstr("#7 cannot be read: its number 3 of 16 is nan"));
}

/// `host embed` of so many texts that it is not done at once; the model puts a text at its place in a list.
class EmbedTexts : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pipeline = testing::vectors_pipeline();
    json values = json::array();
    for (int i = 0; i < 64; ++i) values.push_back("word " + std::to_string(i));
    pipeline["model"] = {{"encoders", {{"word", {{"type", "one_hot"}, {"values", values}}}}}};
    pipeline["train"]["epochs"] = 0;
    testing::write_pipeline(folder_, pipeline);
    for (int i = 0; i < kTexts; ++i) texts_ += "word " + std::to_string(i * 7 % 64) + "\n";
    write_file_atomically(folder_ / "texts.txt", texts_);
  }
  static std::vector<std::string> arguments(const std::vector<std::string>& more) {
    std::vector<std::string> all = {"embed",    "--quiet", "--pipeline",  "pipeline.json",
                                    "--output", "e.npy",   "--batch-size"};
    all.push_back("1");
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  testing::HostResult embed(const std::vector<std::string>& more, const std::string& input = "") {
    return testing::run_host(folder_, arguments(more), input);
  }
  void wait_until_some_is_kept() {
    for (int i = 0; i < 3000 && !fs::exists(folder_.path() / "e.npy.progress.json"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  uintmax_t bytes_so_far() const {
    std::error_code absent;
    const auto size = fs::file_size(folder_.path() / "e.npy.partial", absent);
    return absent ? 0 : size;
  }
  /// Kills an embedding as soon as some of it is kept.
  void kill_one(const std::vector<std::string>& more, const std::string& input = "") {
    const auto before = bytes_so_far();
    testing::HostProcess process(folder_, arguments(more), input);
    wait_until_some_is_kept();
    for (int i = 0; i < 3000 && bytes_so_far() <= before;
         ++i)  // one that goes on has done more than it found
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    process.kill();
    ASSERT_EQ(process.wait().code, 128 + SIGKILL) << "it was done too early for this test";
  }

  static constexpr int kTexts = 20000;
  std::string texts_;
  testing::TemporaryFolder folder_{"embedded_texts"};
};

TEST_F(EmbedTexts, that_were_killed_go_on_and_end_as_if_they_had_not_been) {
  const auto whole = embed({"texts.txt", "absent.txt"});
  ASSERT_EQ(whole.code, 0) << whole.error;
  const auto array = read_file(folder_ / "e.npy"), list = read_file(folder_ / "e.jsonl");
  for (const auto* file : {"e.npy", "e.jsonl"}) fs::remove(folder_.path() / file);

  kill_one({"texts.txt", "absent.txt"});
  EXPECT_FALSE(fs::exists(folder_.path() / "e.npy"));
  const auto kept = testing::read_json(folder_ / "e.npy.progress.json")["inputs_done"].get<int>();
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, kTexts);
  kill_one({"texts.txt", "absent.txt", "--resume"});  // what goes on may be killed as well
  const auto resumed = embed({"texts.txt", "absent.txt", "--resume"});
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_TRUE(read_file(folder_ / "e.npy") == array);
  EXPECT_TRUE(read_file(folder_ / "e.jsonl") == list);
  EXPECT_EQ(resumed.error, whole.error) << "what could not be embedded before the kill counts";
  EXPECT_FALSE(fs::exists(folder_.path() / "e.npy.progress.json"));
}

TEST_F(EmbedTexts, that_were_stopped_by_a_person_say_what_is_kept) {
  testing::HostProcess process(folder_, arguments({"texts.txt"}));
  wait_until_some_is_kept();
  process.interrupt();
  const auto stopped = process.wait();
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.error, HasSubstr("inputs are embedded and kept; the same command with --resume"));
  EXPECT_THAT(embed({"texts.txt"}).error, HasSubstr("it begins anew, --resume would have gone on"));
}

TEST_F(EmbedTexts, are_not_continued_by_another_model_with_other_inputs_or_other_batches) {
  kill_one({"texts.txt"});
  const auto kept = read_file(folder_ / "e.npy.progress.json");
  EXPECT_THAT(embed({"texts.txt", "--resume", "--set", "seed=4"}).error,
              HasSubstr("begun with another model"));
  EXPECT_THAT(embed({"texts.txt", "texts.txt", "--resume"}).error, HasSubstr("begun with other inputs"));
  const auto wider =
      testing::run_host(folder_, {"embed", "--quiet", "--pipeline", "pipeline.json", "--batch-size", "2",
                                  "--output", "e.npy", "--resume", "texts.txt"});
  EXPECT_EQ(wider.code, 1);
  EXPECT_THAT(wider.error, HasSubstr("another --batch-size"));
  EXPECT_EQ(read_file(folder_ / "e.npy.progress.json"), kept) << "it can still be continued";
}

TEST_F(EmbedTexts, from_the_standard_input_are_continued_only_where_they_begin_alike) {
  kill_one({"-"}, texts_);
  const auto other = embed({"-", "--resume"}, "word 3\n" + texts_);
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.error, HasSubstr("begun with other inputs"));
  const auto same = embed({"-", "--resume"}, texts_);
  EXPECT_EQ(same.code, 0) << same.error;
  EXPECT_EQ(map_npy(folder_ / "e.npy").size(0), kTexts);
}

TEST_F(EmbedTexts, are_not_written_by_two_at_once) {
  testing::HostProcess first(folder_, arguments({"texts.txt"}));
  wait_until_some_is_kept();
  const auto second = embed({"texts.txt"});
  first.kill();
  ASSERT_EQ(first.wait().code, 128 + SIGKILL) << "it was done too early for this test";
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.error, HasSubstr("another process is writing e.npy"));
}

/// Samples that take 50 ms to be read, so that an embedding of them can be stopped in its middle.
TEST(EmbedSlowSamples, are_kept_batch_by_batch_however_few_there_are) {
  const testing::TemporaryFolder folder("embedded_slowly");
  testing::write_vectors(folder);
  auto pipeline = testing::vectors_pipeline();
  pipeline["plugins"] = {testing::fixture_folder("faulty")};
  pipeline["data"]["dataset"] = {{"type", "faulty.data"}, {"delay", 50}};
  testing::write_pipeline(folder, pipeline, "waves.json");
  const auto arguments = [](const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"embed",      "--quiet",      "--pipeline", "waves.json", "--data",
                                    "waves.json", "--batch-size", "8",          "--output",   output};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto whole = testing::run_host(folder, arguments("whole.npy"));
  ASSERT_EQ(whole.code, 0) << whole.error;
  testing::HostProcess process(folder, arguments("e.npy"));
  for (int i = 0; i < 3000 && !fs::exists(folder.path() / "e.npy.progress.json"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  process.interrupt();
  const auto stopped = process.wait();
  ASSERT_EQ(stopped.code, 130) << stopped.error;
  const auto kept = testing::read_json(folder / "e.npy.progress.json")["inputs_done"].get<int>();
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 200) << "200 samples are less than 32 batches";
  EXPECT_EQ(kept % 8, 0);
  EXPECT_THAT(stopped.error, HasSubstr(std::to_string(kept) + " inputs are embedded and kept"));
  const auto resumed = testing::run_host(folder, arguments("e.npy", {"--resume"}));
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_TRUE(read_file(folder / "e.npy") == read_file(folder / "whole.npy"));
  EXPECT_TRUE(read_file(folder / "e.jsonl") == read_file(folder / "whole.jsonl"));
}

}  // namespace
}  // namespace kindred
