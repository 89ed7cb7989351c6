#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

/// The sources of this repository, for tests that read them.
namespace kindred::testing {

struct SourceFile {
  std::string path;                ///< from the top of the repository: "host/search/score_tiles.cpp"
  std::vector<std::string> lines;  ///< without their ends
};

/// Parts of a path: {"host", "search", "score_tiles.cpp"}.
inline std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(path)) parts.push_back(part.string());
  return parts;
}

/// The C++ files below a folder of the repository, sorted by path.
inline std::vector<SourceFile> source_files(const std::string& folder) {
  namespace fs = std::filesystem;
  const fs::path top = KINDRED_TEST_SOURCE;
  std::vector<SourceFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
    const auto extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".hpp" && extension != ".h") continue;
    SourceFile file{entry.path().lexically_relative(top).string(), {}};
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

/// What stands between the quotes of an #include, or "". Files of the tree are named in quotes; one of the
/// host between angle brackets counts as well, so that it cannot slip by.
inline std::string included_by(const std::string& line) {
  static const std::regex include(R"re(^\s*#\s*include\s*(?:"([^"]+)"|<(host/[^>]+)>))re");
  std::smatch match;
  if (!std::regex_search(line, match, include)) return "";
  return match[1].matched ? match[1].str() : match[2].str();
}

}  // namespace kindred::testing
