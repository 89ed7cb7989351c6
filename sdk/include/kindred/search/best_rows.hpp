#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace kindred {

/// The `k` best of the rows that are offered: those with the largest scores, of equal scores those with the
/// smaller row numbers. What is kept does not depend on the order of the offers. A row whose score is
/// minus infinity or no number is never kept.
class BestRows {
 public:
  explicit BestRows(int64_t k) : k_(static_cast<size_t>(k)) {}

  /// Says whether a row of this score could be kept; a cheap question before the others.
  bool may_keep(float score) const { return score >= worst_; }
  void offer(float score, int64_t row) {
    if (may_keep(score)) take(score, row);
  }

  /// Offers what the other one keeps, which stays as it is.
  void offer_all_of(const BestRows& other) {
    for (const auto& one : other.heap_) offer(one.score, one.row);
  }

  /// Row numbers, best first. The object is empty afterwards.
  std::vector<int64_t> taken();

 private:
  struct Scored {
    float score;
    int64_t row;
  };
  static bool is_better(const Scored& a, const Scored& b) {
    return a.score > b.score || (a.score == b.score && a.row < b.row);
  }
  void take(float score, int64_t row);

  size_t k_;
  float worst_ = std::numeric_limits<float>::lowest();  // no row below it is of use
  std::vector<Scored> heap_;                            // its front is the worst one
};

/// Says which rows count for which query.
struct RowFilter {
  const bool* candidates = nullptr;   ///< (N) of all rows; null: every row
  const int64_t* excluded = nullptr;  ///< (Q) one row per query, -1 for none; null: none

  bool admits(int64_t query, int64_t row) const {
    return (candidates == nullptr || candidates[row]) && (excluded == nullptr || excluded[query] != row);
  }
};

/// Where a tile of scores (T, B) lies: query `first_query` + i, row `first_row` + j.
struct TilePlace {
  int64_t first_query, first_row;
  const int64_t* rows = nullptr;  ///< (B): the row of each column, ascending; null: they follow one another

  int64_t row(int64_t j) const { return rows == nullptr ? first_row + j : rows[j]; }
  /// The column of a row among `count`, -1 where it has none.
  int64_t column(int64_t row, int64_t count) const;
};

/// Offers every score of a tile that the filter admits to the best rows of its query; several threads share
/// the queries. `scores` float32 (T, B) on the CPU, contiguous; `best`: T.
void offer_all(const at::Tensor& scores, TilePlace place, const RowFilter& filter,
               std::vector<BestRows>& best);

/// The same result by at::topk on the device of the scores, so that little is copied from it. Ties at the
/// k-th place, which topk breaks as it likes, are told by one more place, and such queries are copied whole.
/// The scores are overwritten.
void offer_largest(at::Tensor& scores, TilePlace place, const RowFilter& filter, int64_t k,
                   std::vector<BestRows>& best);

}  // namespace kindred
