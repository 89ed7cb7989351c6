#pragma once

#include <memory>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// NAME.npy with the rows, float32 (N, D); NAME.jsonl with an item per line, in their order; and NAME.json,
/// which says what the rows are. The files appear one after the other, the array last.
/// Throws Error where the place does not end in .npy, or one of them is there already.
std::unique_ptr<ItemSink> numpy_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// The same files, or those of `host embed`, or an array of numbers of any type alone, whose rows are then
/// named by their number. Throws Error.
std::unique_ptr<ItemSource> numpy_source(const ExchangeRequest& request);

}  // namespace kindred::host
