#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/index/segment_file.hpp"
#include "kindred/distance.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// The rows of an index, in files that are mapped: what is not used takes no memory, and what another process
/// does to the folder changes nothing. [thread-safe]
class RowStore final : public StoredRows {
 public:
  /// `segments` follow each other from row 0 on. Throws Error that names the file when one is missing or does
  /// not hold the rows that it should; their numbers are not read.
  RowStore(const std::string& folder, const std::vector<Segment>& segments, int64_t dimension,
           at::ScalarType dtype);

  int64_t size() const override { return size_; }
  int64_t dimension() const override { return dimension_; }
  /// Shares the memory of the file where all are in one.
  at::Tensor rows(int64_t begin, int64_t end) const override;

  at::ScalarType dtype() const { return dtype_; }

  /// `places` int64 (n) on the CPU, each a row -> float32 (n, D), a copy.
  at::Tensor gather(const at::Tensor& places) const;

 private:
  struct Part {
    int64_t first;
    at::Tensor rows;
  };
  size_t part_of(int64_t row) const;

  std::vector<Part> parts_;
  int64_t size_ = 0, dimension_ = 0;
  at::ScalarType dtype_;
};

/// The rows from `begin` up to `end` of others. [thread-safe]
class RowRange final : public StoredRows {
 public:
  RowRange(std::shared_ptr<const StoredRows> all, int64_t begin, int64_t end)
      : all_(std::move(all)), begin_(begin), end_(end) {}
  int64_t size() const override { return end_ - begin_; }
  int64_t dimension() const override { return all_->dimension(); }
  at::Tensor rows(int64_t begin, int64_t end) const override {
    return all_->rows(begin_ + begin, begin_ + end);
  }

 private:
  const std::shared_ptr<const StoredRows> all_;
  const int64_t begin_, end_;
};

/// Some rows of others, float32. [thread-safe]
class ChosenRows final : public StoredRows {
 public:
  /// `places` int64 (n), each a row of `all`.
  ChosenRows(std::shared_ptr<const RowStore> all, at::Tensor places)
      : all_(std::move(all)), places_(std::move(places)) {}
  int64_t size() const override { return places_.size(0); }
  int64_t dimension() const override { return all_->dimension(); }
  at::Tensor rows(int64_t begin, int64_t end) const override {
    return all_->gather(places_.slice(0, begin, end));
  }

 private:
  const std::shared_ptr<const RowStore> all_;
  const at::Tensor places_;
};

}  // namespace kindred::host
