#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "host/refinement/codes.hpp"
#include "host/refinement/refinements.hpp"
#include "host/refinement/row_transform.hpp"
#include "kindred/distance.hpp"
#include "kindred/index.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {

/// Which rows queries may find, and by which they may be refined.
struct AllowedRows {
  at::Tensor candidates{};  ///< bool (N) on the CPU; undefined: all
  at::Tensor excluded{};    ///< int64 (T) on the CPU: a row that each query shall not find, -1 for none;
                            ///< undefined: none
};

/// Rows in memory that are searched with refinements, each query for itself: what a query finds depends on
/// the rows and on it alone. [thread-safe]
class RefinedRows {
 public:
  /// `rows` (N, D) are what the model gives, on any device; `transform` is what learn_row_transform() gave of
  /// the same refinements. Throws Error when a refinement does not go with the distance or the rows.
  RefinedRows(Distance distance, const at::Tensor& rows, const Refinements& refinements,
              RowTransform transform = {});

  /// float32 (T, N) on the CPU: what orders the rows of each query, larger is nearer; minus infinity for rows
  /// that are not allowed. `queries` (T, D) are what the model gives. Rows that a refinement put in order
  /// stand before the others, which keep the order that they had.
  at::Tensor scores(const at::Tensor& queries, const AllowedRows& allowed = {}) const;

  /// The k nearest in this order. Their distances are those between rows and queries as they are transformed,
  /// so that they need not ascend.
  Neighbours search(const at::Tensor& queries, int64_t k, const AllowedRows& allowed = {}) const;

  /// What comparing a row needs in memory: 4 bytes a number, or its code. Where rows are scored again their
  /// numbers are read, too, but of few rows.
  int64_t bytes_per_row() const;

 private:
  at::Tensor first_scores(const at::Tensor& queries, const AllowedRows& allowed) const;
  at::Tensor nearest_rows(const at::Tensor& scores, int64_t k) const;
  void order_reciprocally(const at::Tensor& queries, at::Tensor& scores) const;

  Refinements refinements_;
  RowTransform transform_;
  ScoredRows rows_;
  std::optional<CodedRows> coded_;
};

}  // namespace kindred::host
