#include "host/refinement/codes.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <tuple>

#include "kindred/exact_search.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kDecodedAtOnce = 2048;  // decoded rows that stay in a processor's cache

}  // namespace

CodedRows::CodedRows(CodeKind kind, const at::Tensor& rows) : kind_(kind), dimension_(rows.size(1)) {
  at::NoGradGuard no_grad;
  if (kind == CodeKind::int8) {
    const auto largest = std::get<0>(rows.abs().max(1, true));
    scales_ = largest.masked_fill(largest <= 0, 1) / 127;
    codes_ = (rows / scales_).round_().clamp_(-127, 127).to(at::kChar);
    return;
  }
  signs_ = SignCodes::learn(TensorRows(rows));
  codes_ = signs_.encoded(rows);
}

at::Tensor CodedRows::decoded(int64_t begin, int64_t end) const {
  const auto part = codes_.slice(0, begin, end);
  if (kind_ == CodeKind::int8) return part.to(at::kFloat).mul_(scales_.slice(0, begin, end));
  return signs_.decoded(part);
}

at::Tensor CodedRows::scores(Distance distance, const at::Tensor& queries) const {
  at::NoGradGuard no_grad;
  auto out = at::empty({queries.size(0), size()}, at::kFloat);
  const bool is_euclidean =
      distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
  for (int64_t begin = 0; begin < size(); begin += kDecodedAtOnce) {
    const auto end = std::min(begin + kDecodedAtOnce, size());
    ScoredRows part{distance, comparable_rows(distance, decoded(begin, end)), {}};
    if (is_euclidean) part.half_squares = squared_lengths(part.rows).mul_(0.5);
    out.slice(1, begin, end).copy_(part.scores(queries));
  }
  return out;
}

int64_t CodedRows::bytes_per_row() const {
  return kind_ == CodeKind::int8 ? dimension_ + int64_t{sizeof(float)} : codes_.size(1);
}

}  // namespace kindred::host
