#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/size_text.hpp"
#include "host/exchange/pgvector/copy_binary.hpp"
#include "host/exchange/pgvector/pgvector.hpp"
#include "host/exchange/pgvector/table.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr int kOwnFields = 8;                     // those of every item, and the vector
constexpr size_t kBytesAtOnce = size_t{1} << 20;  // that are sent together
constexpr const char* kNotAllowed = "42501";      // SQLSTATE
constexpr float kLargestHalf = 65504;

std::string named(const Item& item) { return "the item \"" + shown(item.id) + "\""; }

/// The rows of COPY, of items.
class ItemRows {
 public:
  ItemRows(const ExchangeHead& head, bool is_half) : head_(head), is_half_(is_half) {}

  void add(const Item& item, const float* row) {
    item_ = &item;
    rows_.begin_row(kOwnFields + static_cast<int>(head_.columns.size()));
    text("id", item.id);
    text_or_null("path", item.path);
    integer_if(item.label >= 0, item.label);
    text_or_null("class_name", item.class_name);
    const bool has_file = item.file.bytes >= 0;
    integer_if(has_file, item.file.bytes);
    integer_if(has_file, item.file.time);
    text_or_null("file_hash", has_file ? item.file.hash : "");
    for (const auto& column : head_.columns) extra(column);
    if (is_half_) {
      rows_.halfvec(row, head_.space.dimension);
    } else {
      rows_.vector(row, head_.space.dimension);
    }
  }

  CopyWriter& bytes() { return rows_; }

 private:
  void text(const std::string& column, const std::string& value) {
    if (value.find('\0') != std::string::npos) {
      throw Error(fmt::format("{} has the byte 0 in \"{}\", which PostgreSQL keeps in no text; take it out",
                              named(*item_), column));
    }
    if (const auto bad = first_not_utf8(value); bad != std::string::npos) {
      throw Error(
          fmt::format("{} has bytes in \"{}\" that are no UTF-8, which PostgreSQL keeps in no text: {}",
                      named(*item_), column, shown(value)));
    }
    rows_.text(value);
  }

  void text_or_null(const std::string& column, const std::string& value) {
    if (value.empty()) {
      rows_.null();
    } else {
      text(column, value);
    }
  }

  void integer_if(bool is_known, int64_t value) {
    if (is_known) {
      rows_.integer(value);
    } else {
      rows_.null();
    }
  }

  void extra(const ItemColumn& column) {
    const auto found = item_->columns.find(column.name);
    if (found == item_->columns.end() || found->is_null()) return rows_.null();
    if (column.kind == ColumnKind::text)
      return text(column.name, found->is_string() ? found->get<std::string>() : json_text(*found));
    if (column.kind == ColumnKind::integer && found->is_number_integer())
      return rows_.integer(found->get<int64_t>());
    if (column.kind == ColumnKind::real && found->is_number()) return rows_.real(found->get<double>());
    throw Error(
        fmt::format("{} has {} in \"{}\", where all others have numbers; the index was changed meanwhile, "
                    "so export it again",
                    named(*item_), json_text(*found).substr(0, 80), column.name));
  }

  const ExchangeHead& head_;
  const bool is_half_;
  CopyWriter rows_;
  const Item* item_ = nullptr;
};

class PgvectorSink final : public ItemSink {
 public:
  PgvectorSink(const ExchangeRequest& request, const ExchangeHead& head, const PgvectorParams& params)
      : context_(*request.context),
        head_(head),
        table_(request.name, params, head),
        connection_(connect_to_postgres(request.place, context_)),
        rows_(head_, table_.is_half()) {
    connection_->execute("BEGIN");
    schema_ = with_extension();
    make_room(params.replace);
    connection_->execute(table_.create(schema_));
    connection_->begin_copy_in(table_.copy_in());
  }

  void append(const ExchangeBatch& batch) override {
    check_numbers(batch);
    const auto* rows = batch.rows.data_ptr<float>();
    for (size_t i = 0; i < batch.items.size(); ++i) {
      rows_.add(batch.items[i], rows + static_cast<int64_t>(i) * head_.space.dimension);
      if (rows_.bytes().bytes().size() >= kBytesAtOnce) send();
    }
    send();
  }

  Exported finish() override {
    rows_.bytes().end();
    send();
    connection_->end_copy_in();
    connection_->execute(table_.comment());
    build_index();
    connection_->execute("COMMIT");
    return {{fmt::format("the table {} in {}", table_.quoted(), connection_->title())}, table_.advice()};
  }

 private:
  /// Makes sure that the database has pgvector, and returns its schema.
  std::string with_extension() {
    if (auto schema = pgvector_schema(*connection_); !schema.empty()) return schema;
    if (connection_->execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").empty()) {
      throw Error(
          fmt::format("the server of {} has no pgvector; whoever runs it can install it (Debian: the "
                      "package postgresql-NN-pgvector of apt.postgresql.org)",
                      connection_->title()));
    }
    try {
      connection_->execute("CREATE EXTENSION IF NOT EXISTS vector");
    } catch (const Error& error) {
      if (connection_->failed_with() != kNotAllowed) throw;
      throw Error(
          fmt::format("{} has pgvector not switched on yet, and this user may not do it; let a superuser "
                      "or the owner of the database execute CREATE EXTENSION vector there ({})",
                      connection_->title(), error.what()));
    }
    return pgvector_schema(*connection_);
  }

  void make_room(bool replace) {
    if (!connection_->execute("SELECT to_regclass($1)", {table_.quoted()}).front().front()) return;
    if (!replace) {
      throw Error(
          fmt::format("{} has a table {} already; give it another --name, or say --format-params "
                      "'{{\"replace\": true}}' to drop it",
                      connection_->title(), table_.quoted()));
    }
    connection_->execute("DROP TABLE " + table_.quoted());
  }

  void check_numbers(const ExchangeBatch& batch) const {
    const auto most = table_.is_half() ? kLargestHalf : std::numeric_limits<float>::max();
    const auto is_good = batch.rows.abs().le(most).all(1);
    if (is_good.all().item<bool>()) return;
    const auto bad = is_good.logical_not().nonzero().view(-1)[0].item<int64_t>();
    throw Error(fmt::format("{} has a number in its row that {} cannot hold{}",
                            named(batch.items[static_cast<size_t>(bad)]),
                            table_.is_half() ? "halfvec" : "vector",
                            table_.is_half() ? "; say \"type\": \"vector\" in --format-params" : ""));
  }

  void send() {
    connection_->put(rows_.bytes().bytes());
    rows_.bytes().clear();
  }

  void build_index() {
    if (const auto why = table_.why_no_index(); !why.empty()) return context_.warning(why);
    const auto statement = table_.create_index(schema_);
    if (statement.empty()) return;
    context_.info(fmt::format("{} rows of {} numbers are there; building the index", head_.items,
                              head_.space.dimension));
    if (statement.find("USING hnsw") != std::string::npos) tell_memory();
    connection_->execute(statement);
  }

  void tell_memory() {
    const auto setting =
        connection_->execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem'))");
    const int64_t has = std::stoll(setting.front().front().value());
    const int64_t needs = table_.graph_bytes();
    const auto text = fmt::format(
        "its graph needs about {} (as in pgvector 0.8), and the server's "
        "maintenance_work_mem is {}",
        size_text(static_cast<uintmax_t>(needs)), size_text(static_cast<uintmax_t>(has)));
    if (needs <= has) return context_.info(text);
    constexpr int64_t kMebibyte = 1 << 20;
    context_.warning(
        fmt::format("{}: what does not fit is built many times slower. Where the server has the memory, "
                    "stop this and begin again with PGOPTIONS='-c maintenance_work_mem={}MB'",
                    text, needs / kMebibyte + needs / kMebibyte / 10 + 1));
  }

  Context& context_;
  const ExchangeHead head_;
  const PgvectorTable table_;
  const std::unique_ptr<PostgresConnection> connection_;
  ItemRows rows_;
  std::string schema_;
};

}  // namespace

std::unique_ptr<ItemSink> pgvector_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  const auto params = Schema<PgvectorParams>::get().parse(json_text(request.params));
  return std::make_unique<PgvectorSink>(request, head, params);
}

}  // namespace kindred::host
