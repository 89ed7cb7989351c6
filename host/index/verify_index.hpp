#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// What was found wrong with an index.
struct IndexCheck {
  int64_t rows = 0, items = 0;
  std::vector<std::string> problems;  ///< a sentence each; none: it is whole
};

/// Reads all of an index: SQLite's own check, whether the tables fit each other and the files, the checksums
/// of rows, component whitening and thumbnails, whether all numbers are finite and all rows of length 1 where
/// they should be. Throws Error when the folder is no index.
IndexCheck verify_index(const std::string& folder);

}  // namespace kindred::host
