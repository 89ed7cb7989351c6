#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "host/base/text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/index/index_actions.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

constexpr std::pair<const char*, int (*)(const CommandLine&)> kActions[] = {
    {"build", &build_index},        {"add", &add_to_index},    {"update", &update_index},
    {"remove", &remove_from_index}, {"info", &show_index},     {"verify", &check_index},
    {"compact", &compact_index},    {"merge", &merge_indexes}, {"outliers", &show_outliers},
    {"export", &export_index},      {"import", &import_index}};

/// Options that an action has no use for, other than those that every command has.
void check_options(const CommandLine& command, const std::string& action) {
  const std::vector<std::pair<const char*, std::vector<std::string>>> takers = {
      {"output", {"build", "merge", "export", "import"}},
      {"model", {"build", "add", "update", "import"}},
      {"data", {"build", "add"}},
      {"precision", {"build", "import"}},
      {"distance", {"build", "import"}},
      {"index", {"build", "compact", "merge", "import"}},
      {"params", {"build", "compact", "merge", "import"}},
      {"to", {"export"}},
      {"from", {"import"}},
      {"name", {"export", "import"}},
      {"format-params", {"export", "import"}},
      {"cut", {"build"}},
      {"whiten", {"build", "merge"}},
      {"shard", {"build"}},
      {"incomplete", {"merge"}},
      {"mirror", {"build"}},
      {"prune", {"update"}},
      {"thumbnails", {"build", "add", "update"}},
      {"csv", {"outliers"}},
      {"html", {"outliers"}}};
  for (const auto& [option, actions] : takers) {
    if (!command.has(option) || std::find(actions.begin(), actions.end(), action) != actions.end()) continue;
    throw UsageError("host index " + action + " knows no --" + option + "; it is for " + joined(actions));
  }
}

int index_command(const CommandLine& command) {
  const auto action = command.list("ACTION").front();
  std::vector<std::string> names;
  for (const auto& [name, run] : kActions) {
    names.emplace_back(name);
    if (action != name) continue;
    check_options(command, action);
    return run(command);
  }
  const auto close = closest_name(action, names);
  throw UsageError("host index does not know `" + action + "`; " +
                   (close.empty() ? "" : "did you mean `" + close + "`? ") + "expected one of " +
                   joined(names));
}

const CommandBody kIndex("index", &index_command);

}  // namespace
}  // namespace kindred::host
