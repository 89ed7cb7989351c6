#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// A line of a table by RFC 4180, with its end: cells that hold a comma, a quotation mark or a line break are
/// quoted.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace kindred::host
