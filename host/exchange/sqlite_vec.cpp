#include "host/exchange/sqlite_vec.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>

#include "host/exchange/item_lines.hpp"
#include "host/exchange/partial_path.hpp"
#include "host/exchange/store_columns.hpp"
#include "host/index/database.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int64_t kMostNumbersOfSqliteVec = 8192;  // of a row, for sqlite-vec

struct SqliteVecParams {
  std::string extension;
  static void describe(Schema<SqliteVecParams>& schema) {
    schema.field("extension", &SqliteVecParams::extension).doc("The file of sqlite-vec's library.");
  }
};

void load_sqlite_vec(Database& database, const json& params) {
  constexpr const char* kHow =
      "pip install sqlite-vec brings it, python -c 'import sqlite_vec; print(sqlite_vec.loadable_path())' "
      "prints its file, and --format-params '{\"extension\": \"FILE\"}' names it";
  const auto given = Schema<SqliteVecParams>::get().parse(json_text(params)).extension;
  if (given.empty()) throw Error(std::string("the library of sqlite-vec is not named: ") + kHow);
  try {
    // By its whole path, or the linker would look for it in the system's folders.
    database.load_extension(fs::absolute(given).string());
    Statement(database, "SELECT vec_version()").step();
  } catch (const Error& error) {
    throw Error(fmt::format("{} is not sqlite-vec ({}); {}", given, error.what(), kHow));
  }
}

const char* sqlite_vec_metric(const IndexSpace& space) {
  switch (space.distance.kind) {
    case Distance::cosine:
      return "cosine";
    case Distance::euclidean:
      return "L2";
    case Distance::manhattan:
      return "L1";
    default:
      throw Error(fmt::format(
          "sqlite-vec cannot compare by the distance {}; it knows cosine, euclidean and manhattan",
          distance_title(space.distance)));
  }
}

std::string tables_for(const ExchangeHead& head, const std::vector<ItemColumn>& columns) {
  std::string items = "row INTEGER PRIMARY KEY";
  for (const auto& column : columns) {
    constexpr const char* kTypes[] = {"TEXT", "INTEGER", "REAL"};
    items += fmt::format(", {} {}", quoted_name(column.name), kTypes[static_cast<int>(column.kind)]);
    if (column.name == "id") items += " NOT NULL UNIQUE";
  }
  return fmt::format(
      "CREATE TABLE kindred (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
      "CREATE TABLE items ({});"
      "CREATE VIRTUAL TABLE vectors USING vec0(vector float[{}] distance_metric={});",
      items, head.space.dimension, sqlite_vec_metric(head.space));
}

class SqliteVecSink final : public ItemSink {
 public:
  SqliteVecSink(const ExchangeRequest& request, const ExchangeHead& head)
      : place_(request.place), file_(place_), columns_(store_columns(head)) {
    sqlite_vec_metric(head.space);
    if (head.space.dimension > kMostNumbersOfSqliteVec) {
      throw Error(
          fmt::format("sqlite-vec takes rows of at most {} numbers, and these have {}; cut them, or "
                      "take another store",
                      kMostNumbersOfSqliteVec, head.space.dimension));
    }
    fs::remove(file_.path() + "-journal");  // of an export that was killed
    database_.emplace(file_.path(), Database::Use::create);
    load_sqlite_vec(*database_, request.params);
    transaction_.emplace(*database_, Transaction::Use::write);
    database_->run(tables_for(head, columns_));
    Statement(*database_, "INSERT INTO kindred VALUES ('head', ?)").bind(1, json_text(head_json(head))).run();
    std::string places = "?";
    for (size_t i = 0; i < columns_.size(); ++i) places += ", ?";
    insert_item_.emplace(*database_, "INSERT INTO items VALUES (" + places + ")");
    insert_vector_.emplace(*database_, "INSERT INTO vectors (rowid, vector) VALUES (?, ?)");
  }

  void append(const ExchangeBatch& batch) override {
    const auto* row = static_cast<const char*>(batch.rows.data_ptr());
    const auto row_bytes = static_cast<size_t>(batch.rows.size(1)) * sizeof(float);
    for (const auto& item : batch.items) {
      const auto values = store_values(item, columns_);
      insert_item_->bind(1, row_);
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (const auto found = values.find(columns_[i].name); found != values.end())
          insert_item_->bind_value(static_cast<int>(i) + 2, *found);
      }
      insert_item_->run();
      insert_vector_->bind(1, row_++).bind_bytes(2, {row, row_bytes}).run();
      row += row_bytes;
    }
  }

  Exported finish() override {
    insert_item_.reset();
    insert_vector_.reset();
    transaction_->commit();
    transaction_.reset();
    database_.reset();
    file_.finish();
    return {
        {place_},
        "SELECT id, distance FROM vectors JOIN items ON row = vectors.rowid WHERE vector MATCH :query AND k "
        "= 10 ORDER BY distance"};
  }

 private:
  const std::string place_;
  PartialPath file_;
  const std::vector<ItemColumn> columns_;
  std::optional<Database> database_;
  std::optional<Transaction> transaction_;
  std::optional<Statement> insert_item_, insert_vector_;
  int64_t row_ = 0;
};

class SqliteVecSource final : public ItemSource {
 public:
  explicit SqliteVecSource(const ExchangeRequest& request)
      : path_(request.place), database_(request.place, Database::Use::read) {
    if (database_.integer_of(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('kindred', 'items', 'vectors')") != 3) {
      throw Error(path_ +
                  " does not have the tables kindred, items and vectors, as host index export makes "
                  "them; export the items in another way, such as to Parquet");
    }
    load_sqlite_vec(database_, request.params);
    Statement head(database_, "SELECT value FROM kindred WHERE key = 'head'");
    const auto text = head.step() ? parse_json(head.text(0)) : json();
    head_.space = head_space(text, "the table kindred of " + path_);
    head_.is_stored_form = true;
    head_.items = database_.integer_of("SELECT count(*) FROM items");
    if (head_.items == 0) throw Error(path_ + " holds no items");
    std::string list;
    Statement names(database_, "SELECT name FROM pragma_table_info('items') ORDER BY cid");
    while (names.step()) {
      names_.push_back(names.text(0));
      list += "items." + quoted_name(names_.back()) + ", ";
    }
    rows_.emplace(database_, "SELECT " + list +
                                 "vectors.vector FROM items LEFT JOIN vectors ON vectors.rowid = items.row "
                                 "ORDER BY items.row");
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto dimension = head_.space.dimension;
    const auto row_bytes = static_cast<size_t>(dimension) * sizeof(float);
    batch.items.clear();
    auto rows = at::empty({std::min(rows_per_batch(dimension), head_.items), dimension}, at::kFloat);
    auto* row = static_cast<char*>(rows.data_ptr());
    int64_t count = 0;
    for (; count < rows.size(0); ++count, row += row_bytes) {
      // A statement that is asked behind its end would begin anew.
      is_done_ = is_done_ || !rows_->step();
      if (is_done_) break;
      auto values = json::object();
      for (size_t i = 0; i < names_.size(); ++i) values[names_[i]] = rows_->value(static_cast<int>(i));
      batch.items.push_back(item_of(values));
      const auto vector = rows_->bytes(static_cast<int>(names_.size()));
      if (vector.size() != row_bytes) {
        throw Error(
            fmt::format("{}: the item {} has {} in the table vectors; expected a vector of {} numbers", path_,
                        batch.items.back().id,
                        vector.empty() ? "no row" : fmt::format("{} bytes", vector.size()), dimension));
      }
      std::memcpy(row, vector.data(), row_bytes);
    }
    batch.rows = rows.narrow(0, 0, count);
    return count > 0;
  }

 private:
  Item item_of(const json& values) const {
    try {
      return item_from_json(values);
    } catch (const Error& error) {
      throw Error(fmt::format("{}, row {} of items: {}", path_, json_text(values.value("row", json())),
                              error.what()));
    }
  }

  const std::string path_;
  Database database_;
  ExchangeHead head_;
  std::vector<std::string> names_;
  std::optional<Statement> rows_;
  bool is_done_ = false;
};

}  // namespace

std::unique_ptr<ItemSink> sqlite_vec_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  check_new_files({request.place}, ".db");
  return std::make_unique<SqliteVecSink>(request, head);
}

std::unique_ptr<ItemSource> sqlite_vec_source(const ExchangeRequest& request) {
  return std::make_unique<SqliteVecSource>(request);
}

}  // namespace kindred::host
