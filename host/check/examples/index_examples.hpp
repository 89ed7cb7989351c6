#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/check/rule.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// Rows of a tensor: float16 or float32 (N, D) on the CPU, contiguous.
class HeldRows final : public StoredRows {
 public:
  explicit HeldRows(at::Tensor rows);
  int64_t size() const override;
  int64_t dimension() const override;
  at::Tensor rows(int64_t begin, int64_t end) const override;
  const at::Tensor& all() const { return rows_; }

 private:
  at::Tensor rows_;
};

/// What an index is tried on: `count` rows around centres, one centre for every 40, and `queries` near the
/// same centres; of length 1 where the distance is the cosine.
struct IndexExample {
  std::shared_ptr<const HeldRows> rows;
  at::Tensor queries;  ///< float32 (Q, D)
};
IndexExample index_example(int64_t count, int64_t queries, Distance distance, bool half = false);

/// The distances of queries from rows as float64 (Q, N), each computed by the definition in
/// kindred/distance.hpp, and by nothing that an index could share.
at::Tensor true_distances(Distance distance, const at::Tensor& queries, const at::Tensor& rows);

/// Those distances of an example, infinite where a row is no candidate.
at::Tensor true_distances(Distance distance, const IndexExample& of, const at::Tensor& candidates);

/// The share of the k nearest rows that was found. A row that is as near as the k-th nearest, but for
/// rounding, counts as one of them. 1 when there is nothing to find.
double recall(const Neighbours& found, const at::Tensor& distances, int64_t k);

/// The distances that the index takes, in the order of distance_names(). Throws RuleBroken when it takes
/// none, or refuses one by a sentence that does not name it.
std::vector<std::string> distances_of(const Subject& subject);

/// An index of this kind, built over the rows.
std::shared_ptr<Index> built(const Subject& subject, const std::shared_ptr<const StoredRows>& rows,
                             Distance distance);

/// Throws RuleBroken unless `found` is what Neighbours promises for a search among `rows` rows.
void require_well_formed(const Neighbours& found, int64_t queries, int64_t rows, const IndexSearch& request);

/// How many rows were found for each query, int64 (Q).
at::Tensor found_count(const Neighbours& found);

/// Rules about what an index writes, which have a file of their own.
std::vector<Rule> index_file_rules();

}  // namespace kindred::host
