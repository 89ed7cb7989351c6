#include "host/cli/embed/input_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

#include "host/base/content_hash.hpp"
#include "host/base/text.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// Endings of the files that are taken from a folder.
std::vector<std::string> extensions_of(ObjectKind kind, const Decoders& decoders) {
  if (kind == ObjectKind::text) return {".txt"};
  if (kind == ObjectKind::vector) return {".npy"};
  decoders.require_any();
  return decoders.extensions();
}

std::vector<std::string> files_inside(const std::string& folder, const std::vector<std::string>& extensions,
                                      ObjectKind kind, Context& context) {
  auto found = files_below(folder);
  for (const auto& text : {found.nowhere, found.circles}) {
    if (!text.empty()) context.warning(text);
  }
  const auto undecoded =
      kind == ObjectKind::image ? undecoded_images(folder, found.files, extensions) : std::string();
  auto& files = found.files;
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const auto& file) { return !has_extension(file, extensions); }),
              files.end());
  if (files.empty())
    throw Error("the folder " + folder + " holds no " + (kind == ObjectKind::image ? "pictures" : "files") +
                " that end in " + joined(extensions) + (undecoded.empty() ? "" : "; " + undecoded));
  if (!undecoded.empty()) context.warning(undecoded);
  return std::move(files);
}

/// The lines of the standard input without their ends (LF or CR LF). Throws Error when they are UTF-16.
std::vector<std::string> input_lines() {
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  std::istringstream content(text_content(std::move(text), "standard input"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::vector<std::string> expand_paths(const std::vector<std::string>& given, ObjectKind kind,
                                      const Decoders& decoders, Context& context) {
  std::vector<std::string> files;
  for (const auto& one : given) {
    if (one == "-" && kind != ObjectKind::text) {
      for (const auto& line : input_lines()) {
        if (!line.empty()) files.push_back(line);
      }
    } else if (one != "-" && fs::is_directory(one)) {
      const auto inside = files_inside(one, extensions_of(kind, decoders), kind, context);
      files.insert(files.end(), inside.begin(), inside.end());
    } else {
      files.push_back(one);
    }
  }
  if (files.empty()) throw Error("there is nothing to embed: no paths were given");
  return files;
}

std::string stamp_of(const std::vector<std::string>& files) {
  ContentHash hash;
  for (const auto& file : files) {
    std::error_code unknown;
    const auto size = fs::is_regular_file(file, unknown) ? fs::file_size(file, unknown) : 0;
    const auto time = fs::last_write_time(file, unknown).time_since_epoch().count();
    hash.add(fmt::format("{} {} {} {}\n", file.size(), file, size, unknown ? 0 : time));
  }
  return hash.hex();
}

void check_present(const std::vector<std::string>& files, Context& context) {
  std::vector<std::string> absent;
  for (const auto& file : files) {
    std::error_code unknown;
    const bool is_absent = fs::status(file, unknown).type() == fs::file_type::not_found;
    if (file != "-" && is_absent) absent.push_back(file);
  }
  if (absent.empty()) return;
  constexpr size_t kMostNamed = 20;
  const auto count = absent.size();
  absent.resize(std::min(count, kMostNamed));
  auto names = joined(absent);
  if (count > kMostNamed) names += fmt::format(" and {} more", count - kMostNamed);
  if (count == files.size()) {
    throw Error(fmt::format("{}: {}; nothing was embedded",
                            count == 1 ? "the input does not exist" : "none of the inputs exists", names));
  }
  context.warning(fmt::format("{} of {} inputs {} not exist: {}", count, files.size(),
                              count == 1 ? "does" : "do", names));
}

}  // namespace kindred::host
