#include "host/item_search/item_search.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "host/base/text.hpp"
#include "host/refinement/k_reciprocal.hpp"
#include "host/refinement/query_expansion.hpp"
#include "kindred/error.hpp"
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
      throw Error(fmt::format("group by: the index {} has no column \"{}\"; its columns are {}",
                              shown(index.folder().path()), shown(wish.group_by), joined(columns)));
    const auto& space = index.folder().space();
    if (wish.refinements.expansion && !space.unit_length())
      throw Error("rerank: a query is expanded by rows of length 1, and the index compares by " +
                  distance_title(space.distance));
    if (wish.refinements.reciprocal) check_k_reciprocal(space.distance);
  }

  std::vector<FoundItem> nearest(const SearchQuery& query) const {
    const auto all = index_.folder().size();
    const auto row = expanded(query);
    auto asked = wish_.k;
    if (!wish_.group_by.empty()) asked *= 4;
    for (;;) {
      asked = std::min(asked, std::max<int64_t>(all, 1));
      auto kept = kept_of(row, query.itself, asked);
      if (static_cast<int64_t>(kept.size()) >= wish_.k || asked >= all || wish_.group_by.empty()) return kept;
      asked *= 4;
    }
  }

 private:
  struct Near {
    std::vector<int64_t> rows;
    std::vector<float> distances;
  };

  /// The `count` nearest rows, without those that the query was taken from.
  Near search(const at::Tensor& query, const std::vector<int64_t>& itself, int64_t count) const {
    const auto row = query.unsqueeze(0);
    const auto asked = std::clamp<int64_t>(count + static_cast<int64_t>(itself.size()), 1,
                                           std::max<int64_t>(index_.folder().size(), 1));
    const auto found =
        wish_.exact ? index_.exact(row, asked, candidates_) : index_.search(row, asked, candidates_);
    Near near;
    for (int64_t i = 0; i < found.rows.size(1) && static_cast<int64_t>(near.rows.size()) < count; ++i) {
      const auto place = found.rows.data_ptr<int64_t>()[i];
      if (place < 0) break;
      if (std::find(itself.begin(), itself.end(), place) != itself.end()) continue;
      near.rows.push_back(place);
      near.distances.push_back(found.distances.data_ptr<float>()[i]);
    }
    return near;
  }

  /// float32 (n, D), as the index compares them.
  at::Tensor stored(const std::vector<int64_t>& rows) const {
    const auto out = index_.folder().rows()->gather(at::tensor(rows, at::kLong));
    return index_.folder().space().unit_length() ? l2_normalized(out) : out;
  }

  /// The query with what it found added to it, where that is asked for.
  at::Tensor expanded(const SearchQuery& query) const {
    const auto& expansion = wish_.refinements.expansion;
    if (!expansion) return query.row;
    const auto near = search(query.row, query.itself, expansion->k);
    const auto plain = l2_normalized(query.row).unsqueeze(0);
    return near.rows.empty()
               ? query.row
               : expanded_queries(plain, stored(near.rows).unsqueeze(0), expansion->alpha).select(0, 0);
  }

  /// Orders the nearest anew, where that is asked for; each keeps its distance.
  Near reordered(const at::Tensor& query, Near near) const {
    const auto& reciprocal = wish_.refinements.reciprocal;
    if (!reciprocal || near.rows.empty()) return near;
    const auto& space = index_.folder().space();
    const auto count = std::min(static_cast<int64_t>(near.rows.size()), reciprocal->depth);
    const std::vector<int64_t> first(near.rows.begin(), near.rows.begin() + count);
    const auto order = k_reciprocal_order(space.distance, space.unit_length() ? l2_normalized(query) : query,
                                          stored(first), *reciprocal);
    Near out = near;
    for (int64_t i = 0; i < count; ++i) {
      const auto from = static_cast<size_t>(order.data_ptr<int64_t>()[i]);
      out.rows[static_cast<size_t>(i)] = near.rows[from];
      out.distances[static_cast<size_t>(i)] = near.distances[from];
    }
    return out;
  }

  std::vector<FoundItem> kept_of(const at::Tensor& row, const std::vector<int64_t>& itself,
                                 int64_t asked) const {
    const auto depth = wish_.refinements.reciprocal ? wish_.refinements.reciprocal->depth : 0;
    const auto [rows, distances] = reordered(row, search(row, itself, std::max(asked, depth)));
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

std::optional<SearchQuery> query_of_item(const IndexFolder& index, const std::string& id) {
  const auto found = index.find(id);
  if (!found) return std::nullopt;
  const auto row = index.rows()->gather(at::tensor({found->row}, at::kLong)).select(0, 0);
  return SearchQuery{id, found->item.path, row, {found->row}};
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
                   {"label", value_in(stored.item, "label")},
                   {"class", stored.item.class_name}});
      found.push_back(std::move(line));
    }
    out.push_back({{"query", result.query.name}, {"found", std::move(found)}});
  }
  return out;
}

}  // namespace kindred::host
