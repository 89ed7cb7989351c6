#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "host/exchange/hnswlib.hpp"
#include "host/exchange/items_beside.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

// A file begins with offsetLevel0_, max_elements_, cur_element_count, size_data_per_element_, label_offset_,
// offsetData_ (uint64 each), maxlevel_, enterpoint_node_ (uint32), maxM_, maxM0_ ..., and the level-0 part of
// each element follows: number of links and flags (uint32), links (uint32 x maxM0_), row, label (uint64).
constexpr uint64_t kHeader = 96, kMaxM0At = 64;
constexpr uint64_t kMostBytes = 4 * (uint64_t{1} << 20);  // of a row

class HnswSource final : public ItemSource {
 public:
  explicit HnswSource(const std::string& file) : path_(file) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(file, failed);
    if (failed) throw Error(fmt::format("cannot open {}: {}", file, failed.message()));
    if (bytes < kHeader) refuse();
    file_ = at::from_file(file, false, static_cast<int64_t>(bytes), at::kByte);
    const auto count = number<uint64_t>(16), label = number<uint64_t>(32);
    stride_ = number<uint64_t>(24);
    row_ = number<uint64_t>(40);
    if (number<uint64_t>(0) != 0 || row_ > bytes || row_ != 4 + 4 * number<uint64_t>(kMaxM0At) ||
        label <= row_ || (label - row_) % 4 != 0 || label - row_ > kMostBytes || stride_ != label + 8 ||
        count == 0 || count > (bytes - kHeader) / stride_) {
      refuse();
    }
    for (uint64_t i = 0; i < count; ++i) {
      const auto element = kHeader + i * stride_;
      const bool is_deleted = (number<uint32_t>(element) & 0x10000u) != 0;
      if (!is_deleted) elements_.emplace_back(number<uint64_t>(element + label), element);
    }
    std::sort(elements_.begin(), elements_.end());
    if (elements_.empty()) throw Error(path_ + " holds no rows that are not deleted");
    head_.items = static_cast<int64_t>(elements_.size());
    head_.space.dimension = static_cast<int64_t>((label - row_) / 4);
    items_.emplace(file, head_);
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto dimension = head_.space.dimension;
    const auto end = std::min(next_ + rows_per_batch(dimension), head_.items);
    if (next_ == end) return false;
    batch.items.clear();
    batch.rows = at::empty({end - next_, dimension}, at::kFloat);
    auto* row = batch.rows.data_ptr<float>();
    for (; next_ < end; ++next_, row += dimension) {
      const auto& [label, element] = elements_[static_cast<size_t>(next_)];
      batch.items.push_back(items_->next(static_cast<int64_t>(label)));
      std::memcpy(row, bytes() + element + row_, static_cast<size_t>(dimension) * sizeof(float));
    }
    if (next_ == head_.items) items_->check_end();
    return true;
  }

 private:
  const uint8_t* bytes() const { return file_.data_ptr<uint8_t>(); }

  template <class Number>
  Number number(uint64_t place) const {
    Number value;
    std::memcpy(&value, bytes() + place, sizeof(value));
    return value;
  }

  [[noreturn]] void refuse() const {
    throw Error(path_ +
                " is damaged, or no index of float32 that hnswlib saved; save it again, or export the items "
                "in another way");
  }

  const std::string path_;
  at::Tensor file_;
  uint64_t stride_ = 0, row_ = 0;
  std::vector<std::pair<uint64_t, uint64_t>> elements_;  // label, place in the file
  ExchangeHead head_;
  std::optional<ItemsBeside> items_;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<ItemSource> hnswlib_source(const ExchangeRequest& request) {
  Schema<NoParams>::get().parse(json_text(request.params));
  return std::make_unique<HnswSource>(request.place);
}

}  // namespace kindred::host
