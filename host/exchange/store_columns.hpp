#pragma once

#include <vector>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// The columns of a table of such items: those that every item has, "id" first, and then the others. An
/// item's values are those of item_json(); a key that is not there is null.
inline std::vector<ItemColumn> store_columns(const ExchangeHead& head) {
  std::vector<ItemColumn> columns = {{"id", ColumnKind::text},
                                     {"path", ColumnKind::text},
                                     {"label", ColumnKind::integer},
                                     {"class_name", ColumnKind::text}};
  columns.insert(columns.end(), head.columns.begin(), head.columns.end());
  for (const auto* of_file : {"file_bytes", "file_time"}) columns.push_back({of_file, ColumnKind::integer});
  columns.push_back({"file_hash", ColumnKind::text});
  return columns;
}

}  // namespace kindred::host
