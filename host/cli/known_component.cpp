#include "host/cli/known_component.hpp"

#include <algorithm>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/params.hpp"

namespace kindred::host {

void check_known(const Catalog& catalog, const std::string& id, const std::string& kind) {
  std::vector<std::string> names, kinds;
  for (const auto& info : catalog.components()) {
    kinds.push_back(info.kind);
    if (!kind.empty() && info.kind != kind) continue;
    names.push_back(info.id);
    names.push_back(info.short_name);
  }
  const auto says = [](const std::string& close) {
    return (close.empty() ? "" : "; did you mean \"" + close + "\"?") + "; `host list` names those found";
  };
  if (names.empty() && !kind.empty())
    throw UsageError("no component is of the kind \"" + kind + "\"" + says(closest_name(kind, kinds)));
  if (!id.empty() && std::find(names.begin(), names.end(), id) == names.end())
    throw UsageError("no component is called \"" + id + "\"" + says(catalog.suggest(kind, id)));
}

}  // namespace kindred::host
