#pragma once

#include <arrow/api.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "kindred/error.hpp"

namespace kindred::host {

/// Throws Error "CANNOT: reason" unless Arrow is content.
inline void check_arrow(const arrow::Status& status, const std::string& cannot) {
  if (!status.ok()) throw Error(cannot + ": " + status.message());
}
template <class Value>
Value taken_of(arrow::Result<Value> result, const std::string& cannot) {
  check_arrow(result.status(), cannot);
  return std::move(result).ValueUnsafe();
}

/// Whether values of this type can be texts, numbers or truth values of an item.
bool is_item_type(const arrow::DataType& type);
/// Such a value; null for null and for what is no number.
nlohmann::json item_value(const arrow::Array& values, int64_t place);

/// Whether a list of these is a row of numbers.
bool is_row_type(const arrow::DataType& type);
/// Appends the numbers [begin, end), which are not null, as float32.
void append_numbers(const arrow::Array& numbers, int64_t begin, int64_t end, std::vector<float>& out);

}  // namespace kindred::host
