#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "source_tree.hpp"

namespace kindred::testing {
namespace {

constexpr size_t kMostSources = 25, kMostPrivateMethods = 15, kLongestFunction = 60;
const char* const kParts[] = {"host", "sdk", "plugins"};

size_t indentation(const std::string& line) { return line.find_first_not_of(' '); }

TEST(Sizes, no_folder_has_more_sources_than_a_reader_can_look_over) {
  for (const auto* part : kParts) {
    std::map<std::string, std::set<std::string>> sources;  // by folder; a file and its header are one
    for (const auto& file : source_files(part)) {
      const std::filesystem::path path(file.path);
      sources[path.parent_path().string()].insert(path.stem().string());
    }
    for (const auto& [folder, stems] : sources) {
      EXPECT_LE(stems.size(), kMostSources)
          << folder << " has " << stems.size() << " sources; divide it by what they are about";
    }
  }
}

/// Names of the private methods of the classes of a header, by class: declarations behind "private:" that are
/// no types and no data.
std::map<std::string, std::set<std::string>> private_methods(const SourceFile& file) {
  static const std::regex begins(R"(^( *)(?:class|struct) (?:__attribute__\(\(.*\)\) )?(\w+)[^;]*\{$)");
  static const std::regex method(
      R"(^ *(?:\[\[\w+\]\] )?(?:virtual |static |inline |constexpr |explicit )*[\w:<>,&*~ ]*?[\w>&*] [&*]?(\w+)\()");
  std::map<std::string, std::set<std::string>> found;
  struct Open {
    std::string name;
    size_t indent;
    bool is_private;
  };
  std::vector<Open> open;
  for (const auto& line : file.lines) {
    std::smatch match;
    if (std::regex_search(line, match, begins)) {
      const bool is_class = match[0].str().find("class ") != std::string::npos;
      open.push_back({match[2].str(), match[1].str().size(), is_class});
      continue;
    }
    if (open.empty()) continue;
    const auto indent = indentation(line);
    if (indent == open.back().indent && line.find('}') == indent) {
      open.pop_back();
      continue;
    }
    if (line.find(" private:") != std::string::npos) open.back().is_private = true;
    if (line.find(" public:") != std::string::npos || line.find(" protected:") != std::string::npos)
      open.back().is_private = false;
    const bool member = indent == open.back().indent + 2 && line.find("//") != indent;
    const bool is_type = line.find("using ") == indent || line.find("friend ") == indent;
    if (open.back().is_private && member && !is_type && std::regex_search(line, match, method))
      found[open.back().name].insert(match[1].str());
  }
  return found;
}

TEST(Sizes, no_class_hides_more_methods_than_one_idea_needs) {
  for (const auto* part : kParts) {
    for (const auto& file : source_files(part)) {
      for (const auto& [name, methods] : private_methods(file)) {
        EXPECT_LE(methods.size(), kMostPrivateMethods)
            << name << " in " << file.path << " has " << methods.size()
            << " private methods; which of them are a part that could be tested by itself?";
      }
    }
  }
}

/// Whether the comment above a function says why it is long.
bool gives_a_reason(const SourceFile& file, size_t first) {
  for (size_t i = first; i > 0 && file.lines[i - 1].find("//") == indentation(file.lines[i - 1]); --i) {
    if (std::regex_search(file.lines[i - 1], std::regex(R"(\blong\b)"))) return true;
  }
  return false;
}

TEST(Sizes, functions_fit_on_a_screen_or_say_why_not) {
  static const std::regex no_function(R"(^ *(namespace|class|struct|enum|union|extern|using)\b)");
  size_t functions = 0;
  for (const auto* part : kParts) {
    for (const auto& file : source_files(part)) {
      for (size_t i = 0; i < file.lines.size(); ++i) {
        const auto& line = file.lines[i];
        const auto indent = indentation(line);
        // Functions of a namespace stand at the margin, those inside a class two spaces in.
        if ((indent != 0 && indent != 2) || line.empty() || line.back() != '{') continue;
        if (std::regex_search(line, no_function) || line.find("= {") != std::string::npos) continue;
        const std::string closing = std::string(indent, ' ') + "}";
        size_t end = i + 1;
        while (end < file.lines.size() && file.lines[end] != closing && file.lines[end] != closing + ";" &&
               (indentation(file.lines[end]) > indent || file.lines[end].empty())) {
          ++end;
        }
        if (end >= file.lines.size() || file.lines[end] != closing) continue;
        size_t first = i;  // its signature may take several lines
        while (first > 0 && !file.lines[first - 1].empty() && file.lines[first - 1].back() != '}' &&
               file.lines[first - 1].back() != ';' && file.lines[first - 1].back() != '{' &&
               file.lines[first - 1].find("//") != indentation(file.lines[first - 1]) &&
               file.lines[first - 1].back() != ':') {
          --first;
        }
        ++functions;
        const auto length = end - first + 1;
        EXPECT_TRUE(length <= kLongestFunction || gives_a_reason(file, first))
            << file.path << ":" << first + 1 << " is a function of " << length
            << " lines; divide it, or let its comment say why it is long";
      }
    }
  }
  EXPECT_GT(functions, 1000u) << "this test no longer finds the functions";
}

}  // namespace
}  // namespace kindred::testing
