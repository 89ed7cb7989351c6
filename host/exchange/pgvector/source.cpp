#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/text.hpp"
#include "host/exchange/item_lines.hpp"
#include "host/exchange/pgvector/columns.hpp"
#include "host/exchange/pgvector/copy_binary.hpp"
#include "host/exchange/pgvector/pgvector.hpp"
#include "host/exchange/pgvector/table.hpp"
#include "host/index/database.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// The value of a field. `place`: for messages.
json value_of(std::string_view bytes, CopiedKind kind, const std::string& place) {
  if (kind == CopiedKind::text) return std::string(bytes);
  if (kind == CopiedKind::integer) return copied_integer(bytes);
  if (kind == CopiedKind::truth) return bytes == std::string_view("\1", 1);
  const auto value = copied_real(bytes);
  if (!std::isfinite(value))
    throw Error(fmt::format("{} is {}, which an index cannot hold; make it null, or a number", place, value));
  return value;
}

class PgvectorSource final : public ItemSource {
 public:
  PgvectorSource(const ExchangeRequest& request, const PgvectorImportParams& params)
      : connection_(connect_to_postgres(request.place, *request.context)) {
    // All of it is read as it is at one moment, and in the order in which it was written.
    connection_->execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    connection_->execute("SET LOCAL synchronize_seqscans = off");
    const auto schema = pgvector_schema(*connection_);
    if (schema.empty())
      throw Error(connection_->title() + " has no pgvector, so it has no vectors; is it another database?");
    table_ = look_at(*connection_, request.name, params);
    if (!table_.left_out.empty())
      request.context->info(fmt::format("left out of {}, since an item cannot have their types: {}",
                                        table_.quoted, joined(table_.left_out)));
    read_head(schema);
    connection_->begin_copy_out("COPY (" + table_.select(schema) + ") TO STDOUT (FORMAT BINARY)");
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto dimension = head_.space.dimension;
    const auto step = std::min(rows_per_batch(dimension), std::max<int64_t>(head_.items, 1));
    batch.items.clear();
    batch.rows = at::empty({step, dimension}, at::kFloat);
    auto* rows = batch.rows.data_ptr<float>();
    int64_t count = 0;
    for (; count < step && !at_end_; count += at_end_ ? 0 : 1) read_row(batch, rows + count * dimension);
    batch.rows = batch.rows.slice(0, 0, count);
    return count > 0;
  }

 private:
  void read_head(const std::string& schema) {
    const auto facts = connection_
                           ->execute(fmt::format("SELECT count(*), (SELECT {0}vector_dims({1}::{0}vector) "
                                                 "FROM {2} WHERE {1} IS NOT NULL LIMIT 1), "
                                                 "obj_description(to_regclass($1), 'pg_class') FROM {2}",
                                                 schema, quoted_vector(), table_.quoted),
                                     {table_.quoted})
                           .front();
    head_.items = std::stoll(facts[0].value());
    if (head_.items == 0 || !facts[1]) throw Error(place() + " holds no vectors");
    const auto note = facts[2] ? parse_json(*facts[2]) : json();
    if (is_head(note)) {
      head_.space = head_space(note, "the comment of " + place());
      head_.is_stored_form = true;
    }
    const auto dimension = std::stoll(*facts[1]);
    if (head_.is_stored_form && head_.space.dimension != dimension) {
      throw Error(
          fmt::format("the vectors of {} have {} numbers, and its comment says {}; drop the comment where it "
                      "is of other vectors (COMMENT ON TABLE {} IS NULL)",
                      place(), dimension, head_.space.dimension, table_.quoted));
    }
    head_.space.dimension = dimension;
  }

  std::string quoted_vector() const { return quoted_name(table_.vector); }
  std::string place() const { return "the table " + table_.quoted + " of " + connection_->title(); }

  /// Adds the next row, unless there is none.
  void read_row(ExchangeBatch& batch, float* row) {
    for (bool is_row = false; !is_row;) {
      auto message = connection_->get();
      if (!message) {
        at_end_ = true;
        return;
      }
      is_row = reader_.take(std::move(*message), static_cast<int>(table_.columns.size()) + 2);
    }
    Item item;
    std::string_view bytes;
    if (!reader_.field(bytes)) throw Error(place() + " has a row without an id; make a view without it");
    item.id = bytes;
    read_vector(item, row);
    for (const auto& column : table_.columns) {
      if (!reader_.field(bytes)) continue;
      const auto where = "\"" + column.name + "\" of " + named(item);
      take(item, column, value_of(bytes, column.kind, where));
    }
    batch.items.push_back(std::move(item));
  }

  void read_vector(const Item& item, float* row) {
    std::string_view bytes;
    if (!reader_.field(bytes))
      throw Error(named(item) + " has no vector; make a view of the rows that have one, and import it");
    if (const auto dimension = copied_dimension(bytes); dimension != head_.space.dimension) {
      throw Error(
          fmt::format("the vector of {} has {} numbers, and others have {}; make a view of the rows of one "
                      "kind, and import it",
                      named(item), dimension, head_.space.dimension));
    }
    copied_vector(bytes, row);
  }

  std::string named(const Item& item) const { return "the item \"" + shown(item.id) + "\" of " + place(); }

  /// Members of an item have columns of their own names.
  void take(Item& item, const CopiedColumn& column, json value) const {
    const auto whole = [&] {
      if (column.kind != CopiedKind::integer) {
        throw Error(
            fmt::format("the column \"{0}\" of {1} is no whole number, as \"{0}\" of an item is; make a view "
                        "where it has another name, such as class_name",
                        column.name, place()));
      }
      return value.get<int64_t>();
    };
    const auto text = [&] { return value.is_string() ? value.get<std::string>() : json_text(value); };
    if (column.name == "path") {
      item.path = text();
    } else if (column.name == "label") {
      item.label = whole();
    } else if (column.name == "class_name") {
      item.class_name = text();
    } else if (column.name == "file_bytes") {
      item.file.bytes = whole();
    } else if (column.name == "file_time") {
      item.file.time = whole();
    } else if (column.name == "file_hash") {
      item.file.hash = text();
    } else {
      item.columns[column.name] = std::move(value);
    }
  }

  const std::unique_ptr<PostgresConnection> connection_;
  CopiedTable table_;
  CopyReader reader_;
  ExchangeHead head_;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<ItemSource> pgvector_source(const ExchangeRequest& request) {
  const auto params = Schema<PgvectorImportParams>::get().parse(json_text(request.params));
  return std::make_unique<PgvectorSource>(request, params);
}

}  // namespace kindred::host
