#include "host/exchange/parquet/arrow_values.hpp"

#include <arrow/util/float16.h>

#include <cmath>
#include <limits>

namespace kindred::host {
using arrow::Type;
using nlohmann::json;
namespace {

template <class Array>
const Array& as(const arrow::Array& values) {
  return static_cast<const Array&>(values);
}

json real(double value) { return std::isfinite(value) ? json(value) : json(); }

json natural(uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<double>(value);
  return static_cast<int64_t>(value);
}

float half(const arrow::Array& values, int64_t place) {
  return arrow::util::Float16::FromBits(as<arrow::HalfFloatArray>(values).Value(place)).ToFloat();
}

}  // namespace

bool is_item_type(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::DICTIONARY:
      return is_item_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::BOOL:
    case Type::HALF_FLOAT:
    case Type::STRING:
    case Type::LARGE_STRING:
      return true;
    default:
      // Times and decimal numbers are texts, as Arrow writes them.
      return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_temporal(type.id()) ||
             arrow::is_decimal(type.id());
  }
}

/// It is long since it names the types that Arrow has.
json item_value(const arrow::Array& values, int64_t place) {
  if (values.IsNull(place)) return nullptr;
  switch (values.type_id()) {
    case Type::DICTIONARY: {
      const auto& all = as<arrow::DictionaryArray>(values);
      return item_value(*all.dictionary(), all.GetValueIndex(place));
    }
    case Type::BOOL:
      return as<arrow::BooleanArray>(values).Value(place);
    case Type::INT8:
      return as<arrow::Int8Array>(values).Value(place);
    case Type::INT16:
      return as<arrow::Int16Array>(values).Value(place);
    case Type::INT32:
      return as<arrow::Int32Array>(values).Value(place);
    case Type::INT64:
      return as<arrow::Int64Array>(values).Value(place);
    case Type::UINT8:
      return natural(as<arrow::UInt8Array>(values).Value(place));
    case Type::UINT16:
      return natural(as<arrow::UInt16Array>(values).Value(place));
    case Type::UINT32:
      return natural(as<arrow::UInt32Array>(values).Value(place));
    case Type::UINT64:
      return natural(as<arrow::UInt64Array>(values).Value(place));
    case Type::HALF_FLOAT:
      return real(half(values, place));
    case Type::FLOAT:
      return real(as<arrow::FloatArray>(values).Value(place));
    case Type::DOUBLE:
      return real(as<arrow::DoubleArray>(values).Value(place));
    case Type::STRING:
      return as<arrow::StringArray>(values).GetString(place);
    case Type::LARGE_STRING:
      return as<arrow::LargeStringArray>(values).GetString(place);
    default:
      return taken_of(values.GetScalar(place), "cannot read a value")->ToString();
  }
}

bool is_row_type(const arrow::DataType& type) {
  return type.id() == Type::FLOAT || type.id() == Type::DOUBLE || type.id() == Type::HALF_FLOAT;
}

void append_numbers(const arrow::Array& numbers, int64_t begin, int64_t end, std::vector<float>& out) {
  if (numbers.type_id() == Type::FLOAT) {
    const auto* all = as<arrow::FloatArray>(numbers).raw_values();
    out.insert(out.end(), all + begin, all + end);
    return;
  }
  for (auto place = begin; place < end; ++place) {
    out.push_back(numbers.type_id() == Type::DOUBLE
                      ? static_cast<float>(as<arrow::DoubleArray>(numbers).Value(place))
                      : half(numbers, place));
  }
}

}  // namespace kindred::host
