#include "host/pipeline/document.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/pipeline/validator.hpp"

namespace kindred::host {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::ScopedVariable;
using testing::TempFolder;

std::vector<Issue> issues_of_text(const std::string& text) {
  const TempFolder folder;
  const auto file = folder.write("pipeline.json", text);
  try {
    (void)load_document(file, {});
  } catch (const PipelineError& error) {
    for (const auto& issue : error.issues()) EXPECT_EQ(issue.file, file);
    return error.issues();
  }
  return {};
}

std::string message_of_text(const std::string& text) {
  const auto issues = issues_of_text(text);
  EXPECT_EQ(issues.size(), 1U);
  return issues.empty() ? "" : issues.front().message;
}

json load_text(const std::string& text) {
  const TempFolder folder;
  return load_document(folder.write("pipeline.json", text), {}).value;
}

TEST(Document, ReportsWhereAFileIsNotJson) {
  EXPECT_THAT(message_of_text("{\n  \"a\": 1,\n  \"b\" 2\n}\n"), HasSubstr("line 3, column 7 is not JSON"));
  EXPECT_THAT(message_of_text("{\"a\": 1,}"), HasSubstr("line 1, column 9 is not JSON"));
  EXPECT_THAT(message_of_text("{\n\"a\": [1, 2\n"), HasSubstr("is not JSON"));
  EXPECT_THAT(message_of_text(""), HasSubstr("line 1, column 1 is not JSON"));
  EXPECT_THAT(message_of_text("{\"a\": \"\xff\"}"), HasSubstr("line 1"));
}

TEST(Document, ReportsAFileThatIsNoObject) {
  EXPECT_THAT(message_of_text("[1]"), HasSubstr("a pipeline is a JSON object, this is array"));
  EXPECT_THAT(message_of_text("3"), HasSubstr("this is number"));
}

TEST(Document, ReportsANumberThatIsTooLarge) {
  EXPECT_THAT(message_of_text(R"({"seed": 1e999})"), HasSubstr("the number 1e999 is too large"));
  EXPECT_THAT(message_of_text("{\"seed\": " + std::string(400, '7') + "}"),
              HasSubstr("the number " + std::string(40, '7') + "... is too large"));
}

TEST(Document, RefusesDeepNestingBeforeItParses) {
  const std::string open(100000, '['), close(100000, ']');
  EXPECT_THAT(message_of_text("{\"a\": " + open + close + "}"), HasSubstr("nested deeper than 64"));
  // Brackets inside strings are text.
  EXPECT_EQ(load_text("{\"a\": \"" + open + "\\\"[\"}")["a"], open + "\"[");
}

TEST(Document, ReportsAnAbsentFile) {
  try {
    (void)load_document("/absent/pipeline.json", {});
    FAIL() << "an absent file was loaded";
  } catch (const PipelineError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/absent/pipeline.json#: "));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

TEST(Document, ExpandsEnvironmentVariables) {
  const ScopedVariable set("KINDRED_TEST_A", "alpha"), empty("KINDRED_TEST_B", ""),
      unset("KINDRED_TEST_C", nullptr);
  const auto value = load_text(R"({
    "whole": "${KINDRED_TEST_A}", "inside": "/x/${KINDRED_TEST_A}/y/${KINDRED_TEST_A}",
    "default": "${KINDRED_TEST_C:-other}", "no_default": "[${KINDRED_TEST_C:-}]", "empty": "${KINDRED_TEST_B:-used}",
    "set": "${KINDRED_TEST_A:-unused}", "list": [{"deep": "${KINDRED_TEST_A}"}],
    "plain": "$KINDRED_TEST_A $ } {", "number": 3})");
  EXPECT_EQ(value["whole"], "alpha");
  EXPECT_EQ(value["inside"], "/x/alpha/y/alpha");
  EXPECT_EQ(value["default"], "other");
  EXPECT_EQ(value["no_default"], "[]");
  EXPECT_EQ(value["empty"], "used");
  EXPECT_EQ(value["set"], "alpha");
  EXPECT_EQ(value["list"][0]["deep"], "alpha");
  EXPECT_EQ(value["plain"], "$KINDRED_TEST_A $ } {");
  EXPECT_EQ(value["number"], 3);
}

TEST(Document, DoesNotExpandTheTextOfAVariable) {
  const ScopedVariable set("KINDRED_TEST_A", "${KINDRED_TEST_A}");
  EXPECT_EQ(load_text(R"({"a": "${KINDRED_TEST_A}"})")["a"], "${KINDRED_TEST_A}");
}

TEST(Document, ReportsEveryVariableThatIsNotSet) {
  const ScopedVariable first("KINDRED_TEST_A", nullptr), second("KINDRED_TEST_B", nullptr);
  const auto issues = issues_of_text(
      R"({"data": {"a/b": "${KINDRED_TEST_A}"}, "list": ["x", "${KINDRED_TEST_B}"], "open": "${KINDRED_TEST_A"})");
  ASSERT_EQ(issues.size(), 3U);
  EXPECT_EQ(issues[0].pointer, "/data/a~1b");
  EXPECT_THAT(issues[0].message,
              HasSubstr("KINDRED_TEST_A is not set; set it, or write ${KINDRED_TEST_A:-default}"));
  EXPECT_EQ(issues[1].pointer, "/list/1");
  EXPECT_THAT(issues[1].message, HasSubstr("KINDRED_TEST_B"));
  EXPECT_EQ(issues[2].pointer, "/open");
  EXPECT_THAT(issues[2].message, HasSubstr("${ without }"));
}

TEST(Document, ExpandsWhatSetGives) {
  const ScopedVariable set("KINDRED_TEST_A", "alpha");
  const TempFolder folder;
  const auto file = folder.write("p.json", "{}");
  EXPECT_EQ(load_document(file, {"name=${KINDRED_TEST_A}"}).value["name"], "alpha");
}

TEST(PluginFolders, AreAbsolute) {
  const TempFolder folder;
  const auto file = folder.write("p.json", R"({"plugins": ["mine", "/theirs"]})");
  EXPECT_EQ(plugin_folders(load_document(file, {})), (std::vector<std::string>{folder / "mine", "/theirs"}));
  EXPECT_TRUE(plugin_folders(load_document(folder.write("q.json", "{}"), {})).empty());
}

TEST(PluginFolders, MustBeAListOfTexts) {
  const TempFolder folder;
  for (const auto* text : {R"({"plugins": "mine"})", R"({"plugins": ["mine", 3]})"}) {
    const auto document = load_document(folder.write("p.json", text), {});
    try {
      (void)plugin_folders(document);
      ADD_FAILURE() << text << " was taken";
    } catch (const PipelineError& error) {
      EXPECT_EQ(error.issues().at(0).pointer, "/plugins");
    }
  }
}

TEST(Issue, IsOneLine) {
  EXPECT_EQ(issue_text({"p.json", "/train/loss", "wrong"}), "p.json#/train/loss: wrong");
  EXPECT_STREQ(PipelineError({{"p", "/a", "one"}, {"p", "/b", "two"}}).what(), "p#/a: one\np#/b: two");
}

}  // namespace
}  // namespace kindred::host
