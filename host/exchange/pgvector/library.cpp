#include "host/exchange/own_library.hpp"
#include "host/exchange/pgvector/connection.hpp"

namespace kindred::host {
namespace {

constexpr const char* kPostgresLibrary = "postgres";

}  // namespace

std::string postgres_missing() {
  if (has_own_library(kPostgresLibrary)) return "";
  return "this build cannot talk to PostgreSQL: " + own_library_file(kPostgresLibrary) +
         " is not there, which is built where libpq is found; install libpq-dev and build Kindred again";
}

std::unique_ptr<PostgresConnection> connect_to_postgres(const std::string& place, Context& context) {
  auto* connect = own_library_symbol(kPostgresLibrary, kPostgresConnect,
                                     "it needs libpq: install libpq5, or build Kindred again");
  std::unique_ptr<PostgresConnection> made;
  reinterpret_cast<PostgresConnect*>(connect)(place, context, made);
  return made;
}

}  // namespace kindred::host
