#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace kindred::fuzz {

/// Writes one input as the files `names` of a folder: each begins behind a line "==> NAME <==", as `head`
/// prints several, and those that have no such line are removed.
template <class Names>
void write_folder_files(const std::filesystem::path& folder, const Names& names, std::string_view input) {
  namespace fs = std::filesystem;
  for (const auto* name : names) {
    const auto mark = "==> " + std::string(name) + " <==\n";
    const auto place = input.find(mark);
    fs::create_directories((folder / name).parent_path());
    fs::remove(folder / name);
    if (place == std::string_view::npos) continue;
    const auto content = input.substr(place + mark.size());
    std::ofstream(folder / name, std::ios::binary) << content.substr(0, content.find("==> "));
  }
}

}  // namespace kindred::fuzz
