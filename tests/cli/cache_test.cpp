#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// Toy cars and a small ResNet that is trained from its last stage on: a plain and a mirror view are kept.
json small_pipeline() {
  return json::parse(R"({
    "kindred": 1, "name": "small", "seed": 5,
    "data": {"dataset": {"type": "toy_cars", "classes": 12, "samples": 4, "size": 32},
             "split": {"train": {"fraction": 0.5}, "validation": "none"},
             "transforms": [{"type": "normalize", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}]},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8,
                                     "trainable": {"from": "layer4"}}}},
    "cache": {"directory": "kept", "views": 2},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "p_k", "classes": 4, "samples": 3},
              "optimizer": {"type": "adam", "lr": 0.001}, "epochs": 1},
    "evaluate": {"metrics": [{"type": "r_precision"}]}
  })");
}

class CacheCommand : public ::testing::Test {
 protected:
  testing::HostResult host(const std::vector<std::string>& arguments) {
    return testing::run_host(folder_, arguments);
  }
  void run() {
    testing::write_pipeline(folder_, small_pipeline());
    const auto result = host({"run", "pipeline.json", "--quiet", "--output", "out"});
    ASSERT_EQ(result.code, 0) << result.error;
    std::filesystem::remove_all(folder_ / "out");
  }
  json entries(const std::string& where = "kept") {
    const auto result = host({"cache", "list", where, "--json"});
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out)["entries"];
  }
  testing::TemporaryFolder folder_{"cache_command"};
};

TEST_F(CacheCommand, lists_verifies_and_clears_what_a_run_kept) {
  run();
  const auto listed = entries();
  ASSERT_GE(listed.size(), 2u);
  EXPECT_EQ(entries("pipeline.json").dump(), listed.dump()) << "a pipeline names its folder";
  for (const auto& entry : listed) {
    EXPECT_EQ(entry["state"], "complete");
    EXPECT_THAT(entry["dataset"].get<std::string>(), HasSubstr("toy_cars"));
    EXPECT_THAT(entry["encoder"].get<std::string>(), HasSubstr("resnet"));
    EXPECT_EQ(entry["stage"], "layer3");
    EXPECT_EQ(entry["samples_done"], entry["samples"]);
    EXPECT_EQ(entry["shards_done"], 1);
    EXPECT_EQ(entry["shards"], 1);
    EXPECT_GT(entry["bytes"], 0);
    EXPECT_EQ(entry["data_samples"], 48) << "12 classes of 4";
    EXPECT_TRUE(entry["data"].is_null()) << "drawn cars lie in no files";
  }
  const auto text = host({"cache", "list", "pipeline.json"});
  const auto key = listed[0]["key"].get<std::string>();
  for (const auto* part : {"KEY", "plain", "layer3", "complete", "entries, "})
    EXPECT_THAT(text.out, HasSubstr(part));
  EXPECT_THAT(text.out, HasSubstr(key.substr(0, 12)));
  EXPECT_THAT(text.out, HasSubstr("48 samples\n"));

  const auto good = host({"cache", "verify", "kept"});
  EXPECT_EQ(good.code, 0) << good.error << good.out;
  EXPECT_THAT(good.out, HasSubstr(key.substr(0, 12) + "  ok"));

  const auto rows = folder_ / ("kept/" + key + "/shard-00000-of-00001.npy");
  auto bytes = read_file(rows);
  bytes[bytes.size() / 2] ^= 1;
  write_file_atomically(rows, bytes);
  const auto damaged = host({"cache", "verify", "kept"});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.out, HasSubstr(key.substr(0, 12) + "  damaged"));
  EXPECT_THAT(damaged.out,
              HasSubstr("shard-00000-of-00001.npy is not what was written: its checksum differs"));
  EXPECT_THAT(damaged.error, HasSubstr("host cache clear 'kept' --key " + key.substr(0, 12)));
  EXPECT_EQ(json::parse(host({"cache", "verify", "kept", "--json"}).out)["damaged"], 1);

  const auto cleared = host({"cache", "clear", "kept", "--key", key.substr(0, 12)});
  EXPECT_EQ(cleared.code, 0) << cleared.error;
  EXPECT_THAT(cleared.out, HasSubstr("1 entry removed"));
  EXPECT_EQ(entries().size(), listed.size() - 1);
  run();  // makes it again
  EXPECT_EQ(entries().size(), listed.size());
  EXPECT_EQ(host({"cache", "verify", "kept"}).code, 0);
}

TEST_F(CacheCommand, clear_removes_what_is_chosen_and_nothing_else) {
  run();
  write_file_atomically(folder_ / "kept/notes.txt", "mine");
  const auto count = entries().size();
  for (const std::vector<std::string>& nothing :
       std::vector<std::vector<std::string>>{{"--partial"},
                                             {"--earlier"},
                                             {"--older-than", "1"},
                                             {"--dry-run"},
                                             {"--key", entries()[0]["key"], "--partial"}}) {
    std::vector<std::string> arguments = {"cache", "clear", "kept"};
    arguments.insert(arguments.end(), nothing.begin(), nothing.end());
    EXPECT_EQ(host(arguments).code, 0) << nothing.front();
    EXPECT_EQ(entries().size(), count) << nothing.front();
  }
  const auto unknown = host({"cache", "clear", "kept", "--key", "00000000000000000000000000000000"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.error, HasSubstr("no entry in kept"));
  const auto all = json::parse(host({"cache", "clear", "kept", "--json"}).out);
  EXPECT_EQ(all["removed"].size(), count);
  EXPECT_GT(all["freed_bytes"], 0);
  EXPECT_EQ(read_file(folder_ / "kept/notes.txt"), "mine");
  const auto refused = host({"cache", "clear", "kept"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error, HasSubstr("does not look like a cache"));
}

TEST_F(CacheCommand, knows_the_lists_of_equal_samples_that_runs_leave) {
  for (const auto* one : {"cup", "jug", "pot"})
    std::filesystem::create_directories(folder_.path() / "photos" / one);
  write_file_atomically(folder_ / "photos/cup/a.png", "no picture, but a file of some bytes");
  for (const auto* name : {"cup/b", "cup/c", "jug/a", "jug/b", "pot/a", "pot/b"})
    write_file_atomically(folder_ / ("photos/" + std::string(name) + ".png"),
                          std::string("a file of as many bytes as others ") + name);
  auto pipeline = small_pipeline();
  pipeline["data"]["dataset"] = {{"type", "image_folder"}, {"root", "photos"}};
  testing::write_pipeline(folder_, pipeline);
  host({"run", "pipeline.json", "--quiet", "--output",
        "out"});  // it fails behind the search: none is a picture
  const auto list = [&] { return json::parse(host({"cache", "list", "kept", "--json"}).out); };
  const auto before = list();
  ASSERT_EQ(before["lists"].size(), 1U);
  EXPECT_EQ(before["others"], json::array());
  EXPECT_GE(before["bytes"], before["lists"][0]["bytes"]);
  EXPECT_THAT(host({"cache", "list", "kept"}).out, HasSubstr("and 1 list of equal samples, "));
  EXPECT_EQ(host({"cache", "verify", "kept"}).code, 0);
  for (const auto* none : {"--partial", "--earlier", "--dry-run"}) {
    EXPECT_EQ(host({"cache", "clear", "kept", none}).code, 0);
    EXPECT_EQ(list()["lists"].size(), 1U) << none;
  }
  const auto cleared = host({"cache", "clear", "kept"});
  EXPECT_EQ(cleared.code, 0) << cleared.error;
  EXPECT_THAT(cleared.out, HasSubstr("and 1 list of equal samples removed, "));
  EXPECT_TRUE(list()["lists"].empty());
  for (const auto* action : {"list", "verify", "clear"}) EXPECT_EQ(host({"cache", action, "kept"}).code, 0);
}

TEST_F(CacheCommand, needs_no_LibTorch_and_has_help) {
  const testing::ScopedVariable traced("LD_DEBUG", "files");
  std::filesystem::create_directories(folder_ / "cache");
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"cache", "--help"}, {"cache", "list"}}) {
    const auto result = host(arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    EXPECT_THAT(result.error, Not(HasSubstr("libtorch")));
  }
  EXPECT_THAT(host({"cache", "--help"}).out, HasSubstr("example:"));
}

TEST_F(CacheCommand, mistakes_are_told) {
  testing::write_pipeline(folder_, {{"kindred", 1}, {"cache", {{"directory", 3}}}});
  testing::write_pipeline(folder_, {{"name", "x"}}, "other.json");
  write_file_atomically(folder_ / "plain.json", "no JSON");
  struct Mistake {
    std::vector<std::string> arguments;
    int code;
    const char* expected;
  };
  for (const auto& one :
       std::vector<Mistake>{{{"cache"}, 2, "ACTION is missing"},
                            {{"cache", "lst"}, 2, "did you mean `list`"},
                            {{"cache", "list", "--partial"}, 2, "belongs to `host cache clear`"},
                            {{"cache", "verify", "--earlier"}, 2, "belongs to `host cache clear`"},
                            {{"cache", "clear", "--older-than", "-1"}, 2, "number of days"},
                            {{"cache", "clear", "--key", "XY"}, 2, "beginning of a key"},
                            {{"cache", "list"}, 1, "there is no folder cache"},
                            {{"cache", "list", "absent"}, 1, "no folder or file absent"},
                            {{"cache", "clear", "."}, 1, "does not look like a cache"},
                            {{"cache", "list", "pipeline.json"}, 3, "/cache/directory"},
                            {{"cache", "list", "other.json"}, 3, "/kindred"},
                            {{"cache", "list", "plain.json"}, 3, "is not JSON"}}) {
    const auto result = host(one.arguments);
    EXPECT_EQ(result.code, one.code) << ::testing::PrintToString(one.arguments) << result.error;
    EXPECT_THAT(result.error, HasSubstr(one.expected)) << ::testing::PrintToString(one.arguments);
  }
}

}  // namespace
}  // namespace kindred
