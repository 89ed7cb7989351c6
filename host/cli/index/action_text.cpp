#include "host/cli/index/action_text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> action_arguments(const CommandLine& command, size_t count, bool or_more,
                                          const char* usage) {
  auto given = command.list("ARGUMENTS");
  if (given.size() < count || (given.size() > count && !or_more))
    throw UsageError(std::string("usage: host index ") + usage);
  return given;
}

void print_json(const json& said) { std::cout << json_text(said, 2) << "\n"; }

IndexWriter filled_index(const std::string& folder, const IndexSpace& space, const std::string& purpose,
                         const std::function<void(IndexWriter&)>& fill) {
  const bool is_new = !fs::exists(folder);
  try {
    auto writer = IndexWriter::create(folder, space, purpose);
    fill(writer);
    return writer;
  } catch (...) {
    std::error_code ignored;
    if (is_new) fs::remove_all(folder, ignored);
    throw;
  }
}

std::string counts_text(const IndexWriter& writer) {
  return fmt::format("{}: {} items", shown(writer.path()), writer.state().rows - writer.state().removed);
}

json counts(const IndexWriter& writer) {
  const auto& state = writer.state();
  return {{"folder", writer.path()},
          {"items", state.rows - state.removed},
          {"rows", state.rows},
          {"removed", state.removed}};
}

}  // namespace kindred::host
