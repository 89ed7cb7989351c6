#pragma once

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "host/base/partial_file.hpp"
#include "host/exchange/exchange.hpp"

namespace kindred::host {

/// An item as one object: "id", "path", "label", "class_name", "file_bytes", "file_time", "file_hash" and its
/// columns, all side by side. What an item does not have is left out.
nlohmann::json item_json(const Item& item);

/// Reads what item_json() gave, or a line of `host embed`: without an "id" the "sample" names the item, or
/// the "path" with the "line" or "index" of what is in that file. Every other key is a column. Throws Error
/// that says what is wrong.
Item item_from_json(const nlohmann::json& line);

/// What is said of an exchange in a file of its own beside others, or in a note of a store.
nlohmann::json head_json(const ExchangeHead& head);
/// Says whether a value is such a text, whatever its version.
bool is_head(const nlohmann::json& text);
/// The space of such a text. Throws Error that names `where`.
IndexSpace head_space(const nlohmann::json& text, const std::string& where);

/// Writes items as lines of a .jsonl file, each with its "row", counted from 0.
class LinesSink final : public ItemSink {
 public:
  explicit LinesSink(const std::string& path) : path_(path), file_(path) {}
  void append(const ExchangeBatch& batch) override;
  Exported finish() override;

 private:
  const std::string path_;
  PartialFile file_;
  int64_t row_ = 0;
};

/// The lines of a .jsonl file, one at a time.
class JsonLines {
 public:
  /// Throws Error where it cannot be opened.
  explicit JsonLines(const std::string& path);
  /// The next object; nothing behind the last one. Empty lines are passed over. Throws Error with the number
  /// of the line that is no JSON object.
  std::optional<nlohmann::json> next();
  /// "items.jsonl, line 12": the place of the last one.
  std::string place() const;

 private:
  const std::string path_;
  std::ifstream file_;
  int64_t line_ = 0;
};

}  // namespace kindred::host
