#include "host/exchange/numpy.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "host/base/partial_file.hpp"
#include "host/exchange/items_beside.hpp"
#include "host/exchange/partial_path.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

class NumpySink final : public ItemSink {
 public:
  NumpySink(const std::string& array, const ExchangeHead& head) : rows_(array), items_(array, head) {
    rows_.write(npy_header({head.items, head.space.dimension}, at::kFloat));
  }

  void append(const ExchangeBatch& batch) override {
    rows_.write({static_cast<const char*>(batch.rows.data_ptr()), static_cast<size_t>(batch.rows.nbytes())});
    items_.append(batch);
  }

  Exported finish() override {
    auto exported = items_.finish();
    rows_.finish();
    return exported;
  }

 private:
  PartialFile rows_;
  ItemsBesideSink items_;
};

class NumpySource final : public ItemSource {
 public:
  explicit NumpySource(const std::string& array) : rows_(map_npy(array)) {
    if (rows_.dim() != 2 || rows_.size(0) == 0 || rows_.size(1) == 0)
      throw Error(c10::str(array, " has the shape ", rows_.sizes(), "; expected rows of numbers, [N, D]"));
    head_.items = rows_.size(0);
    head_.space.dimension = rows_.size(1);
    items_.emplace(array, head_);
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto end = std::min(next_ + rows_per_batch(rows_.size(1)), rows_.size(0));
    batch.items.clear();
    for (int64_t row = next_; row < end; ++row) batch.items.push_back(items_->next(row));
    if (end == rows_.size(0)) items_->check_end();
    if (next_ == end) return false;
    batch.rows = rows_.slice(0, next_, end).to(at::kFloat).contiguous();
    next_ = end;
    return true;
  }

 private:
  const at::Tensor rows_;
  ExchangeHead head_;
  std::optional<ItemsBeside> items_;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<ItemSink> numpy_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  Schema<NoParams>::get().parse(json_text(request.params));
  const auto& array = request.place;
  check_new_files({array, beside(array, ".jsonl"), beside(array, ".json")}, ".npy");
  return std::make_unique<NumpySink>(array, head);
}

std::unique_ptr<ItemSource> numpy_source(const ExchangeRequest& request) {
  Schema<NoParams>::get().parse(json_text(request.params));
  return std::make_unique<NumpySource>(request.place);
}

}  // namespace kindred::host
