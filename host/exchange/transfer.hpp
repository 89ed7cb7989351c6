#pragma once

#include <string>

#include "host/exchange/exchange.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// Hands all items of `source` to `sink`. Throws Error, and Interrupted with `what` was interrupted.
Exported transfer(ItemSource& source, ItemSink& sink, Context& context, const std::string& what);

/// Adds all items of `source` to an index that has none. Rows that an index of the same distance held are
/// taken as they are. Throws Error, which names the row of `source` that cannot be stored, and Interrupted.
void import_items(ItemSource& source, IndexWriter& target, Context& context);

}  // namespace kindred::host
