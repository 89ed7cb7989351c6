#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/cli/search/search_queries.hpp"
#include "host/index/live_index.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

struct FoundItem {
  float distance = 0;
  StoredItem stored;
};

/// A query and what was found for it, the nearest first.
struct SearchResult {
  SearchQuery query;
  std::vector<FoundItem> found;
};

/// What stands in a column of an item; null where it has nothing there.
nlohmann::json value_in(const Item& item, const std::string& column);

struct SearchWish {
  int64_t k = 10;
  std::string where;          ///< a condition over the columns; "": none
  std::string group_by;       ///< a column of whose values each is found once; "": none
  bool exact = false;         ///< compare with every row
  Refinements refinements{};  ///< those of a query: expansion, and the order by reciprocal neighbours
};

/// Searches for each query. What a query was taken from is not found. Throws Error where the condition or the
/// column is none of the index, or a refinement does not go with its distance.
std::vector<SearchResult> search_all(const LiveIndex& index, std::vector<SearchQuery> queries,
                                     const SearchWish& wish);

/// {"query": ..., "found": [{"rank", "distance", "id", "path", "label", "class", columns...}]} of each.
nlohmann::json to_json(const std::vector<SearchResult>& results);

/// A table per query, for people.
std::string to_text(const std::vector<SearchResult>& results);

/// One HTML file without external parts: each query with the pictures that were found, their distances and
/// classes. Rows of `index` are shown by their thumbnails, where it has them; null: they are of no index.
/// Other pictures are decoded; those that cannot be read are named instead. `title` is its heading.
std::string to_html(const std::vector<SearchResult>& results, const IndexFolder* index,
                    const Decoders& decoders, const std::string& title);

}  // namespace kindred::host
