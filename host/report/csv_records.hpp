#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kindred::host {

/// One record of a table in a text: its cells, and the line of the text that it begins at, from 1.
struct CsvRecord {
  std::vector<std::string> cells;
  size_t line = 0;
};

/// The records of a text by RFC 4180: cells may be quoted, and then hold commas, line breaks and doubled
/// quotation marks. Lines may end with CR LF or LF; empty ones are left out. Throws Error with `path` and the
/// line where a quotation mark is not closed or something follows a closing one.
std::vector<CsvRecord> csv_records(std::string_view text, const std::string& path);

}  // namespace kindred::host
