#include "host/exchange/store_columns.hpp"

#include "host/exchange/item_lines.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;

std::vector<ItemColumn> store_columns(const ExchangeHead& head) {
  std::vector<ItemColumn> columns = {{"id", ColumnKind::text},
                                     {"path", ColumnKind::text},
                                     {"label", ColumnKind::integer},
                                     {"class_name", ColumnKind::text}};
  columns.insert(columns.end(), head.columns.begin(), head.columns.end());
  for (const auto* of_file : {"file_bytes", "file_time"}) columns.push_back({of_file, ColumnKind::integer});
  columns.push_back({"file_hash", ColumnKind::text});
  return columns;
}

json store_values(const Item& item, const std::vector<ItemColumn>& columns) {
  auto values = item_json(item);
  for (const auto& column : columns) {
    const auto value = values.find(column.name);
    if (value == values.end() || column.kind != ColumnKind::text) continue;
    if (!value->is_string()) *value = json_text(*value);
    const auto& text = value->get_ref<const std::string&>();
    if (first_not_utf8(text) != std::string::npos) *value = shown(text);
  }
  return values;
}

}  // namespace kindred::host
