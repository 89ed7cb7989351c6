#include "files/csv_table.hpp"

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {

constexpr const char* kBlank = " \t";

}  // namespace

std::string CsvCell::word() const {
  if (quoted) return text;
  const auto first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? std::string()
                                    : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

CsvReader::CsvReader(const std::string& path, char delimiter)
    : path_(path), delimiter_(delimiter), text_(text_content(read_file(path), path)) {}

bool CsvReader::next(CsvRow& row) {
  while (at_ < text_.size()) {
    read_row(row);
    if (row.cells.size() > 1 || row.cells[0].quoted || !row.cells[0].word().empty()) return true;
  }
  return false;
}

void CsvReader::read_row(CsvRow& row) {
  row.line = line_;
  row.cells.clear();
  for (;;) {
    row.cells.push_back(read_cell());
    if (at_ == text_.size()) return;
    const bool ends = at_line_end();
    advance();  // over the delimiter or the line end
    if (ends) return;
  }
}

CsvCell CsvReader::read_cell() {
  const auto begin = at_;
  skip_blanks();
  if (at_ < text_.size() && text_[at_] == '"') return read_quoted_cell();
  while (at_ < text_.size() && text_[at_] != delimiter_ && !at_line_end()) ++at_;
  return {text_.substr(begin, at_ - begin), false};
}

CsvCell CsvReader::read_quoted_cell() {
  const auto opened = line_;
  CsvCell cell{{}, true};
  for (++at_;;) {
    if (at_ == text_.size()) fail(opened, "a cell begins with a quotation mark that is never closed");
    if (text_[at_] == '"') {
      if (text_.compare(at_, 2, "\"\"") != 0) break;
      cell.text += '"';
      at_ += 2;
      continue;
    }
    const auto begin = at_;
    advance();
    cell.text.append(text_, begin, at_ - begin);
  }
  ++at_;
  skip_blanks();
  if (at_ == text_.size() || text_[at_] == delimiter_ || at_line_end()) return cell;
  fail(line_,
       "text follows the quotation mark that closes a cell; inside of quotes a quotation mark is "
       "written twice (\"\")");
}

void CsvReader::skip_blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t') && text_[at_] != delimiter_) ++at_;
}

bool CsvReader::at_line_end() const { return text_[at_] == '\n' || text_[at_] == '\r'; }

void CsvReader::advance() {
  if (at_line_end()) ++line_;
  at_ += text_.compare(at_, 2, "\r\n") == 0 ? 2 : 1;
}

void CsvReader::fail(int64_t line, const std::string& message) const {
  throw Error(path_ + ":" + std::to_string(line) + ": " + message);
}

}  // namespace kindred
