#include "host/exchange/index_source.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {

IndexSource::IndexSource(std::shared_ptr<const IndexFolder> folder) : folder_(std::move(folder)) {
  places_ = folder_->live_rows();
  head_.space = folder_->space();
  head_.is_stored_form = true;
  head_.items = places_.size(0);
  head_.columns = folder_->extra_column_kinds();
  if (head_.items == 0) throw Error("the index " + folder_->path() + " holds no items");
}

bool IndexSource::next(ExchangeBatch& batch) {
  const auto end = std::min(next_ + rows_per_batch(head_.space.dimension), head_.items);
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

}  // namespace kindred::host
