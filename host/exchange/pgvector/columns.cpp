#include "host/exchange/pgvector/columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/base/text.hpp"
#include "host/index/database.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

bool is_one_of(const std::string& type, std::initializer_list<const char*> types) {
  return std::any_of(types.begin(), types.end(), [&](const char* one) { return type == one; });
}

bool is_vector(const std::string& type) { return is_one_of(type, {"vector", "halfvec", "sparsevec"}); }

/// By the name that pg_type has for it.
CopiedKind kind_of(const std::string& type) {
  if (is_one_of(type, {"int2", "int4", "int8"})) return CopiedKind::integer;
  if (is_one_of(type, {"float4", "float8", "numeric"})) return CopiedKind::real;
  return type == "bool" ? CopiedKind::truth : CopiedKind::text;
}

const char* sent_as(CopiedKind kind) {
  switch (kind) {
    case CopiedKind::integer:
      return "bigint";
    case CopiedKind::real:
      return "double precision";
    case CopiedKind::truth:
      return "boolean";
    case CopiedKind::text:
      break;
  }
  return "text";
}

/// The column with the vectors: the one that is named, or the only one.
std::string vector_column(const std::string& table, const std::string& asked,
                          const std::vector<std::string>& names, const std::vector<std::string>& vectors) {
  if (!asked.empty() && std::find(names.begin(), names.end(), asked) != names.end()) return asked;
  if (asked.empty() && vectors.size() == 1) return vectors.front();
  throw Error(
      fmt::format("the table {} has {}; name the column that has the vectors by --format-params "
                  "'{{\"vector\": \"...\"}}': {}",
                  table,
                  !asked.empty()    ? "no column \"" + asked + "\""
                  : vectors.empty() ? "no column of the type vector"
                                    : "several columns with vectors",
                  joined(vectors.empty() ? names : vectors)));
}

}  // namespace

void PgvectorImportParams::describe(Schema<PgvectorImportParams>& schema) {
  schema.field("id", &PgvectorImportParams::id).doc("the column that names an item");
  schema.field("vector", &PgvectorImportParams::vector)
      .doc("the column with the vectors; without it the only one of the types vector, halfvec and sparsevec");
}

std::string CopiedTable::select(const std::string& schema) const {
  auto list = fmt::format("{}::text, {}::{}vector", quoted_name(id), quoted_name(vector), schema);
  for (const auto& column : columns)
    list += fmt::format(", {}::{}", quoted_name(column.name), sent_as(column.kind));
  return fmt::format("SELECT {} FROM {}", list, quoted);
}

CopiedTable look_at(PostgresConnection& connection, const std::string& name,
                    const PgvectorImportParams& params) {
  CopiedTable table;
  table.quoted = quoted_name(name);
  if (!connection.execute("SELECT to_regclass($1)", {table.quoted}).front().front()) {
    throw Error(
        fmt::format("{} has no table {}; --name says which one is meant, with capitals as it has them",
                    connection.title(), table.quoted));
  }
  const auto found = connection.execute(
      "SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid "
      "= "
      "to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      {table.quoted});
  std::vector<std::string> names, vectors;
  for (const auto& row : found) {
    names.push_back(row.front().value());
    if (is_vector(row.back().value())) vectors.push_back(names.back());
  }
  table.vector = vector_column(table.quoted, params.vector, names, vectors);
  table.id = params.id;
  for (const auto& row : found) {
    const auto &column = row.front().value(), &type = row.back().value();
    if (column == table.id || column == table.vector) continue;
    if (is_vector(type) || is_one_of(type, {"bytea", "bit", "varbit", "tsvector"})) {
      table.left_out.push_back(column);
    } else {
      table.columns.push_back({column, kind_of(type)});
    }
  }
  if (std::find(names.begin(), names.end(), table.id) == names.end()) {
    throw Error(
        fmt::format("the table {} has no column \"{}\"; name the one that has the ids by --format-params "
                    "'{{\"id\": \"...\"}}': {}",
                    table.quoted, table.id, joined(names)));
  }
  return table;
}

}  // namespace kindred::host
