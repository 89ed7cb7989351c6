#include "host/index/item_table.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/index/thumbnail_table.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kApplication = 0x4b6e4978;             // "KnIx", which file(1) can tell
constexpr int64_t kTablesVersion = 1, kLastVersion = 2;  // 2: with thumbnails
constexpr const char* kOwnColumns[] = {"row",        "id",        "path",      "label",  "class_name",
                                       "file_bytes", "file_time", "file_hash", "removed"};
constexpr int kOwn = 9;  // their number; extra columns come behind them
constexpr size_t kMostColumns = 1000, kLongestName = 200;

constexpr const char* kTables = R"(
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE segments (first INTEGER PRIMARY KEY, rows INTEGER NOT NULL, file TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE items (row INTEGER PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL, label INTEGER NOT NULL,
    class_name TEXT NOT NULL, file_bytes INTEGER NOT NULL, file_time INTEGER NOT NULL, file_hash TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0);)";
constexpr const char* kIndices = R"(
  CREATE UNIQUE INDEX items_by_id ON items (id) WHERE removed = 0;
  CREATE INDEX items_removed ON items (row) WHERE removed = 1;)";

bool is_own(const std::string& name) {
  const auto small = lower_case(name);
  return std::any_of(std::begin(kOwnColumns), std::end(kOwnColumns),
                     [&](const char* own) { return small == own; });
}

void check_column(const std::string& name, const json& value) {
  if (value.is_array() || value.is_object()) {
    throw Error(fmt::format("the column \"{}\" holds {}; a column holds texts, numbers, true, false or null",
                            name, json_text(value).substr(0, 80)));
  }
  if (name.empty() || name.size() > kLongestName || name.find('\0') != std::string::npos) {
    throw Error(fmt::format("\"{}\" cannot name a column of an index; a name has 1 to {} bytes",
                            name.substr(0, 40), kLongestName));
  }
  if (is_own(name)) {
    throw Error(
        fmt::format("the column \"{}\" has the name of a column that every index has; give it "
                    "another name (capitals make no difference)",
                    name));
  }
}

bool is_number(const json& value) { return value.is_number() || value.is_boolean(); }

}  // namespace

void ItemTable::create() {
  database_.run(kTables);
  database_.run(kIndices);
  database_.run(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplication, kTablesVersion));
}

void ItemTable::check_version() {
  const auto application = database_.integer_of("PRAGMA application_id");
  const auto version = database_.integer_of("PRAGMA user_version");
  if (application != kApplication)
    throw Error(database_.path() + " is a database of something else; an index has one of its own");
  if (version < kTablesVersion || version > kLastVersion) {
    throw Error(
        fmt::format("{} has version {} of the tables of an index, and this program knows versions {} to {}; "
                    "use the program that made it, or build the index again",
                    database_.path(), version, kTablesVersion, kLastVersion));
  }
}

json ItemTable::fact(const std::string& name) {
  Statement statement(database_, "SELECT value FROM facts WHERE name = ?");
  statement.bind(1, name);
  return statement.step() ? parse_json(statement.text(0)) : json();
}

void ItemTable::set_fact(const std::string& name, const json& value) {
  Statement statement(database_, "INSERT OR REPLACE INTO facts VALUES (?, ?)");
  statement.bind(1, name).bind(2, json_text(value)).run();
}

std::vector<Segment> ItemTable::segments() {
  std::vector<Segment> list;
  Statement statement(database_, "SELECT first, rows, file, hash FROM segments ORDER BY first");
  while (statement.step())
    list.push_back({statement.integer(0), statement.integer(1), statement.text(2), statement.text(3)});
  return list;
}

void ItemTable::name_segment(const Segment& segment) {
  Statement(database_, "DELETE FROM segments WHERE first >= ?").bind(1, segment.first).run();
  Statement statement(database_, "INSERT INTO segments VALUES (?, ?, ?, ?)");
  statement.bind(1, segment.first).bind(2, segment.rows).bind(3, segment.file).bind(4, segment.hash).run();
}

void ItemTable::clear_segments() { database_.run("DELETE FROM segments"); }

int64_t ItemTable::rows() { return database_.integer_of("SELECT coalesce(max(row) + 1, 0) FROM items"); }

int64_t ItemTable::removed() { return database_.integer_of("SELECT count(*) FROM items WHERE removed = 1"); }

std::vector<std::string> ItemTable::columns() {
  std::vector<std::string> names;
  Statement statement(database_, "SELECT name FROM pragma_table_info('items') ORDER BY cid");
  while (statement.step()) {
    if (statement.text(0) != "removed") names.push_back(statement.text(0));
  }
  return names;
}

std::vector<std::string> ItemTable::extra_columns() {
  auto names = columns();
  names.erase(names.begin(), names.begin() + (kOwn - 1));
  return names;
}

std::vector<ItemColumn> ItemTable::extra_column_kinds() {
  std::vector<ItemColumn> columns;
  for (const auto& name : extra_columns()) {
    Statement statement(
        database_,
        fmt::format("SELECT coalesce(max(CASE typeof({0}) WHEN 'real' THEN 1 WHEN 'text' THEN 2 WHEN 'blob' "
                    "THEN 2 ELSE 0 END), 0) FROM items WHERE removed = 0",
                    quoted_name(name)));
    statement.step();
    constexpr ColumnKind kKinds[] = {ColumnKind::integer, ColumnKind::real, ColumnKind::text};
    columns.push_back({name, kKinds[statement.integer(0)]});
  }
  return columns;
}

/// A column gets its kind with its first values: where all are numbers a text in a condition, such as '2010',
/// is taken as a number, too; else a number is taken as a text.
void ItemTable::add_columns(const std::vector<Item>& items) {
  std::map<std::string, bool> is_numeric;  // of columns with a value, by name in small letters
  std::map<std::string, std::string> spelled;
  for (const auto& item : items) {
    for (const auto& [name, value] : item.columns.items()) {
      check_column(name, value);
      const auto small = lower_case(name);
      spelled.emplace(small, name);
      const auto [at, is_new] = is_numeric.emplace(small, true);
      if (!value.is_null()) at->second = at->second && is_number(value);
    }
  }
  const auto known = extra_columns();
  for (const auto& name : known) is_numeric.erase(lower_case(name));
  if (known.size() + is_numeric.size() > kMostColumns) {
    throw Error(fmt::format("the items have {} columns, and an index has at most {}; leave some out",
                            known.size() + is_numeric.size(), kMostColumns));
  }
  for (const auto& [small, numeric] : is_numeric) {
    database_.run(fmt::format("ALTER TABLE items ADD COLUMN {} {}", quoted_name(spelled[small]),
                              numeric ? "NUMERIC" : "TEXT"));
  }
}

void ItemTable::append(int64_t first, const std::vector<Item>& items, Existing existing) {
  add_columns(items);
  const auto extra = extra_columns();
  std::string places;
  for (size_t i = 0; i < extra.size() + kOwn; ++i) places += i == 0 ? "?" : ", ?";
  Statement insert(database_, fmt::format("INSERT INTO items VALUES ({})", places));
  Statement is_there(database_, "SELECT 1 FROM items WHERE id = ? AND removed = 0");
  Statement remove(database_, "UPDATE items SET removed = 1 WHERE id = ? AND removed = 0");
  std::vector<std::string> twice;
  for (const auto& item : items) {
    if (item.id.empty() || item.id.find('\0') != std::string::npos)
      throw Error(fmt::format("the item of row {} has no id; an id is a text of at least one letter", first));
    if (existing == Existing::replace) {
      remove.bind(1, item.id).run();
    } else if (is_there.bind(1, item.id).step()) {
      twice.push_back(item.id);
    }
    is_there.reset();
    if (!twice.empty()) continue;  // nothing will come of it
    if (!item.thumbnail.empty()) ThumbnailTable(database_).put(first, item.thumbnail);
    insert.bind(1, first++).bind(2, item.id).bind(3, item.path).bind(4, item.label);
    insert.bind(5, item.class_name).bind(6, item.file.bytes).bind(7, item.file.time).bind(8, item.file.hash);
    insert.bind(9, 0);
    std::map<std::string, const json*> values;
    for (const auto& [name, value] : item.columns.items()) values[lower_case(name)] = &value;
    for (size_t i = 0; i < extra.size(); ++i) {
      const auto found = values.find(lower_case(extra[i]));
      insert.bind_value(static_cast<int>(i) + kOwn + 1, found == values.end() ? json() : *found->second);
    }
    insert.run();
  }
  if (twice.empty()) return;
  throw Error(
      fmt::format("{} of the ids {} in the index already, or given twice: {}; nothing of them was "
                  "added: remove them first, or update them",
                  twice.size(), twice.size() == 1 ? "is" : "are", shown(first_few(twice))));
}

void ItemTable::remove(const std::vector<std::string>& ids) {
  Statement statement(database_, "UPDATE items SET removed = 1 WHERE id = ? AND removed = 0");
  std::vector<std::string> absent;
  for (const auto& id : ids) {
    statement.bind(1, id).run();
    if (database_.changes() == 0) absent.push_back(id);
  }
  if (absent.empty()) return;
  throw Error(fmt::format("{} of {} ids {} not in the index: {}; nothing was removed", absent.size(),
                          ids.size(), absent.size() == 1 ? "is" : "are", shown(first_few(absent))));
}

std::string ItemTable::select_list(const std::vector<std::string>& extra) const {
  std::string list = "row, id, path, label, class_name, file_bytes, file_time, file_hash, removed";
  for (const auto& name : extra) list += ", " + quoted_name(name);
  return list;
}

StoredItem ItemTable::read(const Statement& statement, const std::vector<std::string>& extra) const {
  StoredItem found;
  found.row = statement.integer(0);
  auto& item = found.item;
  item.id = statement.text(1);
  item.path = statement.text(2);
  item.label = statement.integer(3);
  item.class_name = statement.text(4);
  item.file = {statement.integer(5), statement.integer(6), statement.text(7)};
  for (size_t i = 0; i < extra.size(); ++i) {
    auto value = statement.value(static_cast<int>(i) + kOwn);
    if (!value.is_null()) item.columns[extra[i]] = std::move(value);
  }
  return found;
}

std::optional<StoredItem> ItemTable::find(const std::string& id) {
  const auto extra = extra_columns();
  Statement statement(database_,
                      fmt::format("SELECT {} FROM items WHERE id = ? AND removed = 0", select_list(extra)));
  statement.bind(1, id);
  if (!statement.step()) return std::nullopt;
  return read(statement, extra);
}

std::vector<StoredItem> ItemTable::items(const std::vector<int64_t>& rows) {
  const auto extra = extra_columns();
  Statement statement(database_, fmt::format("SELECT {} FROM items WHERE row = ?", select_list(extra)));
  std::vector<StoredItem> found;
  for (const auto row : rows) {
    if (!statement.bind(1, row).step())
      throw Error(
          fmt::format("{} knows nothing of row {}; it is damaged, or the index was compacted since "
                      "it was opened",
                      database_.path(), row));
    found.push_back(read(statement, extra));
    statement.reset();
  }
  return found;
}

std::vector<StoredItem> ItemTable::live_items(int64_t begin, int64_t end) {
  const auto extra = extra_columns();
  Statement statement(database_,
                      fmt::format("SELECT {} FROM items WHERE row >= ? AND row < ? AND removed = 0 ORDER BY "
                                  "row",
                                  select_list(extra)));
  statement.bind(1, begin).bind(2, end);
  std::vector<StoredItem> found;
  while (statement.step()) found.push_back(read(statement, extra));
  return found;
}

void ItemTable::clear_removed(at::Tensor& mask) {
  Statement statement(database_, "SELECT row FROM items WHERE removed = 1");
  auto* marks = mask.data_ptr<bool>();
  while (statement.step()) {
    if (const auto row = statement.integer(0); row >= 0 && row < mask.size(0)) marks[row] = false;
  }
}

void ItemTable::renumber() {
  std::string columns;
  for (const auto& name : extra_columns()) columns += ", " + quoted_name(name);
  // A row becomes the number of rows before it that stay; from the first on, so that its number is free.
  database_.run("DELETE FROM items WHERE removed = 1");
  database_.run(
      "CREATE TEMP TABLE places AS SELECT row AS old, row_number() OVER (ORDER BY row) - 1 AS new FROM "
      "items");
  database_.run("CREATE UNIQUE INDEX temp.places_by_old ON places (old)");
  database_.run("UPDATE items SET row = (SELECT new FROM places WHERE old = items.row)");
  ThumbnailTable(database_).renumber();
  database_.run("DROP TABLE temp.places");
}

}  // namespace kindred::host
