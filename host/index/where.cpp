#include "host/index/where.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/base/text.hpp"
#include "kindred/error.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr int kLongestText = 1 << 20, kLongestExpression = 1 << 16, kStepsPerLook = 10'000;
constexpr size_t kNamedColumns = 40;

/// None of them can grow without bound, read a file, or change anything.
constexpr std::array<std::string_view, 27> kFunctions = {
    "abs",  "ceil",   "coalesce",  "floor", "glob",   "iif",   "ifnull", "instr",    "length",
    "like", "lower",  "ltrim",     "max",   "min",    "mod",   "nullif", "round",    "rtrim",
    "sign", "substr", "substring", "trim",  "typeof", "upper", "date",   "strftime", "unicode"};

/// What an expression may do while it is compiled.
struct Gate {
  int selects = 0;
  std::string refused;  // a sentence

  int refuse(const std::string& why) {
    if (refused.empty()) refused = why;
    return SQLITE_DENY;
  }
};

int authorize(void* given, int action, const char* first, const char* second, const char*, const char*) {
  auto& gate = *static_cast<Gate*>(given);
  const std::string_view one = first == nullptr ? "" : first, two = second == nullptr ? "" : second;
  switch (action) {
    case SQLITE_SELECT:
      return ++gate.selects == 1 ? SQLITE_OK : gate.refuse("it holds a SELECT of its own");
    case SQLITE_READ:
      return one == "items" ? SQLITE_OK : gate.refuse("it reads the table " + std::string(one));
    case SQLITE_FUNCTION:
      if (std::find(kFunctions.begin(), kFunctions.end(), two) != kFunctions.end()) return SQLITE_OK;
      return gate.refuse("it calls the function " + std::string(two) + "()");
    default:
      return gate.refuse("it does more than to compare");
  }
}

/// Where a quoted part that begins at `at` ends, behind its last mark.
size_t behind_quoted(std::string_view text, size_t at) {
  const char mark = text[at] == '[' ? ']' : text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] != mark) continue;
    if (at + 1 < text.size() && text[at + 1] == mark && mark != ']') {
      ++at;  // a doubled mark stands for itself
    } else {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// Why a text is not one expression, as far as marks and brackets tell; "" where they do not.
std::string not_one_expression(std::string_view text) {
  if (text.size() > kLongestExpression) return fmt::format("it is longer than {} bytes", kLongestExpression);
  int depth = 0;
  bool has_word = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto next = i + 1 < text.size() ? text[i + 1] : '\0';
    has_word = has_word || std::string_view(" \t\r\n").find(c) == std::string_view::npos;
    if (c == '\0') return "it holds a zero byte";
    if (c == '\'' || c == '"' || c == '`' || c == '[') {
      i = behind_quoted(text, i);
      if (i == std::string_view::npos) return fmt::format("a {} has no partner", c);
      continue;
    }
    if (c == ';') return "it holds a semicolon, and must be one expression";
    if ((c == '-' && next == '-') || (c == '/' && next == '*')) return "it holds a comment";
    if (c == '(') ++depth;
    if (c == ')' && --depth < 0) return "it closes a bracket that it does not open";
    ++i;
  }
  if (depth > 0) return "it opens a bracket that it does not close";
  return has_word ? "" : "it is empty";
}

std::string names_of(std::vector<std::string> columns) {
  const auto all = columns.size();
  columns.resize(std::min(all, kNamedColumns));
  return joined(columns) + (all > kNamedColumns ? fmt::format(" and {} more", all - kNamedColumns) : "");
}

class Selection {
 public:
  Selection(Database& database, const std::string& expression, const std::vector<std::string>& columns)
      : database_(database), expression_(expression), columns_(columns) {}

  void fill(at::Tensor& mask, double seconds) {
    if (const auto why = not_one_expression(expression_); !why.empty()) refuse(why);
    restrict_connection();
    deadline_ = now_seconds() + seconds;
    seconds_ = seconds;
    sqlite3_progress_handler(database_.handle(), kStepsPerLook, &Selection::is_late, this);
    mask.fill_(false);
    auto* marks = mask.data_ptr<bool>();
    sqlite3_stmt* statement = compiled();
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      const auto row = sqlite3_column_int64(statement, 0);
      if (row >= 0 && row < mask.size(0)) marks[row] = true;
    }
    const std::string said = sqlite3_errmsg(database_.handle());
    sqlite3_finalize(statement);
    release();
    if (code == SQLITE_INTERRUPT) refuse(fmt::format("it takes longer than {} s", seconds_));
    if (code != SQLITE_DONE) refuse(said);
  }

 private:
  static int is_late(void* given) {
    return now_seconds() > static_cast<Selection*>(given)->deadline_ ? 1 : 0;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(fmt::format(
        "the condition `{}` cannot be used: {}. It is an SQL expression over the columns {}; "
        "texts stand in single quotes: class_name = 'cup' AND label > 3",
        shown(std::string(expression_.c_str()).substr(0, 200)), shown(why), shown(names_of(columns_))));
  }

  void restrict_connection() {
    auto* connection = database_.handle();
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);  // "BMW" is a column, and not a text
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, kLongestText);
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(connection, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    sqlite3_limit(connection, SQLITE_LIMIT_COMPOUND_SELECT, 1);
    sqlite3_limit(connection, SQLITE_LIMIT_EXPR_DEPTH, 200);
  }

  void release() const {
    sqlite3_set_authorizer(database_.handle(), nullptr, nullptr);
    sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
  }

  sqlite3_stmt* compiled() {
    Gate gate;
    sqlite3_set_authorizer(database_.handle(), &authorize, &gate);
    const auto sql = "SELECT row FROM items WHERE removed = 0 AND (" + expression_ + "\n)";
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(database_.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    const std::string said = sqlite3_errmsg(database_.handle());
    sqlite3_set_authorizer(database_.handle(), nullptr, nullptr);
    if (code != SQLITE_OK) {
      release();
      refuse(gate.refused.empty() ? said : gate.refused + ", which is not allowed here");
    }
    if (sqlite3_bind_parameter_count(statement) > 0) {
      sqlite3_finalize(statement);
      release();
      refuse("it holds a parameter such as ? or :name, for which there is no value");
    }
    return statement;
  }

  Database& database_;
  const std::string& expression_;
  const std::vector<std::string>& columns_;
  double deadline_ = 0, seconds_ = 0;
};

}  // namespace

void select_where(Database& database, const std::string& expression, const std::vector<std::string>& columns,
                  at::Tensor& mask, double seconds) {
  Selection(database, expression, columns).fill(mask, seconds);
}

}  // namespace kindred::host
