#include "host/exchange/pgvector/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/exchange/item_lines.hpp"
#include "host/index/database.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

// What pgvector can hold, and index.
constexpr int64_t kMostColumnNumbers = 16000, kMostIndexed = 2000, kMostIndexedHalves = 4000;
constexpr size_t kLongestName = 63;  // of PostgreSQL, in bytes

PgvectorParams checked(PgvectorParams params) {
  if (params.index == PgvectorParams::Index::hnsw && params.ef_construction < 2 * params.m) {
    throw Error(fmt::format("ef_construction is {}, and pgvector wants at least twice m, which is {}",
                            params.ef_construction, params.m));
  }
  return params;
}

bool is_halfvec(const PgvectorParams& params, const IndexSpace& space) {
  if (params.type != PgvectorParams::Type::automatic) return params.type == PgvectorParams::Type::halfvec;
  return space.precision == at::kHalf && space.dimension > kMostIndexed;
}

/// A literal of SQL, whatever standard_conforming_strings is.
std::string quoted_text(const std::string& text) {
  std::string out = "E'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string(2, c) : std::string(1, c);
  return out + "'";
}

}  // namespace

void PgvectorParams::describe(Schema<PgvectorParams>& schema) {
  schema.field("replace", &PgvectorParams::replace).doc("a table of this name is dropped");
  schema.field("type", &PgvectorParams::type)
      .doc("type of the column; auto: halfvec of float16 rows with more than 2000 numbers, else vector")
      .one_of({"auto", "vector", "halfvec"});
  schema.field("index", &PgvectorParams::index)
      .doc("what is built when all rows are there")
      .one_of({"hnsw", "ivfflat", "none"});
  schema.field("m", &PgvectorParams::m).doc("neighbours of a row in the graph of hnsw").range(2, 100);
  schema.field("ef_construction", &PgvectorParams::ef_construction).doc("candidates for them").range(4, 1000);
}

PgvectorDistance pgvector_distance(Distance distance) {
  switch (distance.kind) {
    case Distance::cosine:
      return {"<=>", "cosine"};
    case Distance::euclidean:
    case Distance::squared_euclidean:
      return {"<->", "l2"};
    case Distance::dot:
      return {"<#>", "ip"};
    case Distance::manhattan:
      return {"<+>", "l1"};
    default:
      return {};
  }
}

void check_postgres_name(const std::string& what, const std::string& name) {
  if (name.empty() || name.size() > kLongestName || name.find('\0') != std::string::npos) {
    throw Error(fmt::format("the name of the {} \"{}\" has {} bytes; PostgreSQL takes from 1 to {}", what,
                            shown(name), name.size(), kLongestName));
  }
}

std::string pgvector_schema(PostgresConnection& connection) {
  const auto rows = connection.execute(
      "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = "
      "'vector'");
  return rows.empty() ? "" : quoted_name(rows.front().front().value()) + ".";
}

PgvectorTable::PgvectorTable(const std::string& name, const PgvectorParams& params, const ExchangeHead& head)
    : quoted_(quoted_name(name)),
      params_(checked(params)),
      head_(head),
      is_half_(is_halfvec(params, head.space)) {
  check_postgres_name("table", name);
  if (head.space.dimension > kMostColumnNumbers) {
    throw Error(
        fmt::format("the rows have {} numbers, and pgvector holds at most {}; cut them when the index is "
                    "built (--cut)",
                    head.space.dimension, kMostColumnNumbers));
  }
  for (const auto& column : head.columns) {
    check_postgres_name("column", column.name);
    if (column.name == kVectorColumn)
      throw Error(fmt::format("the items have a column \"{}\", which is where the table has its vectors",
                              kVectorColumn));
  }
}

std::string PgvectorTable::create(const std::string& schema) const {
  auto statement = fmt::format(
      "CREATE TABLE {} (id text PRIMARY KEY, path text, label bigint, class_name text, file_bytes bigint, "
      "file_time bigint, file_hash text",
      quoted_);
  for (const auto& column : head_.columns) {
    const char* type = column.kind == ColumnKind::text      ? "text"
                       : column.kind == ColumnKind::integer ? "bigint"
                                                            : "double precision";
    statement += fmt::format(", {} {}", quoted_name(column.name), type);
  }
  return statement +
         fmt::format(", {} {}{}({}) NOT NULL)", kVectorColumn, schema, type(), head_.space.dimension);
}

std::string PgvectorTable::copy_in() const { return "COPY " + quoted_ + " FROM STDIN (FORMAT BINARY)"; }

std::string PgvectorTable::comment() const {
  auto head = head_;
  if (is_half_) head.space.precision = at::kHalf;
  return "COMMENT ON TABLE " + quoted_ + " IS " + quoted_text(json_text(head_json(head)));
}

std::string PgvectorTable::why_no_index() const {
  if (params_.index == PgvectorParams::Index::none) return "";
  const char* kind = params_.index == PgvectorParams::Index::hnsw ? "hnsw" : "ivfflat";
  const auto distance = pgvector_distance(head_.space.distance);
  if (distance.stem.empty() || (distance.stem == "l1" && params_.index == PgvectorParams::Index::ivfflat)) {
    return fmt::format("pgvector has no index {} for the distance {}, so the table gets none", kind,
                       distance_title(head_.space.distance));
  }
  const auto most = is_half_ ? kMostIndexedHalves : kMostIndexed;
  if (head_.space.dimension <= most) return "";
  return fmt::format(
      "pgvector indexes at most {} numbers of the type {}, and the rows have {}, so the table gets "
      "no index{}",
      most, type(), head_.space.dimension,
      is_half_ || head_.space.dimension > kMostIndexedHalves
          ? "; cut the rows when the index is built (--cut)"
          : "; the parameter \"type\": \"halfvec\" makes it possible");
}

std::string PgvectorTable::create_index(const std::string& schema) const {
  if (params_.index == PgvectorParams::Index::none) return "";
  const auto stem = pgvector_distance(head_.space.distance).stem;
  const auto of = fmt::format("({} {}{}_{}_ops)", kVectorColumn, schema, type(), stem);
  if (params_.index == PgvectorParams::Index::hnsw) {
    return fmt::format("CREATE INDEX ON {} USING hnsw {} WITH (m = {}, ef_construction = {})", quoted_, of,
                       params_.m, params_.ef_construction);
  }
  // As pgvector's documentation advises.
  constexpr int64_t kManyRows = 1000000, kRowsPerList = 1000;
  const auto lists = head_.items <= kManyRows
                         ? std::max<int64_t>(head_.items / kRowsPerList, 1)
                         : static_cast<int64_t>(std::sqrt(static_cast<double>(head_.items)));
  return fmt::format("CREATE INDEX ON {} USING ivfflat {} WITH (lists = {})", quoted_, of, lists);
}

int64_t PgvectorTable::graph_bytes() const {
  // Seen of pgvector 0.8.5 to half a percent, by the row at which its memory was full: each row's vector; 2 m
  // neighbours of 16 bytes in the lowest layer, and m in each of those above, where every m-th row is; and
  // what is known of the row.
  constexpr int64_t kNeighbour = 16, kRow = 192;
  const auto vector = head_.space.dimension * (is_half_ ? 2 : 4);
  const auto neighbours = 2 * params_.m * kNeighbour + params_.m * kNeighbour / (params_.m - 1);
  return head_.items * (vector + neighbours + kRow);
}

std::string PgvectorTable::advice() const {
  const auto distance = pgvector_distance(head_.space.distance);
  if (distance.operation.empty()) return "";
  return fmt::format("search it by: SELECT id FROM {} ORDER BY {} {} '[...]' LIMIT 10", quoted_,
                     kVectorColumn, distance.operation);
}

}  // namespace kindred::host
