#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include "host/exchange/parquet/arrow_values.hpp"
#include "host/exchange/parquet/library.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::shared_ptr<arrow::DataType> type_of(ColumnKind kind) {
  if (kind == ColumnKind::text) return arrow::utf8();
  return kind == ColumnKind::integer ? arrow::int64() : arrow::float64();
}

class Writer final : public ParquetWriter {
 public:
  Writer(const std::string& path, const ParquetLayout& layout)
      : layout_(layout), cannot_("cannot write " + path), schema_(schema()) {
    file_ = taken_of(arrow::io::FileOutputStream::Open(path), cannot_);
    // Rows of numbers do not get smaller, and nobody asks for the least of them.
    const auto numbers = layout.vector + ".list.element";
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::SNAPPY)
                                ->compression(numbers, parquet::Compression::UNCOMPRESSED)
                                ->disable_dictionary(numbers)
                                ->disable_statistics(numbers)
                                ->build();
    // Without its schema a fixed-size list would be read as a list.
    const auto of_arrow = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer_ = taken_of(
        parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), file_, properties, of_arrow),
        cannot_);
  }

  void append(const std::vector<json>& items, const float* rows) override {
    const auto count = static_cast<int64_t>(items.size());
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const auto& column : layout_.columns) arrays.push_back(values_of(column, items));
    arrays.push_back(rows_of(rows, count));
    const auto table = arrow::Table::Make(schema_, arrays, count);
    check_arrow(writer_->WriteTable(*table, std::max<int64_t>(count, 1)), cannot_);
  }

  void finish() override {
    check_arrow(writer_->Close(), cannot_);
    check_arrow(file_->Close(), cannot_);
  }

 private:
  std::shared_ptr<arrow::Schema> schema() const {
    arrow::FieldVector fields;
    for (const auto& column : layout_.columns)
      fields.push_back(arrow::field(column.name, type_of(column.kind), column.name != "id"));
    const auto rows = layout_.has_fixed_size
                          ? arrow::fixed_size_list(arrow::float32(), static_cast<int32_t>(layout_.dimension))
                          : arrow::list(arrow::float32());
    fields.push_back(arrow::field(layout_.vector, rows, false));
    if (layout_.note.empty()) return arrow::schema(fields);
    return arrow::schema(fields, arrow::key_value_metadata({"kindred"}, {layout_.note}));
  }

  template <class Builder, class Value>
  std::shared_ptr<arrow::Array> built(const std::string& name, const std::vector<json>& items) const {
    Builder builder;
    for (const auto& item : items) {
      const auto found = item.find(name);
      const bool is_null = found == item.end() || found->is_null();
      check_arrow(is_null ? builder.AppendNull() : builder.Append(found->get<Value>()), cannot_);
    }
    return taken_of(builder.Finish(), cannot_);
  }

  std::shared_ptr<arrow::Array> values_of(const ItemColumn& column, const std::vector<json>& items) const {
    switch (column.kind) {
      case ColumnKind::text:
        return built<arrow::StringBuilder, std::string>(column.name, items);
      case ColumnKind::integer:
        return built<arrow::Int64Builder, int64_t>(column.name, items);
      default:
        return built<arrow::DoubleBuilder, double>(column.name, items);
    }
  }

  std::shared_ptr<arrow::Array> rows_of(const float* rows, int64_t count) const {
    const auto dimension = layout_.dimension;
    const auto bytes = count * dimension * static_cast<int64_t>(sizeof(float));
    const auto numbers = std::make_shared<arrow::FloatArray>(
        count * dimension, std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(rows), bytes));
    if (layout_.has_fixed_size) {
      return taken_of(arrow::FixedSizeListArray::FromArrays(numbers, static_cast<int32_t>(dimension)),
                      cannot_);
    }
    arrow::Int32Builder begins;
    for (int64_t row = 0; row <= count; ++row)
      check_arrow(begins.Append(static_cast<int32_t>(row * dimension)), cannot_);
    const auto offsets = taken_of(begins.Finish(), cannot_);
    return taken_of(arrow::ListArray::FromArrays(*offsets, *numbers), cannot_);
  }

  const ParquetLayout layout_;
  const std::string cannot_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::FileOutputStream> file_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

std::unique_ptr<ParquetWriter> write_parquet(const std::string& path, const ParquetLayout& layout) {
  return std::make_unique<Writer>(path, layout);
}

}  // namespace kindred::host
