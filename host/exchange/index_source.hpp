#pragma once

#include <memory>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/index/index_folder.hpp"

namespace kindred::host {

/// The items of an index that are not removed, in the order of their rows, as they are when this is made.
class IndexSource final : public ItemSource {
 public:
  /// Throws Error where there are none.
  explicit IndexSource(std::shared_ptr<const IndexFolder> folder);

  const ExchangeHead& head() const override { return head_; }
  /// Throws Error where the index was compacted meanwhile.
  bool next(ExchangeBatch& batch) override;

  const IndexFolder& folder() const { return *folder_; }
  /// int64 (items): their rows in the index.
  at::Tensor places() const { return places_; }

 private:
  const std::shared_ptr<const IndexFolder> folder_;
  ExchangeHead head_;
  at::Tensor places_;
  int64_t next_ = 0;
};

}  // namespace kindred::host
