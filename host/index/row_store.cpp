#include "host/index/row_store.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {

RowStore::RowStore(const std::string& folder, const std::vector<Segment>& segments, int64_t dimension,
                   at::ScalarType dtype)
    : dimension_(dimension), dtype_(dtype) {
  for (const auto& segment : segments) {
    const auto path = (std::filesystem::path(folder) / segment.file).string();
    auto rows = map_npy(path);
    if (segment.first != size_ || rows.dim() != 2 || rows.size(0) != segment.rows ||
        rows.size(1) != dimension || rows.scalar_type() != dtype) {
      throw Error(fmt::format(
          "{} is not the file that the index names: it should hold the {} {} rows from {} on, of "
          "{} numbers; take the folder from a copy, or build the index again",
          path, segment.rows, dtype == at::kHalf ? "float16" : "float32", segment.first, dimension));
    }
    parts_.push_back({size_, std::move(rows)});
    size_ += segment.rows;
  }
}

size_t RowStore::part_of(int64_t row) const {
  const auto behind = std::upper_bound(parts_.begin(), parts_.end(), row,
                                       [](int64_t place, const Part& part) { return place < part.first; });
  return static_cast<size_t>(behind - parts_.begin()) - 1;
}

at::Tensor RowStore::rows(int64_t begin, int64_t end) const {
  if (begin < 0 || begin > end || end > size_)
    throw Error(fmt::format("rows {} to {} were asked of an index with {}", begin, end, size_));
  if (begin == end) return at::empty({0, dimension_}, dtype_);
  std::vector<at::Tensor> pieces;
  for (auto p = part_of(begin); begin < end; ++p) {
    const auto& part = parts_[p];
    const auto stop = std::min(end, part.first + part.rows.size(0));
    pieces.push_back(part.rows.slice(0, begin - part.first, stop - part.first));
    begin = stop;
  }
  return pieces.size() == 1 ? pieces.front() : at::cat(pieces);
}

at::Tensor RowStore::gather(const at::Tensor& places) const {
  if (parts_.size() == 1) return parts_.front().rows.index_select(0, places).to(at::kFloat);
  auto out = at::empty({places.size(0), dimension_}, at::kFloat);
  const auto wanted = places.contiguous();
  for (const auto& part : parts_) {
    const auto here = wanted.ge(part.first).logical_and(wanted.lt(part.first + part.rows.size(0)));
    const auto at = here.nonzero().squeeze(1);
    if (at.numel() == 0) continue;
    out.index_copy_(0, at, part.rows.index_select(0, wanted.index_select(0, at) - part.first).to(at::kFloat));
  }
  return out;
}

}  // namespace kindred::host
