#pragma once

#include <memory>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// NAME.db, a database of SQLite with the tables `items` (row, id, path, label, ..., and a column for all
/// that is known of any item), `vectors` (a vec0 of sqlite-vec: rowid, which is the row of the item, and
/// vector), and `kindred` (key, value), where 'head' says what the rows are. The parameter "extension" names
/// sqlite-vec's library. Throws Error, also for distances that sqlite-vec does not know.
std::unique_ptr<ItemSink> sqlite_vec_sink(const ExchangeRequest& request, const ExchangeHead& head);

/// The items of such a file, and those that were put into it since. Throws Error.
std::unique_ptr<ItemSource> sqlite_vec_source(const ExchangeRequest& request);

}  // namespace kindred::host
