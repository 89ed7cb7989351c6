#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>

#include "kindred/distance.hpp"
#include "kindred/index.hpp"

namespace kindred {

/// The nearest rows of queries float32 (Q, D), each compared with every candidate, in memory bounded by a few
/// tiles and what is kept. It is what every index is measured against.
///
/// The k rows of a query are chosen by scores in float32 (kindred/search/scored_rows.hpp), then ordered by
/// their distances, each of which depends on its two rows alone. So neither tiles nor threads decide more
/// than the choice between rows whose distances to the query differ by less than the rounding of a product in
/// float32. A row that is no number is never found; check_rows() finds such rows.
///
/// Rows that lie on another device than the CPU are compared there; what is found is on the CPU.
///
/// Throws Error when the request or the queries do not fit the rows, or a query has no distance to anything.
/// [thread-safe]
Neighbours exact_search(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                        const IndexSearch& request);

/// The k nearest among the rows that something else found: `found` int64 (Q, M) on the CPU are row numbers,
/// -1 for none, none of them twice for one query. Their distances are computed from the rows. What is chosen
/// by estimates, such as codes, gets its true order in this way. Throws Error as exact_search() does, and
/// when there is no such row. [thread-safe]
Neighbours rescored(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                    const at::Tensor& found, int64_t k);

/// Throws Error when one of `rows` (N, D) has no distance to anything: a number of it is not finite, or its
/// squared length is none that float32 can hold. The sentence names the first one; `what` is "row" or
/// "query".
void check_rows(Distance distance, const at::Tensor& rows, const std::string& what);

/// The rows of a tensor float16 or float32 (N, D), contiguous, which it shares; of length 1 where the
/// distance is the cosine, as comparable_rows() makes them.
class __attribute__((visibility("default"))) TensorRows final : public StoredRows {
 public:
  explicit TensorRows(at::Tensor rows) : rows_(std::move(rows)) {}
  int64_t size() const override { return rows_.size(0); }
  int64_t dimension() const override { return rows_.size(1); }
  at::Tensor rows(int64_t begin, int64_t end) const override { return rows_.slice(0, begin, end); }

 private:
  at::Tensor rows_;
};

}  // namespace kindred
