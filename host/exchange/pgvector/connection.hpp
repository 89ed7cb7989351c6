#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// A connection to a PostgreSQL server. It waits as long as the server works, but no longer than until the
/// context is interrupted: then it cancels what the server does and throws Interrupted. Behind an exception
/// nothing more can be asked of it. Whoever destroys it within a transaction undoes that.
/// [one thread at a time]
class PostgresConnection {
 public:
  using Row = std::vector<std::optional<std::string>>;

  virtual ~PostgresConnection() = default;
  /// "the database cars on db.example.org:5432": nothing in it is secret.
  virtual const std::string& title() const = 0;
  /// Executes one statement; `values` stand for its $1, $2 and so on. Throws Error with what the server says.
  virtual std::vector<Row> execute(const std::string& statement, const std::vector<std::string>& values) = 0;
  std::vector<Row> execute(const std::string& statement) { return execute(statement, {}); }
  /// The SQLSTATE of the statement that failed last, such as "42501"; "" where none did.
  virtual const std::string& failed_with() const = 0;

  /// COPY ... FROM STDIN: what is put after it is sent as it comes. Throws Error.
  virtual void begin_copy_in(const std::string& statement) = 0;
  virtual void put(std::string_view bytes) = 0;
  virtual void end_copy_in() = 0;

  /// COPY ... TO STDOUT: one message of the server after the other; nothing behind the last. Throws Error.
  virtual void begin_copy_out(const std::string& statement) = 0;
  virtual std::optional<std::string> get() = 0;
};

/// Connects; `place` is a URL or a connection string as libpq takes it. It comes with libpq, in a library
/// that is loaded when this is called first. No message holds a password. Throws Error.
std::unique_ptr<PostgresConnection> connect_to_postgres(const std::string& place, Context& context);

/// Says why this build cannot connect, and how one can; "" where it can.
std::string postgres_missing();

/// What the library that is loaded has as kPostgresConnect.
using PostgresConnect = void(const std::string& place, Context& context,
                             std::unique_ptr<PostgresConnection>& made);
constexpr const char* kPostgresConnect = "kindred_postgres_connect";

}  // namespace kindred::host
