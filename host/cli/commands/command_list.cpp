#include <fmt/format.h>

#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/known_component.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

int list_command(const CommandLine& command) {
  const auto path = plugin_search_path(command.list("plugins"), {});
  // What was refused at loading is known only after loading; what is offered, from the files.
  const auto catalog = command.has("rejected") ? Catalog::load(path) : Catalog::scan(path.folders);
  if (command.has("rejected")) {
    json list = json::array();
    for (const auto& one : catalog.rejected()) {
      list.push_back({{"file", one.file}, {"code", one.code}, {"message", one.message}});
      if (!command.json()) std::cout << one.file << "  " << one.code << " " << one.message << "\n";
    }
    if (command.json()) std::cout << json_text(list, 2) << "\n";
    return kExitOk;
  }
  const auto kind = command.has("kind") ? command.get<std::string>("kind") : "";
  check_known(catalog, "", kind);
  json list = json::array();
  if (!command.json())
    std::cout << fmt::format("{:<14} {:<30} {:<8} {:<20} {}\n", "KIND", "ID", "VERSION", "PLUGIN", "SUMMARY");
  for (const auto& one : catalog.components()) {
    if (!kind.empty() && one.kind != kind) continue;
    if (command.json()) {
      list.push_back({{"kind", one.kind},
                      {"id", one.id},
                      {"version", one.version},
                      {"plugin", one.plugin_id},
                      {"plugin_version", one.plugin_version},
                      {"file", one.plugin_file},
                      {"summary", one.summary}});
    } else {
      std::cout << fmt::format("{:<14} {:<30} {:<8} {:<20} {}\n", one.kind, one.id, one.version,
                               one.plugin_id, one.summary);
    }
  }
  if (command.json()) std::cout << json_text(list, 2) << "\n";
  if (!catalog.rejected().empty()) {
    std::cerr << "! " << catalog.rejected().size()
              << " file(s) were not loaded: `host list --rejected` says why\n";
  }
  return kExitOk;
}

const CommandBody kList("list", &list_command);

}  // namespace
}  // namespace kindred::host
