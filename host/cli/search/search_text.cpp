#include "host/cli/search/search_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

std::string class_of(const Item& item) {
  if (!item.class_name.empty()) return item.class_name;
  return item.label < 0 ? "" : std::to_string(item.label);
}

}  // namespace

std::string to_text(const std::vector<SearchResult>& results) {
  std::string out;
  for (const auto& result : results) {
    size_t width = 5;
    for (const auto& one : result.found) width = std::max(width, shown(class_of(one.stored.item)).size());
    out += fmt::format("{}{}\n", out.empty() ? "" : "\n", shown(result.query.name));
    if (result.found.empty()) out += "  nothing was found\n";
    for (size_t i = 0; i < result.found.size(); ++i) {
      const auto& item = result.found[i].stored.item;
      out += fmt::format("  {:>3}  {:.4f}  {:<{}}  {}\n", i + 1, result.found[i].distance,
                         shown(class_of(item)), width, shown(item.id));
    }
  }
  return out;
}

}  // namespace kindred::host
