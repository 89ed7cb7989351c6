#include "host/exchange/parquet.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/base/text.hpp"
#include "host/exchange/item_lines.hpp"
#include "host/exchange/parquet_file.hpp"
#include "host/exchange/partial_path.hpp"
#include "host/exchange/store_columns.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

struct SinkParams {
  std::string vector = "vector";
  static void describe(Schema<SinkParams>& schema) {
    schema.field("vector", &SinkParams::vector).doc("The column of the rows.");
  }
};

struct SourceParams : SinkParams {
  std::string id;
  static void describe(Schema<SourceParams>& schema) {
    schema.field("vector", &SourceParams::vector).doc("The column of the rows.");
    schema.field("id", &SourceParams::id).doc("The column of the ids; empty: id, where there is one.");
  }
};

class ParquetSink final : public ItemSink {
 public:
  ParquetSink(const std::string& place, const ParquetLayout& layout)
      : place_(place),
        file_(place),
        columns_(layout.columns),
        writer_(parquet_library().write(file_.path(), layout)) {}

  void append(const ExchangeBatch& batch) override {
    std::vector<json> items;
    for (const auto& item : batch.items) items.push_back(store_values(item, columns_));
    writer_->append(items, batch.rows.data_ptr<float>());
  }

  Exported finish() override {
    writer_->finish();
    file_.finish();
    return {{place_}, ""};
  }

 private:
  const std::string place_;
  PartialPath file_;
  const std::vector<ItemColumn> columns_;
  const std::unique_ptr<ParquetWriter> writer_;
};

class ParquetSource final : public ItemSource {
 public:
  ParquetSource(const ExchangeRequest& request, const SourceParams& params)
      : path_(request.place),
        id_(params.id.empty() ? "id" : params.id),
        reader_(parquet_library().read(path_, params.vector, kNumbersPerBatch)) {
    const auto names = reader_->columns();
    has_id_ = std::find(names.begin(), names.end(), id_) != names.end();
    if (!has_id_ && !params.id.empty()) {
      throw Error(fmt::format("{} has no column \"{}\" for the ids; it has {}", path_, id_, joined(names)));
    }
    head_.items = reader_->items();
    if (const auto note = reader_->note(); !note.empty()) {
      head_.space = head_space(parse_json(note), "the key \"kindred\" of " + path_);
      head_.is_stored_form = true;
    }
    head_.space.dimension = reader_->dimension();
    if (const auto others = reader_->passed_over(); !others.empty()) {
      request.context->warning(
          fmt::format("{}: columns whose values are no texts, numbers or truth values are left out: {}",
                      path_, joined(others)));
    }
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    batch.items.clear();
    if (!reader_->next(values_, numbers_)) return false;
    for (auto& values : values_) {
      batch.items.push_back(item_of(values));
      ++done_;
    }
    batch.rows = at::empty({static_cast<int64_t>(values_.size()), head_.space.dimension}, at::kFloat);
    std::memcpy(batch.rows.data_ptr(), numbers_.data(), numbers_.size() * sizeof(float));
    return true;
  }

 private:
  Item item_of(json& values) const {
    try {
      if (!has_id_) {
        values["id"] = std::to_string(done_);
      } else if (id_ != "id") {
        // What else was called id is not what names the item.
        const auto id = values.contains(id_) ? values.at(id_) : json();
        values.erase(id_);
        values["id"] = id;
      }
      if (!values.contains("id") || values.at("id").is_null())
        throw Error(fmt::format("its \"{}\" is null, which names no item", id_));
      return item_from_json(values);
    } catch (const Error& error) {
      throw Error(fmt::format("{}, row {}: {}", path_, done_, error.what()));
    }
  }

  const std::string path_, id_;
  const std::unique_ptr<ParquetReader> reader_;
  bool has_id_ = false;
  ExchangeHead head_;
  std::vector<json> values_;
  std::vector<float> numbers_;
  int64_t done_ = 0;
};

}  // namespace

std::unique_ptr<ItemSink> parquet_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  ParquetLayout layout;
  layout.vector = Schema<SinkParams>::get().parse(json_text(request.params)).vector;
  layout.columns = store_columns(head);
  layout.dimension = head.space.dimension;
  layout.note = json_text(head_json(head));
  for (const auto& column : layout.columns) {
    if (column.name == layout.vector) {
      throw Error(
          fmt::format("the items have a column \"{}\" already; name that of the rows otherwise with "
                      "--format-params '{{\"vector\": \"NAME\"}}'",
                      column.name));
    }
  }
  check_new_files({request.place}, ".parquet");
  return std::make_unique<ParquetSink>(request.place, layout);
}

std::unique_ptr<ItemSource> parquet_source(const ExchangeRequest& request) {
  return std::make_unique<ParquetSource>(request,
                                         Schema<SourceParams>::get().parse(json_text(request.params)));
}

}  // namespace kindred::host
