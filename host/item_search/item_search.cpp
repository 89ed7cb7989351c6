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

  /// Of each of `queries`, which are searched for together: to read all rows once costs about as much as to
  /// compare them.
  std::vector<std::vector<FoundItem>> nearest(const std::vector<SearchQuery>& queries) const {
    const auto rows = expanded(queries);
    const auto asked = wish_.group_by.empty() ? wish_.k : 4 * wish_.k;
    auto near = search(rows, queries.data(), with_depth(asked));
    std::vector<std::vector<FoundItem>> found;
    for (size_t i = 0; i < queries.size(); ++i)
      found.push_back(
          of_different_groups(queries[i], rows[static_cast<int64_t>(i)], std::move(near[i]), asked));
    return found;
  }

 private:
  struct Near {
    std::vector<int64_t> rows;
    std::vector<float> distances;
  };

  int64_t all() const { return std::max<int64_t>(index_.folder().size(), 1); }
  /// What is ordered anew is at least this much.
  int64_t with_depth(int64_t asked) const {
    return std::min(
        all(), wish_.refinements.reciprocal ? std::max(asked, wish_.refinements.reciprocal->depth) : asked);
  }

  std::vector<FoundItem> of_different_groups(const SearchQuery& query, const at::Tensor& row, Near near,
                                             int64_t asked) const {
    for (;;) {
      auto kept = kept_of(reordered(row, std::move(near)));
      const bool is_enough = static_cast<int64_t>(kept.size()) >= wish_.k;
      if (is_enough || asked >= all() || wish_.group_by.empty()) return kept;
      asked *= 4;
      near = search(row.unsqueeze(0), &query, with_depth(asked)).front();
    }
  }

  /// The `count` nearest rows of each of `rows` (Q, D), without those that its query was taken from.
  std::vector<Near> search(const at::Tensor& rows, const SearchQuery* queries, int64_t count) const {
    size_t most_itself = 0;
    for (int64_t i = 0; i < rows.size(0); ++i) most_itself = std::max(most_itself, queries[i].itself.size());
    const auto asked = std::clamp<int64_t>(count + static_cast<int64_t>(most_itself), 1, all());
    auto found =
        wish_.exact ? index_.exact(rows, asked, candidates_) : index_.search(rows, asked, candidates_);
    found = {found.rows.contiguous(), found.distances.contiguous()};
    std::vector<Near> near(static_cast<size_t>(rows.size(0)));
    for (size_t i = 0; i < near.size(); ++i)
      near[i] = without(queries[i].itself, found, static_cast<int64_t>(i), count);
    return near;
  }

  /// The first `count` of what query i found that are none of `itself`.
  static Near without(const std::vector<int64_t>& itself, const Neighbours& found, int64_t i, int64_t count) {
    const auto* places = found.rows.data_ptr<int64_t>() + i * found.rows.size(1);
    const auto* distances = found.distances.data_ptr<float>() + i * found.rows.size(1);
    Near near;
    for (int64_t j = 0; j < found.rows.size(1) && static_cast<int64_t>(near.rows.size()) < count; ++j) {
      if (places[j] < 0) break;
      if (std::find(itself.begin(), itself.end(), places[j]) != itself.end()) continue;
      near.rows.push_back(places[j]);
      near.distances.push_back(distances[j]);
    }
    return near;
  }

  /// float32 (n, D), as the index compares them.
  at::Tensor stored(const std::vector<int64_t>& rows) const {
    const auto out = index_.folder().rows()->gather(at::tensor(rows, at::kLong));
    return index_.folder().space().unit_length() ? l2_normalized(out) : out;
  }

  /// (Q, D): the queries, with what each found added to it where that is asked for.
  at::Tensor expanded(const std::vector<SearchQuery>& queries) const {
    std::vector<at::Tensor> rows;
    for (const auto& query : queries) rows.push_back(query.row);
    const auto plain = at::stack(rows);
    const auto& expansion = wish_.refinements.expansion;
    if (!expansion) return plain;
    const auto near = search(plain, queries.data(), std::min(expansion->k, all()));
    for (size_t i = 0; i < near.size(); ++i) {
      if (near[i].rows.empty()) continue;
      rows[i] = expanded_queries(l2_normalized(rows[i]).unsqueeze(0), stored(near[i].rows).unsqueeze(0),
                                 expansion->alpha)
                    .select(0, 0);
    }
    return at::stack(rows);
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

  std::vector<FoundItem> kept_of(const Near& near) const {
    std::vector<FoundItem> kept;
    std::set<json> groups;
    auto items = index_.folder().items(near.rows);
    for (size_t i = 0; i < items.size() && static_cast<int64_t>(kept.size()) < wish_.k; ++i) {
      const auto group = wish_.group_by.empty() ? json() : value_in(items[i].item, wish_.group_by);
      if (!group.is_null() && !groups.insert(group).second) continue;
      kept.push_back({near.distances[i], std::move(items[i])});
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
  if (queries.empty()) return results;
  auto found = finder.nearest(queries);
  for (size_t i = 0; i < queries.size(); ++i) results.push_back({std::move(queries[i]), std::move(found[i])});
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
