#pragma once

#include <memory>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// NAME.parquet with a column for all that is known of any item, the rows as a fixed-size list of float32,
/// and under the key "kindred" what the rows are. The parameter "vector" is the name of their column. Throws
/// Error.
std::unique_ptr<ItemSink> parquet_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// Such a file, or one of others with a column of lists of numbers. The parameters "id" and "vector" name
/// columns; without a column for ids an item has the number of its row. Throws Error.
std::unique_ptr<ItemSource> parquet_source(const ExchangeRequest& request);

/// NAME.parquet as Milvus imports it: the texts id and $meta, which is a JSON object of all that is known of
/// the item, and the list vector. What the collection must be is in the advice. Throws Error.
std::unique_ptr<ItemSink> milvus_sink(const ExchangeRequest& request, const ExchangeHead& head);

}  // namespace kindred::host
