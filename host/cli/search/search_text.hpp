#pragma once

#include <string>
#include <vector>

#include "host/data/decoders.hpp"
#include "host/item_search/item_search.hpp"

namespace kindred::host {

/// A table per query, for people.
std::string to_text(const std::vector<SearchResult>& results);

/// One HTML file without external parts: each query with the pictures that were found, their distances and
/// classes. Pictures that cannot be read are named instead. `title` is its heading.
std::string to_html(const std::vector<SearchResult>& results, const Decoders& decoders,
                    const std::string& title);

}  // namespace kindred::host
