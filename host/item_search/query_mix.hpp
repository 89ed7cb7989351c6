#pragma once

#include <vector>

#include "host/index/manifest.hpp"
#include "host/item_search/item_search.hpp"

namespace kindred::host {

/// A query that counts `weight` times as much as one of weight 1.
struct WeightedQuery {
  WeightedQuery(SearchQuery what, double times = 1) : query(std::move(what)), weight(times) {}
  SearchQuery query;
  double weight;  ///< more than 0
};

/// One query for what is like all of `like`, of which there is at least one, and unlike `unlike`: the mean of
/// the first less half of the mean of the others (Rocchio 1971, "Relevance feedback in information
/// retrieval"). Where rows have length 1 each is brought to it before. Throws Error where nothing is left.
SearchQuery mixed_query(const IndexSpace& space, const std::vector<WeightedQuery>& like,
                        const std::vector<SearchQuery>& unlike);

}  // namespace kindred::host
