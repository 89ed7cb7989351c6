#pragma once

#include <memory>
#include <string>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// "" where this build has hnswlib's headers.
std::string hnswlib_missing();

/// NAME.bin, a graph that hnswlib loads, whose labels are the numbers of the lines of NAME.jsonl, and
/// NAME.json, which says what the rows are. The graph with its rows is in memory until it is written.
/// Parameters: "M" and "ef_construction". Throws Error, also for distances that hnswlib does not know.
std::unique_ptr<ItemSink> hnswlib_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// The rows of such a file, or of one that somebody else made of float32, in the order of their labels;
/// without NAME.jsonl an item has its label as id. Needs no hnswlib. Throws Error.
std::unique_ptr<ItemSource> hnswlib_source(const ExchangeRequest& request);

}  // namespace kindred::host
