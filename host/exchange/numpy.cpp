#include "host/exchange/numpy.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/partial_file.hpp"
#include "host/exchange/index_source.hpp"
#include "host/exchange/item_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::string beside(const std::string& array, const char* extension) {
  return fs::path(array).replace_extension(extension).string();
}

class NumpySink final : public ItemSink {
 public:
  NumpySink(const std::string& array, const ExchangeHead& head)
      : array_(array), head_(head), rows_(array), lines_(beside(array, ".jsonl")) {
    rows_.write(npy_header({head.items, head.space.dimension}, at::kFloat));
  }

  void append(const ExchangeBatch& batch) override {
    rows_.write({static_cast<const char*>(batch.rows.data_ptr()), static_cast<size_t>(batch.rows.nbytes())});
    lines_.append(batch);
  }

  Exported finish() override {
    const auto head = beside(array_, ".json");
    write_file_atomically(head, json_text(head_json(head_), 2) + "\n");
    lines_.finish();
    rows_.finish();
    return {{array_, beside(array_, ".jsonl"), head}, ""};
  }

 private:
  const std::string array_;
  const ExchangeHead head_;
  PartialFile rows_;
  LinesSink lines_;
};

class NumpySource final : public ItemSource {
 public:
  explicit NumpySource(const std::string& array) : array_(array), rows_(map_npy(array)) {
    if (rows_.dim() != 2 || rows_.size(0) == 0 || rows_.size(1) == 0)
      throw Error(c10::str(array, " has the shape ", rows_.sizes(), "; expected rows of numbers, [N, D]"));
    head_.items = rows_.size(0);
    if (const auto head = beside(array, ".json"); fs::exists(head)) {
      head_.space = head_space(parse_json(read_file(head)), head);
      head_.is_stored_form = true;
    }
    if (head_.space.dimension != 0 && head_.space.dimension != rows_.size(1))
      throw Error(fmt::format("{} has rows of {} numbers, and {} says {}", array, rows_.size(1),
                              beside(array, ".json"), head_.space.dimension));
    head_.space.dimension = rows_.size(1);
    if (const auto list = beside(array, ".jsonl"); fs::exists(list))
      lines_ = std::make_unique<JsonLines>(list);
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto step = std::max<int64_t>(kNumbersPerBatch / rows_.size(1), 1);
    const auto end = std::min(next_ + step, rows_.size(0));
    batch.items.clear();
    for (int64_t row = next_; row < end; ++row) batch.items.push_back(item_of(row));
    if (end == rows_.size(0)) check_end();
    if (next_ == end) return false;
    batch.rows = rows_.slice(0, next_, end).to(at::kFloat).contiguous();
    next_ = end;
    return true;
  }

 private:
  /// The next line that has a row; host embed also has lines of what it could not read.
  std::optional<json> next_line() {
    for (auto line = lines_->next(); line; line = lines_->next()) {
      if (!line->contains("error")) return line;
    }
    return std::nullopt;
  }

  Item item_of(int64_t row) {
    if (!lines_) {
      Item item;
      item.id = std::to_string(row);
      return item;
    }
    const auto line = next_line();
    if (!line) {
      throw Error(fmt::format("{} names {} items, and {} has {} rows", beside(array_, ".jsonl"), row, array_,
                              rows_.size(0)));
    }
    try {
      if (line->contains("row") && line->at("row") != row)
        throw Error(fmt::format("it is of row {}, and row {} is the next", json_text(line->at("row")), row));
      return item_from_json(*line);
    } catch (const Error& error) {
      throw Error(lines_->place() + ": " + error.what());
    }
  }

  void check_end() {
    if (lines_ && next_line())
      throw Error(
          fmt::format("{} names more items than {} has rows ({})", lines_->place(), array_, rows_.size(0)));
  }

  const std::string array_;
  const at::Tensor rows_;
  ExchangeHead head_;
  std::unique_ptr<JsonLines> lines_;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<ItemSink> numpy_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  Schema<NoParams>::get().parse(json_text(request.params));
  if (fs::path(request.place).extension() != ".npy")
    throw Error(request.place +
                " does not end in .npy, as the array is named; .jsonl and .json come beside it");
  return std::make_unique<NumpySink>(request.place, head);
}

std::unique_ptr<ItemSource> numpy_source(const ExchangeRequest& request) {
  Schema<NoParams>::get().parse(json_text(request.params));
  return std::make_unique<NumpySource>(request.place);
}

}  // namespace kindred::host
