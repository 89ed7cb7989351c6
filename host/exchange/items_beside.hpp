#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/exchange/item_lines.hpp"

namespace kindred::host {

/// The name of a file that belongs to `file`: x.jsonl beside x.npy.
std::string beside(const std::string& file, const char* extension);

/// Writes what a file of rows cannot hold: NAME.jsonl with an item per line, and NAME.json, which says what
/// the rows are. [one thread at a time]
class ItemsBesideSink final : public ItemSink {
 public:
  ItemsBesideSink(const std::string& file, const ExchangeHead& head);
  void append(const ExchangeBatch& batch) override { lines_.append(batch); }
  /// What it names is `file` itself, which is written by the caller, and the two.
  Exported finish() override;

 private:
  const std::string file_;
  const ExchangeHead head_;
  LinesSink lines_;
};

/// Reads them. A file of rows may be without one of them or both. [one thread at a time]
class ItemsBeside {
 public:
  /// `head` has items and dimension of the rows; the rest of its space is what NAME.json says. Throws Error
  /// where that contradicts them.
  ItemsBeside(const std::string& file, ExchangeHead& head);

  /// The item of the next row, which `number` names in NAME.jsonl, or alone where there is no such file.
  /// Throws Error with the line.
  Item next(int64_t number);
  /// Throws Error where NAME.jsonl has more lines than there are rows.
  void check_end();

 private:
  std::optional<nlohmann::json> next_line();

  const std::string file_;
  const int64_t rows_;
  int64_t read_ = 0;
  std::unique_ptr<JsonLines> lines_;
};

}  // namespace kindred::host
