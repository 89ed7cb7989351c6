#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/exchange/pgvector/connection.hpp"
#include "kindred/params.hpp"

namespace kindred::host {

/// What an export to pgvector can be told.
struct PgvectorParams {
  bool replace = false;
  enum class Type { automatic, vector, halfvec } type = Type::automatic;
  enum class Index { hnsw, ivfflat, none } index = Index::hnsw;
  int64_t m = 16;
  int64_t ef_construction = 64;
  static void describe(Schema<PgvectorParams>& schema);
};

/// The names that pgvector has for a distance; both "" where it has none.
struct PgvectorDistance {
  std::string operation;  ///< "<=>"
  std::string stem;       ///< of the classes of operators: "cosine" in vector_cosine_ops
};

PgvectorDistance pgvector_distance(Distance distance);

constexpr const char* kVectorColumn = "embedding";

/// Throws Error where PostgreSQL would cut a name off. `what`: "table", "column".
void check_postgres_name(const std::string& what, const std::string& name);

/// The schema that the types of the extension `vector` are in, quoted and with a point behind it; "" where
/// the database has not got the extension.
std::string pgvector_schema(PostgresConnection& connection);

/// The table that an export makes, and the statements for it.
class PgvectorTable {
 public:
  /// Throws Error for names and dimensions that cannot be.
  PgvectorTable(const std::string& name, const PgvectorParams& params, const ExchangeHead& head);

  const std::string& quoted() const { return quoted_; }
  bool is_half() const { return is_half_; }

  /// `schema`: as pgvector_schema() gives it.
  std::string create(const std::string& schema) const;
  std::string copy_in() const;
  std::string comment() const;
  /// Why there is no index though one was asked for; "" where there will be one, or none was asked for.
  std::string why_no_index() const;
  /// "" where none was asked for.
  std::string create_index(const std::string& schema) const;
  /// Bytes that the graph of HNSW takes while it is built, about.
  int64_t graph_bytes() const;
  /// How a person searches it.
  std::string advice() const;

 private:
  std::string type() const { return is_half_ ? "halfvec" : "vector"; }

  const std::string quoted_;
  const PgvectorParams params_;
  const ExchangeHead head_;
  const bool is_half_;
};

}  // namespace kindred::host
