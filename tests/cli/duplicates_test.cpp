#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// 240 vectors, of which number i is of class i % 24. The classes 0 to 11 are trained on. 0, 24 and 48 are
/// equal (one class), 1 and 50 (classes 1 and 2, both trained on), 3 and 20 (classes 3 and 20, on both
/// sides).
class Duplicates : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    auto x = load("x.npy");
    for (const auto& [from, to] : {std::pair(0, 24), {0, 48}, {1, 50}, {3, 20}}) x[to] = x[from];
    write_npy(folder_ / "x.npy", x);
    auto pipeline = testing::vectors_pipeline();
    pipeline["data"]["split"] = {{"train", {{"first", 12}}}, {"validation", {{"fraction", 0.25}}}};
    pipeline["train"]["epochs"] = 3;
    testing::write_pipeline(folder_, pipeline);
  }
  at::Tensor load(const std::string& name) { return map_npy(folder_ / name).clone(); }

  testing::HostResult run(const std::string& output, const std::string& use = "") {
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--output", output};
    if (!use.empty()) arguments.insert(arguments.end(), {"--set", "data.duplicates=" + use});
    return testing::run_host(folder_, arguments);
  }
  json data_of(const std::string& output) {
    return testing::read_json(folder_ / (output + "/result.json"))["data"];
  }

  testing::TemporaryFolder folder_{"duplicates"};
};

TEST_F(Duplicates, are_counted_by_kind_and_named) {
  const auto result = run("out");
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(
      result.error,
      AllOf(HasSubstr("3 samples in 1 group are equal within their class, such as #0 and #24"),
            HasSubstr("4 samples in 2 groups are equal although their classes differ, such as #1 and #50"),
            HasSubstr("2 samples in 1 group are equal on both sides of the split, such as #3 and #20")));
  const auto found = data_of("out")["duplicates"];
  EXPECT_EQ(found["groups"], 3);
  EXPECT_EQ(found["samples"], 7);
  EXPECT_EQ(found["in_one_class"], (json{{"groups", 1}, {"samples", 3}}));
  EXPECT_EQ(found["in_several_classes"], (json{{"groups", 2}, {"samples", 4}}));
  EXPECT_EQ(found["on_both_sides"], (json{{"groups", 1}, {"samples", 2}}));
  EXPECT_EQ(found["dropped"], 0);
  EXPECT_EQ(
      found["listed"][0],
      (json{{"samples", {"#0", "#24", "#48"}}, {"count", 3}, {"classes", 1}, {"on_both_sides", false}}));
}

TEST_F(Duplicates, drop_keeps_the_first_of_a_class_and_none_of_several_classes) {
  ASSERT_EQ(run("warned").code, 0);
  const auto result = run("out", "drop");
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, AllOf(HasSubstr("6 of 7 equal samples were left out; result.json names them"),
                                  Not(HasSubstr("are equal"))));
  const auto warnings = testing::read_json(folder_ / "out/result.json")["warnings"].dump();
  EXPECT_THAT(warnings, HasSubstr("6 of 7 equal samples were left out"));
  const auto before = data_of("warned"), after = data_of("out");
  const auto samples = [](const json& data) {
    return data["train"]["samples"].get<int>() + data["validation"]["samples"].get<int>();
  };
  EXPECT_EQ(samples(before) - samples(after), 2 + 2 + 1) << "24 and 48; 1 and 50; 3";
  EXPECT_EQ(before["test"]["samples"].get<int>() - after["test"]["samples"].get<int>(), 1) << "20";
  EXPECT_EQ(after["duplicates"]["dropped"], 6);
  const auto evaluated = testing::run_host(folder_, {"evaluate", "pipeline.json", "--model", "out/model",
                                                     "--json", "--set", "data.duplicates=drop"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.error;
  EXPECT_EQ(json::parse(evaluated.out)["metrics"]["tuned"].dump(),
            testing::read_json(folder_ / "out/result.json")["metrics"]["tuned"].dump());
}

TEST_F(Duplicates, fail_ends_the_run_before_anything_is_computed) {
  const auto result = run("out", "fail");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, AllOf(HasSubstr("data.duplicates is \"fail\""), HasSubstr("#3 and #20")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "cache"));
  const auto found = data_of("out")["duplicates"];
  EXPECT_EQ(found["groups"], 3) << "who must mend the data needs the list";
  EXPECT_EQ(found["listed"][1]["samples"], (json{"#1", "#50"}));
}

TEST_F(Duplicates, are_named_by_a_pair_that_shows_what_is_wrong) {
  auto x = load("x.npy");
  for (const auto to : {24, 21}) x[to] = x[0];  // classes 0, 0, 21 (tested); 48 is one of them already
  write_npy(folder_ / "x.npy", x);
  const auto result = run("out");
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, AllOf(HasSubstr("equal although their classes differ, such as #0 and #21"),
                                  HasSubstr("equal on both sides of the split, such as #0 and #21")));
}

TEST_F(Duplicates, are_not_found_where_there_are_none) {
  testing::write_vectors(folder_);
  const auto result = run("out", "fail");
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(data_of("out")["duplicates"]["groups"], 0);
}

}  // namespace
}  // namespace kindred
