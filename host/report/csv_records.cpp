#include "host/report/csv_records.hpp"

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  std::vector<CsvRecord> read() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) {
      auto record = next();
      if (record.cells.size() > 1 || !record.cells.front().empty()) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  CsvRecord next() {
    CsvRecord record{{}, line_};
    do {
      record.cells.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
    } while (take(','));
    take('\r');
    if (!take('\n') && at_ < text_.size()) fail(line_, "something stands behind a closing quotation mark");
    ++line_;
    return record;
  }

  std::string plain() {
    auto end = std::min(text_.find_first_of(",\n", at_), text_.size());
    const bool has_return =
        end > at_ && text_[end - 1] == '\r' && (end == text_.size() || text_[end] == '\n');
    end -= has_return ? 1 : 0;
    const auto cell = std::string(text_.substr(at_, end - at_));
    at_ = end;
    return cell;
  }

  std::string quoted() {
    const auto begun = line_;
    std::string cell;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') return cell;
      }
      line_ += text_[at_] == '\n' ? 1 : 0;
      cell += text_[at_];
    }
    fail(begun, "a quotation mark is not closed");
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void fail(size_t line, const std::string& what) const {
    throw Error(path_ + ", line " + std::to_string(line) + ": " + what);
  }

  const std::string_view text_;
  const std::string& path_;
  size_t at_ = 0, line_ = 1;
};

}  // namespace

std::vector<CsvRecord> csv_records(std::string_view text, const std::string& path) {
  return CsvReader(text, path).read();
}

}  // namespace kindred::host
