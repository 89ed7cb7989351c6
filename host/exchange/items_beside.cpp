#include "host/exchange/items_beside.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

std::string beside(const std::string& file, const char* extension) {
  return fs::path(file).replace_extension(extension).string();
}

ItemsBesideSink::ItemsBesideSink(const std::string& file, const ExchangeHead& head)
    : file_(file), head_(head), lines_(beside(file, ".jsonl")) {}

Exported ItemsBesideSink::finish() {
  const auto head = beside(file_, ".json");
  write_file_atomically(head, json_text(head_json(head_), 2) + "\n");
  lines_.finish();
  return {{file_, beside(file_, ".jsonl"), head}, ""};
}

ItemsBeside::ItemsBeside(const std::string& file, ExchangeHead& head) : file_(file), rows_(head.items) {
  if (const auto said = beside(file, ".json"); fs::exists(said)) {
    const auto dimension = head.space.dimension;
    head.space = head_space(parse_json(read_file(said)), said);
    head.is_stored_form = true;
    if (head.space.dimension != dimension) {
      throw Error(fmt::format("{} has rows of {} numbers, and {} says {}", file, dimension, said,
                              head.space.dimension));
    }
  }
  if (const auto list = beside(file, ".jsonl"); fs::exists(list)) lines_ = std::make_unique<JsonLines>(list);
}

/// The next line that has a row; host embed also has lines of what it could not read.
std::optional<json> ItemsBeside::next_line() {
  for (auto line = lines_->next(); line; line = lines_->next()) {
    if (!line->contains("error")) return line;
  }
  return std::nullopt;
}

Item ItemsBeside::next(int64_t number) {
  if (!lines_) {
    Item item;
    item.id = std::to_string(number);
    return item;
  }
  const auto line = next_line();
  if (!line) {
    throw Error(
        fmt::format("{} names {} items, and {} has {} rows", beside(file_, ".jsonl"), read_, file_, rows_));
  }
  ++read_;
  try {
    if (line->contains("row") && line->at("row") != number) {
      throw Error(fmt::format("it is of row {}, and row {} is the next", json_text(line->at("row")), number));
    }
    return item_from_json(*line);
  } catch (const Error& error) {
    throw Error(lines_->place() + ": " + error.what());
  }
}

void ItemsBeside::check_end() {
  if (lines_ && next_line()) {
    throw Error(fmt::format("{} names more items than {} has rows ({})", lines_->place(), file_, rows_));
  }
}

}  // namespace kindred::host
