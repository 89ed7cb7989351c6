#include "host/loader/component_kinds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "host/check/rule.hpp"
#include "kindred/io/file.hpp"

/// docs/design/abi.md says how a kind of component is added; here it is held to that.
namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kSource = KINDRED_TEST_SOURCE;

struct Row {
  std::string interface, kind;
};

std::vector<Row> rows() {
  return {
#define KINDRED_ROW(Interface, name) {#Interface, name},
      KINDRED_COMPONENT_KINDS(KINDRED_ROW)
#undef KINDRED_ROW
  };
}

std::set<std::string> kinds_of_rows() { return {std::begin(kComponentKinds), std::end(kComponentKinds)}; }

/// The contents of every file with this ending in a folder of the repository.
std::string texts(const std::string& folder, const std::string& ending) {
  std::string all;
  for (const auto& entry : fs::directory_iterator(kSource + "/" + folder)) {
    if (entry.path().extension() == ending) all += read_file(entry.path().string());
  }
  return all;
}

TEST(ComponentKinds, every_interface_of_the_sdk_has_a_row_and_no_row_is_without_one) {
  const auto headers = texts("sdk/include/kindred", ".hpp");
  const std::regex declaration(
      "class [^\\n;]*?(\\w+)(?: : public \\w+)? \\{\\n public:\\n"
      "  static constexpr const char\\* kKind = \"(\\w+)\";");
  std::set<std::string> declared, expected;
  for (std::sregex_iterator it(headers.begin(), headers.end(), declaration), end; it != end; ++it)
    declared.insert((*it)[1].str() + " " + (*it)[2].str());
  size_t kinds = 0;
  for (auto at = headers.find("kKind = "); at != std::string::npos; at = headers.find("kKind = ", at + 1))
    ++kinds;
  EXPECT_EQ(declared.size(), kinds) << "an interface begins otherwise than this test reads it";
  for (const auto& row : rows()) expected.insert(row.interface + " " + row.kind);
  EXPECT_EQ(declared, expected) << "add the kind to host/loader/component_kinds.hpp, or take it out there";
}

TEST(ComponentKinds, every_kind_has_rules_that_kindred_check_tries) {
  std::set<std::string> checked;
  for (const auto& [kind, checks] : checks_by_kind()) {
    checked.insert(kind);
    EXPECT_FALSE(checks.rules.empty()) << kind << ": what must its components obey?";
  }
  EXPECT_EQ(checked, kinds_of_rows());
}

TEST(ComponentKinds, every_kind_has_a_contract) {
  const auto contracts = texts("host/contracts", ".cpp");
  for (const auto& row : rows())
    EXPECT_THAT(contracts, HasSubstr("std::shared_ptr<" + row.interface + "> under_contract("))
        << "define it in host/contracts/" << row.kind << "_contract.cpp";
}

TEST(ComponentKinds, every_kind_has_a_template_and_no_template_is_without_one) {
  std::set<std::string> templates;
  for (const auto& entry : fs::directory_iterator(kSource + "/sdk/templates")) {
    const auto name = entry.path().filename().string();
    if (name == "common") continue;
    templates.insert(name);
    EXPECT_TRUE(fs::exists(entry.path() / "component.cpp")) << name;
    const bool in_pipelines = name != "index";
    EXPECT_EQ(fs::exists(entry.path() / "pipeline.json"), in_pipelines) << name;
  }
  EXPECT_EQ(templates, kinds_of_rows()) << "`host new-plugin --kind KIND` starts from sdk/templates/KIND";
}

/// docs/sdk/index.md lists all kinds, so the kind `index` has another page.
std::string page_of(const std::string& kind) { return (kind == "index" ? "index_kind" : kind) + ".md"; }

TEST(ComponentKinds, every_kind_has_a_page_that_the_index_names) {
  const auto index = read_file(kSource + "/docs/sdk/index.md");
  const auto overview = read_file(kSource + "/docs/plugins.md");
  for (const std::string kind : kComponentKinds) {
    EXPECT_TRUE(fs::exists(kSource + "/docs/sdk/" + page_of(kind))) << kind;
    EXPECT_THAT(index, HasSubstr("(" + page_of(kind) + ")"));
    EXPECT_THAT(overview, HasSubstr("`" + kind + "`"));
  }
}

}  // namespace
}  // namespace kindred::host
