#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

struct CsvCell {
  std::string text;
  bool quoted = false;

  /// The text without the blanks around it, which in quotes are part of a cell.
  std::string word() const;
};

struct CsvRow {
  int64_t line = 0;  ///< of the file, counted from 1, on which the row begins
  std::vector<CsvCell> cells;
};

/// Reads a table row by row (RFC 4180). Rows end with LF, CR LF or CR. A cell may be in quotes: then it may
/// hold the delimiter and line ends, a quotation mark is written twice, and blanks outside of the quotes are
/// dropped. In a cell that does not begin with one a quotation mark is a character like others. Rows that
/// are empty or blank are skipped. Bytes that are no UTF-8 stay what they are.
class CsvReader {
 public:
  /// Throws Error when the file cannot be read, or is UTF-16.
  CsvReader(const std::string& path, char delimiter);

  /// Gives the next row; false at the end. Throws Error "FILE:LINE: ..." for quotes that are not closed or
  /// that other text follows.
  bool next(CsvRow& row);

  /// The whole table, for messages on its encoding.
  const std::string& text() const { return text_; }

 private:
  void read_row(CsvRow& row);
  CsvCell read_cell();
  CsvCell read_quoted_cell();
  void skip_blanks();
  bool at_line_end() const;
  /// Goes over one character, or over CR LF, and counts lines.
  void advance();
  [[noreturn]] void fail(int64_t line, const std::string& message) const;

  std::string path_;
  char delimiter_;
  std::string text_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace kindred
