#include "host/exchange/index_source.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {

IndexSource::IndexSource(std::shared_ptr<const IndexFolder> folder) : folder_(std::move(folder)) {
  const auto live = folder_->live();
  places_ = live.defined() ? at::nonzero(live).view(-1) : at::arange(folder_->size(), at::kLong);
  head_.space = folder_->space();
  head_.is_stored_form = true;
  head_.items = places_.size(0);
  head_.columns = folder_->extra_column_kinds();
  if (head_.items == 0) throw Error("the index " + folder_->path() + " holds no items");
}

bool IndexSource::next(ExchangeBatch& batch) {
  const auto step = std::max<int64_t>(kNumbersPerBatch / head_.space.dimension, 1);
  const auto end = std::min(next_ + step, head_.items);
  if (next_ == end) return false;
  const auto places = places_.slice(0, next_, end).contiguous();
  const auto* first = places.data_ptr<int64_t>();
  batch.items.clear();
  for (auto& stored : folder_->items({first, first + places.numel()}))
    batch.items.push_back(std::move(stored.item));
  batch.rows = folder_->rows()->gather(places);
  next_ = end;
  return true;
}

at::Tensor ChosenRows::rows(int64_t begin, int64_t end) const {
  return all_->gather(places_.slice(0, begin, end).contiguous());
}

}  // namespace kindred::host
