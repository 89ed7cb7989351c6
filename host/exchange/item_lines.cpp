#include "host/exchange/item_lines.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr const char* kFormat = "kindred items";

template <class Value>
Value taken(const json& line, const char* key, Value otherwise) {
  const auto found = line.find(key);
  if (found == line.end() || found->is_null()) return otherwise;
  try {
    return found->get<Value>();
  } catch (const json::exception&) {
    throw Error(fmt::format("\"{}\" is {}; expected {}", key, json_text(*found).substr(0, 80),
                            std::is_same_v<Value, std::string> ? "a text" : "a whole number"));
  }
}

/// An id may be a number where others made it.
std::string id_of(const json& line) {
  const auto found = line.find("id");
  if (found != line.end() && found->is_number_integer()) return json_text(*found);
  auto id = taken<std::string>(line, "id", taken<std::string>(line, "sample", ""));
  if (!id.empty()) return id;
  id = std::filesystem::path(taken<std::string>(line, "path", "")).lexically_normal().string();
  if (id.empty()) throw Error("it has no \"id\", no \"sample\" and no \"path\" that could name the item");
  if (line.contains("line")) id += fmt::format(":{}", taken<int64_t>(line, "line", 0));
  if (line.contains("index")) id += fmt::format("#{}", taken<int64_t>(line, "index", 0));
  return id;
}

bool is_own_key(const std::string& key) {
  for (const char* own : {"id", "sample", "path", "line", "index", "label", "class_name", "file_bytes",
                          "file_time", "file_hash", "row"}) {
    if (key == own) return true;
  }
  return false;
}

}  // namespace

json item_json(const Item& item) {
  json line = item.columns;
  line["id"] = item.id;
  if (!item.path.empty()) line["path"] = item.path;
  if (item.label >= 0) line["label"] = item.label;
  if (!item.class_name.empty()) line["class_name"] = item.class_name;
  if (item.file.bytes >= 0) {
    line["file_bytes"] = item.file.bytes;
    line["file_time"] = item.file.time;
    line["file_hash"] = item.file.hash;
  }
  return line;
}

Item item_from_json(const json& line) {
  Item item;
  item.id = id_of(line);
  item.path = taken<std::string>(line, "path", "");
  item.label = taken<int64_t>(line, "label", -1);
  item.class_name = taken<std::string>(line, "class_name", "");
  item.file = {taken<int64_t>(line, "file_bytes", -1), taken<int64_t>(line, "file_time", 0),
               taken<std::string>(line, "file_hash", "")};
  for (const auto& [key, value] : line.items()) {
    if (!is_own_key(key) && !value.is_null()) item.columns[key] = value;
  }
  return item;
}

json head_json(const ExchangeHead& head) {
  json text = space_json(head.space);
  text["format"] = kFormat;
  text["items"] = head.items;
  text["written_by"] = {{"kindred", KINDRED_SDK_VERSION}};
  return text;
}

bool is_head(const json& text) {
  if (!text.is_object()) return false;
  const auto format = text.find("format");
  return format != text.end() && *format == kFormat;
}

IndexSpace head_space(const json& text, const std::string& where) {
  try {
    if (text.at("format") == kFormat) return space_from_json(text, where);
  } catch (const json::exception&) {
  }
  throw Error(where +
              " does not say what the rows are, as host index export writes it; put it aside, and "
              "name the --distance");
}

void LinesSink::append(const ExchangeBatch& batch) {
  for (const auto& item : batch.items) {
    auto line = item_json(item);
    line["row"] = row_++;
    file_.write(json_text(line) + "\n");
  }
}

Exported LinesSink::finish() {
  file_.finish();
  return {{path_}, ""};
}

JsonLines::JsonLines(const std::string& path) : path_(path), file_(path) {
  if (!file_) throw Error("cannot open " + path);
}

std::optional<json> JsonLines::next() {
  for (std::string text; std::getline(file_, text);) {
    ++line_;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto line = parse_json(text);
    if (!line.is_object()) throw Error(fmt::format("{} is no JSON object: {}", place(), text.substr(0, 80)));
    return line;
  }
  if (file_.bad()) throw Error("cannot read " + path_);
  return std::nullopt;
}

std::string JsonLines::place() const { return fmt::format("{}, line {}", path_, line_); }

}  // namespace kindred::host
