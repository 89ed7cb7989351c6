// The library libkindred_postgres.so: what uses libpq, and nothing else. libpq comes with Kerberos and LDAP,
// which a search should not load.
#include <libpq-fe.h>
#include <poll.h>

#include <utility>

#include "host/base/interrupt.hpp"
#include "host/exchange/pgvector/connection.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int kPollMilliseconds = 200;
constexpr size_t kCopyBytes = size_t{1}
                              << 20;  // that are handed to libpq at once, which may have to keep them

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// A message on one line: PostgreSQL breaks and indents it for a terminal.
std::string one_line(const char* message) {
  std::string text;
  for (const char c : std::string_view(message == nullptr ? "" : message)) {
    const bool is_space = c == '\n' || c == '\t' || c == ' ';
    if (!is_space) text += c;
    if (is_space && !text.empty() && text.back() != ' ') text += ' ';
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

void tell(void* context, const char* message) {
  static_cast<Context*>(context)->info("PostgreSQL says: " + one_line(message));
}

/// libpq's own words about a text that it cannot read may hold the password in it.
void check_place(const std::string& place) {
  char* ignored = nullptr;
  const Options options(PQconninfoParse(place.c_str(), &ignored), &PQconninfoFree);
  PQfreemem(ignored);
  if (options && (place.find("://") != std::string::npos || place.find('=') != std::string::npos)) return;
  throw Error(
      "what is given as the place is no address of a PostgreSQL server; write "
      "postgresql://user@host/database "
      "or \"host=... user=... dbname=...\", with the password in PGPASSWORD or ~/.pgpass");
}

class LibpqConnection final : public PostgresConnection {
 public:
  LibpqConnection(const std::string& place, Context& context)
      : context_(context), connection_(connected(place), &PQfinish) {
    auto* connection = connection_.get();
    if (connection == nullptr) throw Error("libpq has no memory to connect");
    if (PQstatus(connection) != CONNECTION_OK) {
      auto why = one_line(PQerrorMessage(connection));
      throw Error("cannot connect to PostgreSQL: " + why +
                  (PQconnectionNeedsPassword(connection) != 0
                       ? "; put the password into PGPASSWORD or ~/.pgpass"
                       : " Check host, port, user and database."));
    }
    PQsetNoticeProcessor(connection, &tell, &context_);
    PQsetnonblocking(connection, 1);
    title_ = std::string("the database ") + PQdb(connection) + " on " + PQhost(connection) + ":" +
             PQport(connection);
  }

  const std::string& title() const override { return title_; }
  const std::string& failed_with() const override { return failed_with_; }

  std::vector<Row> execute(const std::string& statement, const std::vector<std::string>& values) override {
    send(statement, values);
    std::vector<Row> rows;
    for (auto result = next_result(); result; result = next_result()) read_rows(result.get(), rows);
    return rows;
  }

  void begin_copy_in(const std::string& statement) override {
    send(statement, {});
    check(next_result(), PGRES_COPY_IN);
  }

  void put(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, kCopyBytes);
      for (int done = 0; done == 0;) {
        done = PQputCopyData(connection_.get(), part.data(), static_cast<int>(part.size()));
        if (done < 0) fail_connection();
        if (done == 0) wait(POLLIN | POLLOUT);
      }
      flush();
      bytes.remove_prefix(part.size());
    }
  }

  void end_copy_in() override {
    for (int done = 0; done == 0;) {
      done = PQputCopyEnd(connection_.get(), nullptr);
      if (done < 0) fail_connection();
      if (done == 0) wait(POLLIN | POLLOUT);
    }
    flush();
    for (auto result = next_result(); result; result = next_result())
      check(std::move(result), PGRES_COMMAND_OK);
  }

  void begin_copy_out(const std::string& statement) override {
    send(statement, {});
    check(next_result(), PGRES_COPY_OUT);
  }

  std::optional<std::string> get() override {
    char* buffer = nullptr;
    for (;;) {
      const int size = PQgetCopyData(connection_.get(), &buffer, 1);
      if (size > 0) {
        const std::unique_ptr<char, decltype(&PQfreemem)> owned(buffer, &PQfreemem);
        return std::string(buffer, static_cast<size_t>(size));
      }
      if (size == -2) fail_connection();
      if (size == -1) break;
      wait(POLLIN);
    }
    for (auto result = next_result(); result; result = next_result())
      check(std::move(result), PGRES_COMMAND_OK);
    return std::nullopt;
  }

 private:
  /// What stands in `place` comes before the first two and behind the last.
  static PGconn* connected(const std::string& place) {
    check_place(place);
    const char* const keywords[] = {"connect_timeout", "fallback_application_name", "dbname",
                                    "client_encoding", nullptr};
    const char* const values[] = {"10", "kindred", place.c_str(), "UTF8", nullptr};
    return PQconnectdbParams(keywords, values, 1);
  }

  void send(const std::string& statement, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const auto& value : values) texts.push_back(value.c_str());
    if (PQsendQueryParams(connection_.get(), statement.c_str(), static_cast<int>(texts.size()), nullptr,
                          texts.data(), nullptr, nullptr, 0) != 1)
      fail_connection();
    flush();
  }

  void flush() {
    for (int left = 1; left != 0;) {
      left = PQflush(connection_.get());
      if (left < 0) fail_connection();
      if (left > 0) wait(POLLIN | POLLOUT);
    }
  }

  /// Waits for the server, and takes in what it sent, which it must get rid of before it reads on.
  void wait(short events) {
    pollfd socket{PQsocket(connection_.get()), events, 0};
    ::poll(&socket, 1, kPollMilliseconds);
    if (context_.interrupted()) {
      cancel();
      throw Interrupted("PostgreSQL was told to stop; nothing is left of what was begun");
    }
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) != 1) fail_connection();
  }

  void cancel() {
    const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(connection_.get()),
                                                                    &PQfreeCancel);
    char ignored[256];
    if (cancel) PQcancel(cancel.get(), ignored, sizeof(ignored));
  }

  /// Null behind the last one of a statement. A COPY stays its own result until it has ended.
  Result next_result() {
    while (PQisBusy(connection_.get()) != 0) wait(POLLIN);
    return {PQgetResult(connection_.get()), &PQclear};
  }

  void read_rows(const PGresult* result, std::vector<Row>& rows) {
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(result);
    for (int row = 0; row < PQntuples(result); ++row) {
      auto& values = rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column) {
        if (PQgetisnull(result, row, column) != 0) {
          values.emplace_back();
        } else {
          values.emplace_back(std::in_place, PQgetvalue(result, row, column),
                              static_cast<size_t>(PQgetlength(result, row, column)));
        }
      }
    }
  }

  void check(const Result& result, ExecStatusType expected) {
    if (!result) fail_connection();
    if (PQresultStatus(result.get()) != expected) fail(result.get());
  }

  [[noreturn]] void fail(const PGresult* result) {
    const auto part = [result](int code) { return one_line(PQresultErrorField(result, code)); };
    failed_with_ = part(PG_DIAG_SQLSTATE);
    auto text = part(PG_DIAG_MESSAGE_PRIMARY);
    if (text.empty()) text = one_line(PQresultErrorMessage(result));
    for (const auto& more :
         {part(PG_DIAG_MESSAGE_DETAIL), part(PG_DIAG_MESSAGE_HINT), part(PG_DIAG_CONTEXT)}) {
      if (!more.empty()) text += " (" + more + ")";
    }
    throw Error("PostgreSQL says of " + title_ + ": " + text);
  }

  [[noreturn]] void fail_connection() {
    throw Error("the connection to " + title_ + " failed: " + one_line(PQerrorMessage(connection_.get())));
  }

  Context& context_;
  Connection connection_;
  std::string title_, failed_with_;
};

}  // namespace
}  // namespace kindred::host

extern "C" __attribute__((visibility("default"))) void kindred_postgres_connect(
    const std::string& place, kindred::host::Context& context,
    std::unique_ptr<kindred::host::PostgresConnection>& made) {
  made = std::make_unique<kindred::host::LibpqConnection>(place, context);
}
