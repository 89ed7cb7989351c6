#pragma once

#include <string>
#include <vector>

#include "host/exchange/pgvector/connection.hpp"
#include "kindred/params.hpp"

namespace kindred::host {

/// What an import from pgvector can be told: which columns have the ids and the vectors.
struct PgvectorImportParams {
  std::string id = "id";
  std::string vector;
  static void describe(Schema<PgvectorImportParams>& schema);
};

/// How the values of a column come.
enum class CopiedKind { text, integer, real, truth };

/// A column of a table that an item takes.
struct CopiedColumn {
  std::string name;
  CopiedKind kind;
};

/// The columns of a table or view, as an import takes them.
struct CopiedTable {
  std::string quoted;                 ///< its name
  std::string id, vector;             ///< names of columns
  std::vector<CopiedColumn> columns;  ///< all others
  std::vector<std::string> left_out;  ///< those of types that an item cannot have

  /// What is selected: id, vector, then the columns.
  std::string select(const std::string& schema) const;
};

/// Looks at a table. Throws Error that lists its columns where it is not clear which has what.
CopiedTable look_at(PostgresConnection& connection, const std::string& name,
                    const PgvectorImportParams& params);

}  // namespace kindred::host
