#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace kindred::host {

class Database;

/// A statement that was compiled. What it binds is copied. Parameters count from 1, columns from 0. All
/// methods throw Error with what SQLite says. [one thread at a time]
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_bytes(int parameter, std::string_view bytes);
  /// A text, a number, a truth value (1 or 0) or null.
  Statement& bind_value(int parameter, const nlohmann::json& value);

  /// Goes to the next row; false behind the last one.
  bool step();
  /// Runs it to its end and makes it ready for other values.
  void run();
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;
  std::string_view bytes(int column) const;  ///< until the next step
  nlohmann::json value(int column) const;    ///< a text, a number or null

  sqlite3_stmt* handle() const { return statement_; }

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// One connection to a SQLite file with a rollback journal: at rest it is one file, also on a disk that
/// cannot be written. Another process that writes is waited for. [one thread at a time]
class Database {
 public:
  enum class Use {
    create,  ///< a file that is not there
    write,
    read,  ///< changes nothing, unless a writer died in the middle, whose half is then undone
  };

  /// Throws Error that names the file when it is missing, damaged or no database.
  Database(std::string path, Use use);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// One or several statements without results.
  void run(const std::string& sql);
  int64_t integer_of(const std::string& sql);
  /// Loads a library that adds functions and tables to this connection. Throws Error with the reason.
  void load_extension(const std::string& library);
  /// Rows that the last statement changed.
  int64_t changes() const;

  const std::string& path() const { return path_; }
  sqlite3* handle() const { return connection_; }
  /// Throws Error of what SQLite says last.
  [[noreturn]] void fail() const;

 private:
  void open(int flags);

  std::string path_;
  sqlite3* connection_ = nullptr;
};

/// All or nothing of what is done while the object lives: undone unless commit() returned. Several statements
/// that only read see one state in it.
class Transaction {
 public:
  enum class Use { write, read };
  Transaction(Database& database, Use use);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

/// The name of a table or column as it stands in a statement.
std::string quoted_name(const std::string& name);

}  // namespace kindred::host
