#pragma once

#include "host/exchange/index_source.hpp"

namespace kindred::host {

/// Builds the component kindred.faiss over the items of an index alone, with the parameters of the request,
/// and leaves its file in a folder of its own, which must not exist yet or be empty, beside items.jsonl,
/// whose lines are the items by the numbers that FAISS finds, and items.json, which says what the rows are.
/// Without a factory it is "Flat". Throws Error, or what the component throws.
Exported write_faiss(IndexSource& source, const ExchangeRequest& request);

}  // namespace kindred::host
