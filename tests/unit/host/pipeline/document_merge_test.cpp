// What "extends" and "--set" do to a document.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/pipeline/document.hpp"

namespace kindred::host {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::TempFolder;

/// The only issue of a document that cannot be loaded.
Issue issue_of(const std::string& file, const std::vector<std::string>& overrides = {}) {
  try {
    (void)load_document(file, overrides);
  } catch (const PipelineError& error) {
    EXPECT_EQ(error.issues().size(), 1U) << error.what();
    return error.issues().front();
  }
  ADD_FAILURE() << file << " was loaded";
  return {};
}

TEST(Extends, MergesObjectsKeyByKey) {
  const TempFolder folder;
  folder.write("base.json", R"({"a": 1, "deep": {"x": 1, "y": {"z": 2}}, "list": [1, 2]})");
  const auto file = folder.write("top.json", R"({"extends": "base.json", "$schema": "s", "b": 2,
                                                 "deep": {"y": {"w": 3}}, "list": [9]})");
  const auto document = load_document(file, {});
  EXPECT_EQ(document.value,
            json::parse(R"({"a": 1, "b": 2, "deep": {"x": 1, "y": {"z": 2, "w": 3}}, "list": [9]})"));
  EXPECT_EQ(document.file, file);
}

TEST(Extends, NullRemovesAndAnotherTypeReplaces) {
  const TempFolder folder;
  folder.write("base.json", R"({"gone": 1, "same": {"type": "p", "x": 1}, "other": {"type": "p", "x": 1},
                                "untyped": {"type": "p", "x": 1}, "in": {"gone": {"x": 1}, "kept": 2}})");
  const auto file = folder.write("top.json", R"({"extends": "base.json", "gone": null, "never": null,
      "same": {"type": "p", "y": 2}, "other": {"type": "q", "y": 2}, "untyped": {"y": 2}, "in": {"gone": null}})");
  EXPECT_EQ(load_document(file, {}).value,
            json::parse(R"({"same": {"type": "p", "x": 1, "y": 2}, "other": {"type": "q", "y": 2},
                            "untyped": {"type": "p", "x": 1, "y": 2}, "in": {"kept": 2}})"));
}

TEST(Extends, ANullWithoutAnythingToRemoveIsAnAbsentKey) {
  const TempFolder folder;
  const auto file =
      folder.write("a.json", R"({"a": {"b": null, "c": {"d": null}}, "e": [{"f": null, "g": 1}]})");
  EXPECT_EQ(load_document(file, {}).value, json::parse(R"({"a": {"c": {}}, "e": [{"g": 1}]})"));
  EXPECT_EQ(load_document(file, {"a.c=null", "h=null"}).value, json::parse(R"({"a": {}, "e": [{"g": 1}]})"));
}

TEST(Extends, FollowsChainsRelativeToEachFile) {
  const TempFolder folder;
  folder.write("one/first.json", R"({"v": 1, "first": true, "path": "data"})");
  folder.write("two/second.json", R"({"extends": "../one/first.json", "v": 2, "second": {"path": "data"}})");
  const auto file = folder.write("third.json", R"({"extends": "two/second.json", "v": 3, "third": "data"})");
  const auto document = load_document(file, {});
  EXPECT_EQ(document.value["v"], 3);
  EXPECT_EQ(document.value["first"], true);
  // Every path starts at the folder of the file that wrote it.
  EXPECT_EQ(document.resolve_path("/path", "data"), folder / "one/data");
  EXPECT_EQ(document.resolve_path("/second/path", "data"), folder / "two/data");
  EXPECT_EQ(document.resolve_path("/third", "data"), folder / "data");
  EXPECT_EQ(document.resolve_path("/third", "../x/./y"),
            fs::path(folder / "../x/y").lexically_normal().string());
  EXPECT_EQ(document.resolve_path("/third", "/abs/olute"), "/abs/olute");
  EXPECT_EQ(document.resolve_path("/third", ""), "");
}

TEST(Extends, TheFileThatReplacesAValueGivesItsFolder) {
  const TempFolder folder;
  folder.write("base/base.json",
               R"({"set": {"type": "p", "root": "data", "other": "data"}, "list": ["data"]})");
  const auto file =
      folder.write("top.json", R"({"extends": "base/base.json", "set": {"root": "mine"}, "list": ["mine"]})");
  const auto document = load_document(file, {});
  EXPECT_EQ(document.resolve_path("/set/root", "mine"), folder / "mine");
  EXPECT_EQ(document.resolve_path("/set/other", "data"), folder / "base/data");
  EXPECT_EQ(document.resolve_path("/list/0", "mine"), folder / "mine");
}

TEST(Extends, MistakesAreLookedForInTheFileThatMadeThem) {
  const TempFolder folder;
  const auto base = folder.write("base.json", R"({"a": {"x": 1, "y": "${KINDRED_NOT_SET}"}, "list": [1]})");
  const auto file = folder.write("top.json", R"({"extends": "base.json", "a": {"z": 2}, "list": [3]})");
  const auto document = read_document(file, {"a.w=4", "list.7=1"});
  EXPECT_EQ(document.file_of("/a/x"), base);
  EXPECT_EQ(document.file_of("/a/x/inside"), base);
  for (const auto* mine : {"/a/z", "/a/w", "/list/0", "/absent"}) EXPECT_EQ(document.file_of(mine), file);
  ASSERT_EQ(document.issues.size(), 2U);
  EXPECT_EQ(document.issues[0].pointer, "/list/7");
  EXPECT_EQ(document.issues[1].pointer, "/a/y");
  EXPECT_EQ(document.issues[1].file, base);
}

TEST(Extends, ReportsCircles) {
  const TempFolder folder;
  const auto file = folder.write("a.json", R"({"extends": "b.json"})");
  folder.write("b.json", R"({"extends": "a.json"})");
  const auto issue = issue_of(file);
  EXPECT_EQ(issue.pointer, "/extends");
  EXPECT_THAT(issue.message, HasSubstr("circle"));
  EXPECT_THAT(issue_of(folder.write("self.json", R"({"extends": "self.json"})")).message,
              HasSubstr("circle"));
}

TEST(Extends, ReportsWhatCannotBeExtended) {
  const TempFolder folder;
  const auto absent = issue_of(folder.write("a.json", R"({"extends": "absent.json"})"));
  EXPECT_EQ(absent.file, folder / "absent.json");
  EXPECT_THAT(absent.message, HasSubstr("No such file"));
  const auto number = issue_of(folder.write("b.json", R"({"extends": 3})"));
  EXPECT_EQ(number.pointer, "/extends");
  EXPECT_THAT(number.message, HasSubstr("path of another pipeline"));
  folder.write("broken.json", "{");
  EXPECT_EQ(issue_of(folder.write("c.json", R"({"extends": "broken.json"})")).file, folder / "broken.json");
}

class SetTest : public ::testing::Test {
 protected:
  json with(const std::vector<std::string>& overrides) { return load_document(file_, overrides).value; }

  TempFolder folder_;
  std::string file_ =
      folder_.write("p.json", R"({"train": {"epochs": 5, "loss": {"type": "pull", "margin": 1}},
                                                  "metrics": [{"k": 1}, {"k": 2}]})");
};

TEST_F(SetTest, TakesJsonOfEveryType) {
  EXPECT_EQ(with({"train.epochs=7"})["train"]["epochs"], 7);
  EXPECT_TRUE(with({"train.epochs=7"})["train"]["epochs"].is_number_integer());
  EXPECT_EQ(with({"train.loss.margin=0.5"})["train"]["loss"], json({{"type", "pull"}, {"margin", 0.5}}));
  EXPECT_EQ(with({"x=true"})["x"], true);
  EXPECT_EQ(with({"x=[1, \"a\"]"})["x"], json::parse(R"([1, "a"])"));
  EXPECT_EQ(with({"x={\"y\": 1}"})["x"]["y"], 1);
  EXPECT_FALSE(with({"train.loss=null"})["train"].contains("loss"));
}

TEST_F(SetTest, TakesWhatIsNoJsonAsText) {
  EXPECT_EQ(with({"name=run 1"})["name"], "run 1");
  EXPECT_EQ(with({"name="})["name"], "");
  EXPECT_EQ(with({"name=a=b"})["name"], "a=b");
  EXPECT_EQ(with({"name=\"7\""})["name"], "7");
}

TEST_F(SetTest, ReachesIntoListsAndMakesObjects) {
  EXPECT_EQ(with({"metrics.1.k=9"})["metrics"], json::parse(R"([{"k": 1}, {"k": 9}])"));
  EXPECT_EQ(with({"a.b.c=1"})["a"], json::parse(R"({"b": {"c": 1}})"));
}

TEST_F(SetTest, TheLastOneWins) {
  EXPECT_EQ(with({"train.epochs=7", "train.epochs=8"})["train"]["epochs"], 8);
}

TEST_F(SetTest, PathsStartAtTheWorkingDirectory) {
  const auto document = load_document(file_, {"train.loss.file=here"});
  EXPECT_EQ(document.resolve_path("/train/loss/file", "here"), (fs::current_path() / "here").string());
  EXPECT_EQ(document.resolve_path("/train/loss/type", "here"), folder_ / "here");
}

TEST_F(SetTest, ReportsBadPaths) {
  EXPECT_THAT(issue_of(file_, {"train.epochs"}).message, HasSubstr("expected path.to.key=value"));
  EXPECT_THAT(issue_of(file_, {"=5"}).message, HasSubstr("expected path.to.key=value"));
  const auto scalar = issue_of(file_, {"train.epochs.x=5"});
  EXPECT_EQ(scalar.pointer, "/train/epochs/x");
  EXPECT_THAT(scalar.message, HasSubstr("the value above it is not an object"));
  for (const auto* bad : {"metrics.2.k=1", "metrics.k=1", "metrics.-1.k=1", "metrics..k=1",
                          "metrics.99999999999999999999.k=1"}) {
    const auto issue = issue_of(file_, {bad});
    EXPECT_THAT(issue.message, HasSubstr("2 elements, numbered from 0")) << bad;
    EXPECT_THAT(issue.message, HasSubstr("--set " + std::string(bad)));
  }
}

}  // namespace
}  // namespace kindred::host
