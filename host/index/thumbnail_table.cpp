#include "host/index/thumbnail_table.hpp"

#include <fmt/format.h>

#include <string_view>

#include "host/base/content_hash.hpp"

namespace kindred::host {
namespace {

// Programs that know no thumbnails would let them stay where rows get other numbers, so they must not write
// here.
constexpr const char* kTable = R"(
  CREATE TABLE thumbnails (row INTEGER PRIMARY KEY, jpeg BLOB NOT NULL, hash TEXT NOT NULL);
  PRAGMA user_version = 2;)";

std::string hash_of(std::string_view bytes) {
  ContentHash hash;
  hash.add(bytes);
  return hash.hex();
}

}  // namespace

bool ThumbnailTable::is_there() {
  return database_.integer_of("SELECT count(*) FROM sqlite_master WHERE name = 'thumbnails'") > 0;
}

void ThumbnailTable::put(int64_t row, const std::string& jpeg) {
  if (!is_there()) database_.run(kTable);
  Statement statement(database_, "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?)");
  statement.bind(1, row).bind_bytes(2, jpeg).bind(3, hash_of(jpeg)).run();
}

std::string ThumbnailTable::of(int64_t row) {
  if (!is_there()) return "";
  Statement statement(database_, "SELECT jpeg FROM thumbnails WHERE row = ?");
  statement.bind(1, row);
  return statement.step() ? std::string(statement.bytes(0)) : std::string();
}

int64_t ThumbnailTable::count() {
  return is_there() ? database_.integer_of("SELECT count(*) FROM thumbnails") : 0;
}

int64_t ThumbnailTable::bytes() {
  return is_there() ? database_.integer_of("SELECT coalesce(sum(length(jpeg)), 0) FROM thumbnails") : 0;
}

std::vector<int64_t> ThumbnailTable::missing(int64_t begin, int64_t end) {
  const std::string without = is_there() ? " AND row NOT IN (SELECT row FROM thumbnails)" : "";
  Statement statement(database_, "SELECT row FROM items WHERE row >= ? AND row < ? AND removed = 0" +
                                     without + " ORDER BY row");
  statement.bind(1, begin).bind(2, end);
  std::vector<int64_t> rows;
  while (statement.step()) rows.push_back(statement.integer(0));
  return rows;
}

void ThumbnailTable::renumber() {
  if (!is_there()) return;
  database_.run("DELETE FROM thumbnails WHERE row NOT IN (SELECT old FROM temp.places)");
  database_.run("UPDATE thumbnails SET row = (SELECT new FROM temp.places WHERE old = thumbnails.row)");
}

std::vector<std::string> ThumbnailTable::damage() {
  std::vector<std::string> found;
  if (!is_there()) return found;
  Statement all(database_,
                "SELECT row, jpeg, hash, EXISTS (SELECT 1 FROM items WHERE items.row = thumbnails.row) FROM "
                "thumbnails");
  while (all.step()) {
    const char* what = all.integer(3) == 0                    ? "is of no item"
                       : hash_of(all.bytes(1)) != all.text(2) ? "is damaged: its checksum is another"
                                                              : nullptr;
    if (what == nullptr) continue;
    found.push_back(fmt::format("{}: the thumbnail of row {} {}; remove its item and add it again",
                                database_.path(), all.integer(0), what));
  }
  return found;
}

}  // namespace kindred::host
