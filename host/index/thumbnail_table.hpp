#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/index/database.hpp"

namespace kindred::host {

/// Small pictures of items, as the bytes of JPEG files, by row. They have a table of their own, so that
/// whoever looks through the items passes by none of their bytes; an index gets it with its first one. [one
/// thread at a time]
class ThumbnailTable {
 public:
  explicit ThumbnailTable(Database& database) : database_(database) {}

  bool is_there();
  /// In place of one that the row has.
  void put(int64_t row, const std::string& jpeg);
  std::string of(int64_t row);  ///< "": it has none
  int64_t count();
  int64_t bytes();
  /// Rows of items that are not removed and have none, from `begin` up to `end`.
  std::vector<int64_t> missing(int64_t begin, int64_t end);

  /// Follows ItemTable::renumber(), which names old and new rows in the table `temp.places`.
  void renumber();
  /// A sentence for each that is damaged or of no item.
  std::vector<std::string> damage();

 private:
  Database& database_;
};

}  // namespace kindred::host
