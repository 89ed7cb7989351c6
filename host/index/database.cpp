#include "host/index/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int kWaitMilliseconds = 60'000;  // for another process, which compacts at the longest

bool is_damage(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

}  // namespace

Statement::Statement(Database& database, const std::string& sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) !=
      SQLITE_OK) {
    database.fail();
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int parameter, int64_t value) {
  if (sqlite3_bind_int64(statement_, parameter, value) != SQLITE_OK) database_.fail();
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  if (sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) !=
      SQLITE_OK) {
    database_.fail();
  }
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view bytes) {
  if (sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT) != SQLITE_OK)
    database_.fail();
  return *this;
}

Statement& Statement::bind_value(int parameter, const nlohmann::json& value) {
  if (value.is_string()) return bind(parameter, value.get_ref<const std::string&>());
  if (value.is_boolean()) return bind(parameter, static_cast<int64_t>(value.get<bool>()));
  if (value.is_number_integer()) return bind(parameter, value.get<int64_t>());
  const int code = value.is_number() ? sqlite3_bind_double(statement_, parameter, value.get<double>())
                                     : sqlite3_bind_null(statement_, parameter);
  if (code != SQLITE_OK) database_.fail();
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail();
  return false;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes == nullptr ? std::string()
                          : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string_view Statement::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {bytes, bytes == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

nlohmann::json Statement::value(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement_, column);
    case SQLITE_NULL:
      return nullptr;
    default:
      return text(column);
  }
}

Database::Database(std::string path, Use use) : path_(std::move(path)) {
  if (use == Use::create && std::filesystem::exists(path_))
    throw Error(path_ + " is there already; make the index in another folder");
  const int write = SQLITE_OPEN_READWRITE | (use == Use::create ? SQLITE_OPEN_CREATE : 0);
  try {
    open(write);
  } catch (const Error&) {
    // What may not be written may be read.
    if (use != Use::read) throw;
    open(SQLITE_OPEN_READONLY);
  }
  sqlite3_busy_timeout(connection_, kWaitMilliseconds);
  try {
    // EXTRA: a commit that returned is there after a power cut, since the folder is synced, too.
    run("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -65536;"
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
    if (use == Use::read) run("PRAGMA query_only = ON");
    integer_of("SELECT count(*) FROM sqlite_master");  // whether it is a database at all
  } catch (...) {
    sqlite3_close(connection_);
    throw;
  }
}

void Database::open(int flags) {
  const int code = sqlite3_open_v2(path_.c_str(), &connection_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code == SQLITE_OK) return;
  const std::string reason = connection_ == nullptr ? "no memory" : sqlite3_errmsg(connection_);
  sqlite3_close(connection_);
  connection_ = nullptr;
  throw Error(fmt::format("cannot open {}: {}", path_, reason));
}

Database::~Database() { sqlite3_close(connection_); }

void Database::run(const std::string& sql) {
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

int64_t Database::integer_of(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Database::load_extension(const std::string& library) {
  char* reason = nullptr;
  // By this switch of C the function load_extension() of SQL stays as it is: forbidden.
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, nullptr);
  const int code = sqlite3_load_extension(connection_, library.c_str(), nullptr, &reason);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  if (code == SQLITE_OK) return;
  const std::string text = reason == nullptr ? sqlite3_errmsg(connection_) : reason;
  sqlite3_free(reason);
  throw Error(fmt::format("cannot load {}: {}", library, text));
}

int64_t Database::changes() const { return sqlite3_changes(connection_); }

void Database::fail() const {
  const int code = sqlite3_errcode(connection_) & 0xff;
  const std::string reason = sqlite3_errmsg(connection_);
  if (is_damage(code)) {
    throw Error(fmt::format("{} is damaged ({}); take it from a copy, or make it again", path_, reason));
  }
  if (code == SQLITE_BUSY)
    throw Error(
        fmt::format("{} is being written by another process for a minute now; try again later", path_));
  if (code == SQLITE_FULL) throw Error(fmt::format("{}: the disk is full; make room and try again", path_));
  throw Error(fmt::format("{}: {}", path_, reason));
}

Transaction::Transaction(Database& database, Use use) : database_(database) {
  database_.run(use == Use::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (is_open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  is_open_ = false;
}

std::string quoted_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

}  // namespace kindred::host
