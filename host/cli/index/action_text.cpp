#include "host/cli/index/action_text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "host/index/manifest.hpp"
#include "host/index/writer_lock.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
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

std::vector<std::string> paths_behind_index(const CommandLine& command) {
  auto paths = command.list("ARGUMENTS");
  if (paths.empty()) throw UsageError("INDEX is missing; usage: host index ACTION INDEX ...");
  paths.erase(paths.begin());
  return paths;
}

void print_json(const json& said) { std::cout << json_text(said, 2) << "\n"; }

namespace {

void refuse_to_replace(const std::string& folder) {
  if (fs::exists(fs::path(folder) / kManifestFile))
    throw Error(
        fmt::format("{} is an index already; add to it with host index add, or name another folder", folder));
  if (fs::exists(folder) && (!fs::is_directory(folder) || !fs::is_empty(folder)))
    throw Error(fmt::format("{} is there and holds something else; name a new folder for the index", folder));
}

/// What a command left that was killed is no index any more. Throws WriterBusy where it still runs.
void give_up(const std::string& folder, const std::string& purpose) {
  const auto manifest = fs::path(folder) / kManifestFile;
  if (!fs::exists(manifest)) return;
  const WriterLock lock(folder, purpose);
  fs::remove(manifest);
}

}  // namespace

IndexWriter filled_index(const std::string& folder, const IndexSpace& space, const std::string& purpose,
                         const std::function<void(IndexWriter&)>& fill) {
  auto place = fs::path(folder);
  if (!place.has_filename()) place = place.parent_path();  // "cars.index/"
  refuse_to_replace(place.string());
  const auto partial = place.string() + ".partial";
  const bool is_new = !fs::exists(partial);
  give_up(partial, purpose);
  try {
    auto writer = IndexWriter::create(partial, space, purpose);
    fill(writer);
    writer.finish();
  } catch (const WriterBusy&) {
    throw;  // it is another command's
  } catch (...) {
    std::error_code ignored;
    if (is_new || fs::exists(fs::path(partial) / kManifestFile)) fs::remove_all(partial, ignored);
    throw;
  }
  fs::rename(partial, place);
  sync_folder(place.parent_path().string());
  return {folder, purpose};
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

void print_made(const CommandLine& command, const IndexWriter& writer, json index, const std::string& text) {
  if (!command.json()) {
    std::cout << text << "\n";
    return;
  }
  auto said = counts(writer);
  said["index"] = std::move(index);
  print_json(said);
}

}  // namespace kindred::host
