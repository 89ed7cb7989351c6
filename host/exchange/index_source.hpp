#pragma once

#include <memory>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/index/index_folder.hpp"

namespace kindred::host {

/// Numbers that an exchange holds in memory at once, of one batch.
constexpr int64_t kNumbersPerBatch = int64_t{1} << 22;

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

/// The rows of these items alone, float32. [thread-safe]
class ChosenRows final : public StoredRows {
 public:
  /// `places` int64 (n), each a row of `all`.
  ChosenRows(std::shared_ptr<const RowStore> all, at::Tensor places)
      : all_(std::move(all)), places_(std::move(places)) {}
  int64_t size() const override { return places_.size(0); }
  int64_t dimension() const override { return all_->dimension(); }
  at::Tensor rows(int64_t begin, int64_t end) const override;

 private:
  const std::shared_ptr<const RowStore> all_;
  const at::Tensor places_;
};

}  // namespace kindred::host
