#include <boost/dll/shared_library.hpp>

#include <filesystem>

#include "host/base/system_info.hpp"
#include "host/exchange/pgvector/connection.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

std::filesystem::path library_path() {
  return (std::filesystem::path(executable_folder()) / ".." / "lib" / "kindred" / "libkindred_postgres.so")
      .lexically_normal();
}

}  // namespace

std::string postgres_missing() {
  if (std::filesystem::exists(library_path())) return "";
  return "this build cannot talk to PostgreSQL: " + library_path().string() +
         " is not there, which is built where libpq is found; install libpq-dev and build Kindred again";
}

std::unique_ptr<PostgresConnection> connect_to_postgres(const std::string& place, Context& context) {
  // It stays mapped until the process ends, as the engine does: its connections may outlive this call.
  static boost::dll::shared_library library;
  if (!library.is_loaded()) {
    try {
      library.load(library_path(), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    } catch (const std::exception& error) {
      throw Error(std::string(error.what()) + "; it needs libpq: install libpq5, or build Kindred again");
    }
  }
  std::unique_ptr<PostgresConnection> made;
  library.get<PostgresConnect>(kPostgresConnect)(place, context, made);
  return made;
}

}  // namespace kindred::host
