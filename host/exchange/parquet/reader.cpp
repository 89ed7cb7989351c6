#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <algorithm>
#include <cmath>

#include "host/exchange/parquet/arrow_values.hpp"
#include "host/exchange/parquet/library.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::string joined_names(const arrow::Schema& schema) {
  std::string names;
  for (const auto& name : schema.field_names()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

class Reader final : public ParquetReader {
 public:
  Reader(const std::string& path, const std::string& vector, int64_t numbers) : path_(path), vector_(vector) {
    const auto file = taken_of(arrow::io::ReadableFile::Open(path), "cannot open " + path);
    auto properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();  // so that a row group need not be in memory
    auto of_arrow = parquet::default_arrow_reader_properties();
    of_arrow.set_pre_buffer(false);
    of_arrow.set_batch_size(1);
    try {
      parquet::arrow::FileReaderBuilder builder;
      check_arrow(builder.Open(file, properties), damaged());
      check_arrow(builder.properties(of_arrow)->Build(&reader_), damaged());
      check_arrow(reader_->GetSchema(&schema_), damaged());
      choose_columns();
    } catch (const parquet::ParquetException& error) {
      throw Error(damaged() + ": " + error.what());
    }
    begin();
    // The first row says how many numbers all have, and so how many rows make a batch.
    if (batch_ != nullptr) dimension_ = length_of(0);
    if (dimension_ <= 0) throw Error(path_ + " has no rows of numbers in its column " + vector_);
    reader_->set_batch_size(std::max<int64_t>(numbers / dimension_, 1));
    begin();
  }

  int64_t items() const override { return reader_->parquet_reader()->metadata()->num_rows(); }
  int64_t dimension() const override { return dimension_; }
  std::vector<std::string> columns() const override { return schema_->field_names(); }
  std::vector<std::string> passed_over() const override { return passed_over_; }

  std::string note() const override {
    const auto& notes = schema_->metadata();
    const int place = notes == nullptr ? -1 : notes->FindKey("kindred");
    return place < 0 ? "" : notes->value(place);
  }

  bool next(std::vector<json>& items, std::vector<float>& rows) override {
    items.clear();
    rows.clear();
    if (batch_ == nullptr) return false;
    for (int64_t row = 0; row < batch_->num_rows(); ++row) {
      auto item = json::object();
      for (const auto column : columns_) {
        if (auto value = item_value(*batch_->column(column), row); !value.is_null())
          item[schema_->field(column)->name()] = std::move(value);
      }
      items.push_back(std::move(item));
      append_row(row, rows);
    }
    done_ += batch_->num_rows();
    next_batch();
    return true;
  }

 private:
  std::string damaged() const { return path_ + " is damaged, or no Parquet file"; }

  void choose_columns() {
    place_ = schema_->GetFieldIndex(vector_);
    const auto* type = place_ < 0 ? nullptr : schema_->field(place_)->type().get();
    const bool is_list =
        type != nullptr && (type->id() == arrow::Type::FIXED_SIZE_LIST || type->id() == arrow::Type::LIST ||
                            type->id() == arrow::Type::LARGE_LIST);
    if (!is_list || !is_row_type(*static_cast<const arrow::BaseListType*>(type)->value_type())) {
      throw Error(
          path_ + " has no column \"" + vector_ + "\" with lists of float32, float64 or float16; " +
          "--format-params '{\"vector\": \"NAME\"}' names it among its columns: " + joined_names(*schema_));
    }
    for (int column = 0; column < schema_->num_fields(); ++column) {
      if (column == place_) continue;
      if (is_item_type(*schema_->field(column)->type())) {
        columns_.push_back(column);
      } else {
        passed_over_.push_back(schema_->field(column)->name());
      }
    }
  }

  void begin() {
    batches_ = taken_of(reader_->GetRecordBatchReader(), damaged());
    next_batch();
  }

  /// To the next batch that has rows; there is none behind the last.
  void next_batch() {
    try {
      do {
        check_arrow(batches_->ReadNext(&batch_), damaged());
      } while (batch_ != nullptr && batch_->num_rows() == 0);
    } catch (const parquet::ParquetException& error) {
      throw Error(damaged() + ": " + error.what());
    }
  }

  /// Where the numbers of a row lie among those of all: -1 in place of its end where it is null.
  std::pair<int64_t, int64_t> place_of(int64_t row) const {
    const auto& lists = *batch_->column(place_);
    if (lists.IsNull(row)) return {0, -1};
    switch (lists.type_id()) {
      case arrow::Type::LIST: {
        const auto& all = static_cast<const arrow::ListArray&>(lists);
        return {all.value_offset(row), all.value_offset(row + 1)};
      }
      case arrow::Type::LARGE_LIST: {
        const auto& all = static_cast<const arrow::LargeListArray&>(lists);
        return {all.value_offset(row), all.value_offset(row + 1)};
      }
      default: {
        const auto& all = static_cast<const arrow::FixedSizeListArray&>(lists);
        return {all.value_offset(row), all.value_offset(row) + all.value_length(row)};
      }
    }
  }

  int64_t length_of(int64_t row) const {
    const auto [begin, end] = place_of(row);
    return end - begin;
  }

  const arrow::Array& all_numbers() const {
    const auto& lists = *batch_->column(place_);
    switch (lists.type_id()) {
      case arrow::Type::LIST:
        return *static_cast<const arrow::ListArray&>(lists).values();
      case arrow::Type::LARGE_LIST:
        return *static_cast<const arrow::LargeListArray&>(lists).values();
      default:
        return *static_cast<const arrow::FixedSizeListArray&>(lists).values();
    }
  }

  void append_row(int64_t row, std::vector<float>& rows) const {
    const auto [begin, end] = place_of(row);
    const auto& numbers = all_numbers();
    std::string wrong;
    if (end - begin != dimension_) wrong = end < 0 ? "nothing" : std::to_string(end - begin) + " numbers";
    for (auto place = begin; wrong.empty() && numbers.null_count() > 0 && place < end; ++place) {
      if (numbers.IsNull(place)) wrong = "a null among its numbers";
    }
    if (!wrong.empty()) {
      throw Error(path_ + ", row " + std::to_string(done_ + row) + ": its " + vector_ + " has " + wrong +
                  "; expected " + std::to_string(dimension_) + " numbers, as in the first row");
    }
    append_numbers(numbers, begin, end, rows);
  }

  const std::string path_, vector_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  int place_ = -1;  // of the rows among the columns
  std::vector<int> columns_;
  std::vector<std::string> passed_over_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t dimension_ = 0, done_ = 0;
};

}  // namespace

std::unique_ptr<ParquetReader> read_parquet(const std::string& path, const std::string& vector,
                                            int64_t numbers) {
  return std::make_unique<Reader>(path, vector, numbers);
}

}  // namespace kindred::host
