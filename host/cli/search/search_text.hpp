#pragma once

#include <string>
#include <vector>

#include "host/data/decoders.hpp"
#include "host/item_search/item_search.hpp"

namespace kindred::host {

/// A table per query, for people.
std::string to_text(const std::vector<SearchResult>& results);

/// One HTML file without external parts: each query with the pictures that were found, their distances and
/// classes. Rows of `index` are shown by their thumbnails, where it has them; null: they are of no index.
/// Other pictures are decoded; those that cannot be read are named instead. `title` is its heading.
std::string to_html(const std::vector<SearchResult>& results, const IndexFolder* index,
                    const Decoders& decoders, const std::string& title);

}  // namespace kindred::host
