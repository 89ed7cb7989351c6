#pragma once

#include <memory>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// A table of a PostgreSQL server with pgvector, a row per item, made in one transaction: the table, its rows
/// by COPY, a comment that says what they are, and then the index. `request.place` is a URL or a connection
/// string of libpq, `request.name` the table, the parameters those of PgvectorParams. Throws Error.
std::unique_ptr<ItemSink> pgvector_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// Such a table, or any other table or view that has ids and vectors: the parameters "id" and "vector" name
/// the columns. Other columns become columns of the items. Throws Error.
std::unique_ptr<ItemSource> pgvector_source(const ExchangeRequest& request);

}  // namespace kindred::host
