#pragma once

#include <memory>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// A collection of a Qdrant server, a point per item: numbered from 0, with the row, and what is known of the
/// item as payload. `request.place` is the URL of the server, `request.name` the collection. When all points
/// are there, its metadata say what they are, where the server keeps some. Throws Error.
std::unique_ptr<ItemSink> qdrant_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// Such a collection, or any other one with dense vectors: a point without an "id" in its payload has its own
/// as the item's. Throws Error.
std::unique_ptr<ItemSource> qdrant_source(const ExchangeRequest& request);

}  // namespace kindred::host
