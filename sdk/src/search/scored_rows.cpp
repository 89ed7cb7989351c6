#include "kindred/search/scored_rows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kindred/error.hpp"

namespace kindred {
namespace {

constexpr double kLeastOrdinary = 1e-12, kMostOrdinary = 1e15;  // magnitudes whose squares need no care
constexpr int kMostExponent = 126;                              // of a power of two that float32 holds
constexpr double kLeastSquare = 1e-35;                          // with all its digits, each of its terms too
constexpr int64_t kSquaresAtOnce = int64_t{4} << 20;            // numbers

}  // namespace

ScoredRows ScoredRows::part(int64_t begin, int64_t end) const {
  return {distance, rows.slice(0, begin, end),
          half_squares.defined() ? half_squares.slice(0, begin, end) : half_squares};
}

at::Tensor ScoredRows::scores(const at::Tensor& queries) const {
  if (!is_euclidean(distance) && distance.kind != Distance::cosine && distance.kind != Distance::dot) {
    return distance_matrix(distance, queries, rows).neg_();
  }
  auto scores = at::mm(queries, rows.t());
  if (half_squares.defined()) scores.sub_(half_squares);
  return scores;
}

at::Tensor ScoredRows::distances(const at::Tensor& queries, const at::Tensor& places) const {
  const auto others = rows.index_select(0, places);
  if (distance.kind == Distance::cosine) return 1 - (queries * others).sum(1);  // both are of unit length
  return paired_distance(distance, queries, others);
}

at::Tensor comparable_rows(Distance distance, const at::Tensor& rows) {
  const auto plain = rows.detach().to(at::kFloat).contiguous();
  return distance.kind == Distance::cosine ? l2_normalized(plain) : plain;
}

at::Tensor squared_lengths(const at::Tensor& rows) {
  const int64_t count = rows.size(0);
  const int64_t step = std::max<int64_t>(kSquaresAtOnce / std::max<int64_t>(rows.size(1), 1), 1);
  auto out = at::empty({count}, rows.options());
  for (int64_t first = 0; first < count; first += step) {
    const auto end = std::min(first + step, count);
    out.slice(0, first, end).copy_(rows.slice(0, first, end).square().sum(1));
  }
  return out;
}

int64_t first_lost(const at::Tensor& rows, const at::Tensor& squares) {
  const auto lost = squares.lt(kLeastSquare).nonzero().cpu();
  for (int64_t i = 0; i < lost.size(0); ++i) {
    const auto row = lost.data_ptr<int64_t>()[i];
    if (rows[row].ne(0).any().item<bool>()) return row;
  }
  return -1;
}

namespace {

/// Rows of a common scale are in the same order: where their squares, or products, are no numbers of float32,
/// all are multiplied by one power of two. Throws Error that names a row which is too short beside the
/// longest one.
at::Tensor in_range(Distance distance, const at::Tensor& rows) {
  if (distance.kind == Distance::cosine || distance.kind == Distance::manhattan || rows.numel() == 0)
    return rows;
  const auto [least, most] = at::aminmax(rows);
  const double largest = std::max(-least.item<double>(), most.item<double>());
  if (largest == 0 || !std::isfinite(largest) || (largest >= kLeastOrdinary && largest <= kMostOrdinary))
    return rows;
  auto scaled = rows * std::ldexp(1.0, -std::clamp(std::ilogb(largest), -kMostExponent, kMostExponent));
  if (distance.kind == Distance::dot) return scaled;
  if (const auto row = first_lost(scaled, squared_lengths(scaled)); row >= 0) {
    throw Error("embedding " + std::to_string(row) + " of " + std::to_string(rows.size(0)) +
                " is so much shorter than the longest one that float32 cannot tell their distances apart; "
                "bring them to one length, or take the cosine");
  }
  return scaled;
}

}  // namespace

ScoredRows scored_rows(Distance distance, const at::Tensor& rows) {
  ScoredRows out{distance, in_range(distance, comparable_rows(distance, rows)), {}};
  if (is_euclidean(distance)) out.half_squares = squared_lengths(out.rows).mul_(0.5);
  return out;
}

}  // namespace kindred
