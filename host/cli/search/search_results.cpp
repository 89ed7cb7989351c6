#include "host/cli/search/search_results.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "host/base/text.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// Finds the k nearest of different groups by asking for more until there are enough.
class Finder {
 public:
  Finder(const LiveIndex& index, const SearchWish& wish) : index_(index), wish_(wish) {
    if (!wish.where.empty()) candidates_ = index.folder().select(wish.where);
    const auto columns = index.folder().columns();
    if (!wish.group_by.empty() && std::find(columns.begin(), columns.end(), wish.group_by) == columns.end())
      throw Error(fmt::format("--group-by: the index {} has no column \"{}\"; its columns are {}",
                              shown(index.folder().path()), shown(wish.group_by), joined(columns)));
  }

  std::vector<FoundItem> nearest(const SearchQuery& query) const {
    const auto all = index_.folder().size();
    auto asked = wish_.k + static_cast<int64_t>(query.itself.size());
    if (!wish_.group_by.empty()) asked *= 4;
    for (;;) {
      asked = std::min(asked, std::max<int64_t>(all, 1));
      auto kept = kept_of(query, asked);
      if (static_cast<int64_t>(kept.size()) >= wish_.k || asked >= all || wish_.group_by.empty()) return kept;
      asked *= 4;
    }
  }

 private:
  std::vector<FoundItem> kept_of(const SearchQuery& query, int64_t asked) const {
    const auto row = query.row.unsqueeze(0);
    const auto near =
        wish_.exact ? index_.exact(row, asked, candidates_) : index_.search(row, asked, candidates_);
    std::vector<int64_t> rows;
    std::vector<float> distances;
    for (int64_t i = 0; i < near.rows.size(1); ++i) {
      const auto found = near.rows[0][i].item<int64_t>();
      if (found < 0) break;
      if (std::find(query.itself.begin(), query.itself.end(), found) != query.itself.end()) continue;
      rows.push_back(found);
      distances.push_back(near.distances[0][i].item<float>());
    }
    std::vector<FoundItem> kept;
    std::set<json> groups;
    auto items = index_.folder().items(rows);
    for (size_t i = 0; i < items.size() && static_cast<int64_t>(kept.size()) < wish_.k; ++i) {
      const auto group = wish_.group_by.empty() ? json() : value_in(items[i].item, wish_.group_by);
      if (!group.is_null() && !groups.insert(group).second) continue;
      kept.push_back({distances[i], std::move(items[i])});
    }
    return kept;
  }

  const LiveIndex& index_;
  const SearchWish& wish_;
  at::Tensor candidates_;
};

std::string class_of(const Item& item) {
  if (!item.class_name.empty()) return item.class_name;
  return item.label < 0 ? "" : std::to_string(item.label);
}

}  // namespace

json value_in(const Item& item, const std::string& column) {
  if (column == "id") return item.id;
  if (column == "path") return item.path;
  if (column == "label") return item.label < 0 ? json() : json(item.label);
  if (column == "class_name" || column == "class")
    return item.class_name.empty() ? json() : json(item.class_name);
  const auto it = item.columns.find(column);
  return it == item.columns.end() ? json() : *it;
}

std::vector<SearchResult> search_all(const LiveIndex& index, std::vector<SearchQuery> queries,
                                     const SearchWish& wish) {
  const Finder finder(index, wish);
  std::vector<SearchResult> results;
  for (auto& query : queries) {
    auto found = finder.nearest(query);
    results.push_back({std::move(query), std::move(found)});
  }
  return results;
}

json to_json(const std::vector<SearchResult>& results) {
  auto out = json::array();
  for (const auto& result : results) {
    auto found = json::array();
    for (size_t i = 0; i < result.found.size(); ++i) {
      const auto& [distance, stored] = result.found[i];
      json line = stored.item.columns;
      line.update({{"rank", i + 1},
                   {"distance", distance},
                   {"id", stored.item.id},
                   {"path", stored.item.path},
                   {"label", stored.item.label < 0 ? json() : json(stored.item.label)},
                   {"class", stored.item.class_name}});
      found.push_back(std::move(line));
    }
    out.push_back({{"query", result.query.name}, {"found", std::move(found)}});
  }
  return out;
}

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
