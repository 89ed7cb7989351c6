#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/index/live_index.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

/// What somebody looks for.
struct SearchQuery {
  std::string name;               ///< for people: a path, a text or an id; several joined by " + "
  std::string file;               ///< of a picture that can be shown; "" where there is none
  at::Tensor row;                 ///< float32 (D), as IndexFolder::as_rows() gives it
  std::vector<int64_t> itself{};  ///< rows of the index that it was taken from, which are not found
};

/// What looks for items like one of the index, which is not found itself; nothing where there is none of
/// this id.
std::optional<SearchQuery> query_of_item(const IndexFolder& index, const std::string& id);

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

}  // namespace kindred::host
