#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/download.hpp"
#include "host/loader/published_weights.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// A published file and the component that reads it.
struct Known {
  PublishedFile file;
  const ComponentInfo* component;
  std::string path;
};

std::vector<Known> known_files(const Catalog& catalog) {
  std::vector<Known> known;
  for (const auto& info : catalog.components()) {
    for (const auto& [key, field] : info.schema["properties"].items()) {
      for (const auto& file : published_files(field)) known.push_back({file, &info, local_path(file)});
    }
  }
  return known;
}

json described(const Known& one) {
  return {{"name", one.file.name},
          {"component", one.component->id},
          {"parameters", one.file.when},
          {"source", one.file.source},
          {"licence", one.file.licence},
          {"url", one.file.url},
          {"mebibytes", one.file.mebibytes > 0 ? json(one.file.mebibytes) : json(nullptr)},
          {"sha256", one.file.sha256},
          {"path", one.path},
          {"present", fs::exists(one.path)}};
}

void list_files(const CommandLine& command, const std::vector<Known>& known) {
  if (command.json()) {
    json list = json::array();
    for (const auto& one : known) list.push_back(described(one));
    std::cout << json_text({{"directory", weights_folder()}, {"weights", list}}, 2) << "\n";
    return;
  }
  std::cout << weights_folder() << "\n";
  for (const auto& one : known) {
    std::cout << fmt::format("{:<20} {:>10}  {:<7}  {:<12}  {}\n", one.file.name,
                             one.file.mebibytes > 0 ? fmt::format("{:.1f} MiB", one.file.mebibytes) : "",
                             fs::exists(one.path) ? "here" : "-", one.file.licence, one.file.source);
    std::cout << fmt::format("{:<20} {}\n{:<20} SHA-256 {}{}\n", "", one.file.url, "", one.file.sha256,
                             one.file.sha256.size() < 64 ? "..." : "");
  }
}

const Known& named(const std::vector<Known>& known, const std::string& name) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Known& one) { return one.file.name == name; });
  if (found != known.end()) return *found;
  std::vector<std::string> names;
  for (const auto& one : known) names.push_back(one.file.name);
  const auto close = closest_name(name, names);
  throw UsageError("no published weights are called " + name +
                   (close.empty() ? "" : "; did you mean " + close + "?") +
                   (names.empty() ? "; no plugin names any" : "; there are: " + joined(names)));
}

int print_path(const CommandLine& command, const Known& one) {
  if (command.json())
    std::cout << json_text(described(one), 2) << "\n";
  else
    std::cout << one.path << "\n";
  if (fs::exists(one.path)) return kExitOk;
  command.context().warning(fmt::format(
      "it is not there yet: `host weights get {}` fetches it, or put {} there", one.file.name, one.file.url));
  return kExitRunFailed;
}

int get_file(const CommandLine& command, const Known& one) {
  Download download{one.file.url, one.path, one.file.sha256, command.get<int64_t>("patience")};
  if (command.has("from")) download.url = command.get<std::string>("from");
  if (fs::exists(one.path)) {
    const auto found = sha256_of(one.path);
    if (!found.empty() && found.rfind(one.file.sha256, 0) != 0) {
      throw Error(
          fmt::format("{} is there, but its SHA-256 is {}, expected {}: it is not what was published; "
                      "remove it and ask again",
                      one.path, found, one.file.sha256));
    }
    command.context().info("it is there already");
  } else {
    command.context().info(
        fmt::format("fetching {} ({}, {})", download.url, one.file.source, one.file.licence));
    fetch(download, command.context());
  }
  return print_path(command, one);
}

int weights_command(const CommandLine& command) {
  const auto words = command.list("ACTION");
  const auto action = words.empty() ? "list" : words.front();
  const std::vector<std::string> actions = {"get", "list", "path"};
  if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
    const auto close = closest_name(action, actions);
    throw UsageError("host weights does not know `" + action + "`; " +
                     (close.empty() ? "" : "did you mean `" + close + "`? ") + "expected list, path or get");
  }
  const auto name = command.list("NAME");
  if (action != "list" && name.empty())
    throw UsageError("NAME is missing; `host weights list` shows the names");
  if (command.get<int64_t>("patience") < 1) throw UsageError("--patience must be at least 1 second");
  const auto catalog = load_catalog(command);
  const auto known = known_files(catalog);
  if (action == "list") {
    list_files(command, known);
    return kExitOk;
  }
  const auto& one = named(known, name.front());
  return action == "path" ? print_path(command, one) : get_file(command, one);
}

const CommandBody kWeights("weights", &weights_command);

}  // namespace
}  // namespace kindred::host
