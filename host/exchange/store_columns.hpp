#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// The columns of a table of such items: those that every item has, "id" first, and then the others.
std::vector<ItemColumn> store_columns(const ExchangeHead& head);

/// The values of an item by the names of these columns, as item_json() has them; what is not there is null.
/// Those of a column of texts are texts in UTF-8, whatever bytes they were.
nlohmann::json store_values(const Item& item, const std::vector<ItemColumn>& columns);

}  // namespace kindred::host
