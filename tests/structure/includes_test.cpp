#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "source_tree.hpp"

namespace kindred::testing {
namespace {

using Rooms = std::set<std::string>;

/// The rooms of host/ and which others each may include; all of them may include the SDK. Data flows one way:
/// a room knows only rooms above its own line. docs/architecture.md draws this table.
const std::vector<std::pair<std::string, Rooms>> kRooms = {
    {"base", {}},
    {"options", {"base"}},
    {"loader", {"base", "options"}},
    {"pipeline", {"base", "options", "loader"}},
    {"cache", {"base"}},
    {"contracts", {"base", "options", "loader"}},
    {"data", {"base", "options", "loader", "contracts"}},
    {"model", {"base", "options", "loader", "contracts", "data"}},
    {"inference", {"base", "options", "loader", "contracts", "data", "model"}},
    {"export", {"base", "options", "loader", "contracts", "data", "model"}},
    {"search", {"base"}},
    {"refinement", {"base", "search"}},
    {"index", {"base", "options", "loader", "contracts", "search", "refinement"}},
    {"exchange", {"base", "options", "loader", "contracts", "search", "refinement", "index"}},
    {"item_search", {"base", "options", "loader", "contracts", "search", "refinement", "index"}},
    {"pictures", {"base"}},
    {"http", {"base"}},
    {"serve",
     {"base", "options", "loader", "contracts", "pictures", "data", "model", "inference", "search",
      "refinement", "index", "item_search", "http"}},
    {"distributed", {"base"}},
    {"evaluation", {"base", "options", "contracts", "data", "search", "distributed"}},
    {"report", {"base", "pictures", "data", "search", "evaluation"}},
    {"encoding", {"base", "options", "loader", "contracts", "data", "model", "cache"}},
    {"training_data",
     {"base", "options", "contracts", "data", "model", "encoding", "evaluation", "distributed"}},
    {"training",
     {"base", "options", "loader", "contracts", "data", "model", "evaluation", "training_data",
      "distributed"}},
    {"run",
     {"base", "options", "loader", "pipeline", "cache", "contracts", "data", "model", "inference", "search",
      "refinement", "evaluation", "report", "encoding", "training_data", "distributed", "training"}},
    {"check", {"base", "options", "loader", "contracts"}},
    {"cli", {"base",          "options",     "loader",    "pipeline",   "cache",      "contracts",
             "data",          "model",       "inference", "search",     "refinement", "index",
             "exchange",      "item_search", "serve",     "evaluation", "report",     "encoding",
             "training_data", "distributed", "training",  "run",        "pictures",   "export"}},
};

const Rooms* allowed_of(const std::string& room) {
  for (const auto& [name, allowed] : kRooms) {
    if (name == room) return &allowed;
  }
  return nullptr;
}

std::string list_of(const Rooms& rooms) {
  std::string text;
  for (const auto& one : rooms) text += (text.empty() ? "" : ", ") + one;
  return text.empty() ? "nothing but the SDK" : text;
}

TEST(Includes, the_table_itself_has_one_direction) {
  Rooms above;
  for (const auto& [room, allowed] : kRooms) {
    for (const auto& other : allowed) {
      EXPECT_TRUE(above.count(other))
          << "the line of " << room << " names " << other
          << ", which stands below it: put the lines in the order of their arrows";
    }
    above.insert(room);
  }
}

TEST(Includes, rooms_of_the_host_know_each_other_as_the_table_says) {
  for (const auto& file : source_files("host")) {
    const auto parts = parts_of(file.path);
    ASSERT_EQ(parts.at(0), "host");
    const auto& room = parts.at(1);
    const auto* allowed = allowed_of(room);
    ASSERT_NE(allowed, nullptr) << file.path << " is in a room that kRooms of this test does not name; add a "
                                << "line that says what it may include, and a row in docs/architecture.md";
    for (const auto& line : file.lines) {
      const auto included = included_by(line);
      if (included.rfind("host/", 0) != 0) {
        EXPECT_TRUE(included.empty() || included.rfind("kindred/", 0) == 0)
            << file.path << " includes \"" << included
            << "\"; files of the host are named from the top of the repository, as \"host/ROOM/FILE.hpp\"";
        continue;
      }
      const auto other = parts_of(included).at(1);
      EXPECT_TRUE(other == room || allowed->count(other))
          << file.path << " includes " << included << ", but " << room << " may know only "
          << list_of(*allowed) << ". Move what both need into a room that both know, hand it in from a room "
          << "that knows both, or move the file; do not add an arrow that closes a circle";
    }
  }
}

/// What CMake gives a room to link: the words behind KNOWS in its list file.
Rooms known_to_the_linker(const std::string& room) {
  std::ifstream file(std::filesystem::path(KINDRED_TEST_SOURCE) / "host" / room / "CMakeLists.txt");
  Rooms known;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != "KNOWS") continue;
    while (words >> word) known.insert(word.back() == ')' ? word.substr(0, word.size() - 1) : word);
  }
  return known;
}

TEST(Includes, the_linker_is_told_the_same_table) {
  size_t compared = 0;
  for (const auto& [room, allowed] : kRooms) {
    const auto known = known_to_the_linker(room);
    if (known.empty()) continue;  // base, loader and the programs are linked by themselves
    ++compared;
    EXPECT_EQ(known, allowed) << "KNOWS in host/" << room << "/CMakeLists.txt is not the line of kRooms";
  }
  EXPECT_GE(compared, 10u);
}

TEST(Includes, only_the_command_line_and_the_run_read_whole_pipelines) {
  const Rooms readers = {"pipeline", "run", "cli"};
  for (const auto& file : source_files("host")) {
    for (const auto& line : file.lines) {
      if (included_by(line) != "host/pipeline/pipeline.hpp") continue;
      EXPECT_TRUE(readers.count(parts_of(file.path).at(1)))
          << file.path << " includes pipeline.hpp; take the option struct of host/options that it needs";
    }
  }
}

TEST(Includes, only_base_and_the_programs_write_to_the_terminal) {
  const std::regex writes(
      R"(std::c(out|err|log)|\bstd(err|out)\b|STD(ERR|OUT)_FILENO|spdlog|\b(printf|puts|putchar|perror)\()");
  for (const auto& file : source_files("host")) {
    const auto room = parts_of(file.path).at(1);
    const bool program = room == "cli" || file.path == "host/check/main.cpp";
    if (room == "base" || program) continue;
    for (const auto& line : file.lines) {
      const auto code = line.substr(0, line.find("//"));
      EXPECT_FALSE(std::regex_search(code, writes))
          << file.path << " writes to the terminal: " << line << "\nsay it to the Context that is handed in";
    }
  }
}

TEST(Includes, the_sdk_knows_nobody) {
  for (const auto& file : source_files("sdk")) {
    for (const auto& line : file.lines) {
      const auto included = included_by(line);
      const bool own = included.rfind("kindred/", 0) == 0 || included.find('/') == std::string::npos;
      EXPECT_TRUE(own) << file.path << " includes " << included;
      EXPECT_EQ(included.rfind("host/", 0), std::string::npos) << file.path << " includes " << included;
    }
    if (file.path.rfind("sdk/include/", 0) != 0) continue;
    for (const auto& line : file.lines) {
      EXPECT_EQ(line.find("#include <torch/torch.h>"), std::string::npos)
          << file.path << " includes all of LibTorch, which costs whoever includes it eleven seconds";
    }
  }
}

TEST(Includes, plugins_know_the_sdk_and_the_shared_layers_and_files) {
  const Rooms shared = {"nn", "files"};
  std::map<std::string, Rooms> names;  // of headers, by plugin
  const auto files = source_files("plugins");
  for (const auto& file : files) names[parts_of(file.path).at(1)].insert(parts_of(file.path).back());
  for (const auto& file : files) {
    const auto plugin = parts_of(file.path).at(1);
    for (const auto& line : file.lines) {
      const auto included = included_by(line);
      if (included.empty() || included.rfind("kindred/", 0) == 0) continue;
      EXPECT_EQ(included.rfind("host/", 0), std::string::npos)
          << file.path << " includes " << included << "; a plugin knows the SDK only";
      const auto header = parts_of(included).back();
      bool known = names[plugin].count(header) > 0;
      for (const auto& one : shared) known = known || names[one].count(header) > 0;
      // A name that two plugins have is found beside the file that includes it.
      EXPECT_TRUE(known) << file.path << " includes " << included
                         << ", which is neither its own nor of plugins/nn or plugins/files: what two plugins "
                         << "need belongs there";
    }
  }
}

}  // namespace
}  // namespace kindred::testing
