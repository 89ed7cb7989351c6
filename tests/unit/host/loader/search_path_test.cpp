#include "host/loader/search_path.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/library.hpp"
#include "host/loader/plugin_error.hpp"

namespace kindred::host {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ScopedVariable;
using testing::TempFolder;

/// Folders "a" to "d" and a plugin path that tests set.
class SearchPathTest : public ::testing::Test {
 protected:
  SearchPathTest() {
    for (const auto* name : {"a", "b", "c", "d"}) fs::create_directory(root_ / name);
  }
  std::string at(const std::string& name) const { return root_ / name; }

  /// Without the folder of the installation, which may or may not exist beside the test.
  static std::vector<std::string> without_installed(std::vector<std::string> folders) {
    const auto installed =
        fs::weakly_canonical(fs::path(program_path()).parent_path() / "../lib/kindred/plugins");
    if (!folders.empty() && folders.back() == installed.string()) folders.pop_back();
    return folders;
  }
  static std::vector<std::string> search(const std::vector<std::string>& cli,
                                         const std::vector<std::string>& pipeline) {
    return without_installed(plugin_search_path(cli, pipeline).folders);
  }

  TempFolder root_;
};

TEST_F(SearchPathTest, CommandLineThenPipelineThenEnvironment) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", (at("d") + ":" + at("c")).c_str());
  EXPECT_EQ(search({at("b")}, {at("a")}), (std::vector<std::string>{at("b"), at("a"), at("d"), at("c")}));
}

TEST_F(SearchPathTest, ALibraryBringsItsOwnFolder) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", at("d").c_str());
  EXPECT_EQ(plugin_search_path_of_library({at("b")}, at("a")).folders,
            (std::vector<std::string>{at("b"), at("d"), at("a")}));
  EXPECT_EQ(plugin_search_path_of_library({}, at("absent")).folders, (std::vector<std::string>{at("d")}));
  EXPECT_EQ(plugin_search_path_of_library({}, "").folders, (std::vector<std::string>{at("d")}));
  try {
    plugin_search_path_of_library({at("absent")}, "");
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the option plugin_folders names"));
  }
}

TEST_F(SearchPathTest, TheInstallationComesLast) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", nullptr);
  const auto installed = fs::path(program_path()).parent_path() / "../lib/kindred/plugins";
  const bool made = fs::create_directories(installed);
  const auto folders = plugin_search_path({at("a")}, {}).folders;
  ASSERT_EQ(folders.size(), 2U);
  EXPECT_EQ(folders[0], at("a"));
  EXPECT_EQ(folders[1], fs::canonical(installed).string());
  std::error_code ignored;  // somebody may have put a plugin there
  if (made) fs::remove(installed, ignored);
}

TEST_F(SearchPathTest, ARepeatedFolderCountsOnce) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", (at("a") + "/../a:" + at("b") + "/").c_str());
  fs::create_directory_symlink(at("a"), at("link"));
  EXPECT_EQ(search({at("a"), at("link")}, {at("b"), at("a")}), (std::vector<std::string>{at("a"), at("b")}));
}

TEST_F(SearchPathTest, EntriesOfTheEnvironmentMayBeAbsentOrEmpty) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", (":" + at("absent") + "::" + at("a") + ":").c_str());
  EXPECT_EQ(search({}, {}), std::vector<std::string>{at("a")});
}

TEST_F(SearchPathTest, RelativeFoldersStartAtTheWorkingDirectory) {
  const ScopedVariable variable("KINDRED_PLUGIN_PATH", nullptr);
  const auto before = fs::current_path();
  fs::current_path(root_.path());
  const auto folders = search({"b"}, {"./a"});
  fs::current_path(before);
  EXPECT_EQ(folders, (std::vector<std::string>{at("b"), at("a")}));
}

TEST_F(SearchPathTest, FoldersThatSomebodyNamedMustExist) {
  const auto error_of = [](const std::vector<std::string>& cli, const std::vector<std::string>& pipeline) {
    try {
      plugin_search_path(cli, pipeline);
    } catch (const PluginError& error) {
      EXPECT_EQ(error.phase(), "search");
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_THAT(error_of({at("absent")}, {}),
              HasSubstr("--plugins names \"" + at("absent") + "\", which does not exist"));
  EXPECT_THAT(error_of({}, {at("absent")}), HasSubstr("the pipeline's \"plugins\" names"));
  EXPECT_THAT(error_of({root_.write("file", "x")}, {}), HasSubstr("is not a folder"));
}

}  // namespace
}  // namespace kindred::host
