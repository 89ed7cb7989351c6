#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "host/index/index_folder.hpp"
#include "host/index/index_writer.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// The search over all items of an index as it was opened: its component answers for the rows that it was
/// built over, rows that were added since are compared one by one, and removed items are not found. All
/// distances are computed from the stored rows, as kindred/distance.hpp defines them. [thread-safe]
class LiveIndex {
 public:
  /// Loads the component, if there is one, with `make`. Throws Error, or what the component throws.
  /// `earlier`: the same index as it was before; what it loaded is taken over where it is still right.
  LiveIndex(std::shared_ptr<const IndexFolder> folder, const MakeIndex& make,
            const LiveIndex* earlier = nullptr);

  /// `queries` (Q, D), numbers of any type; for the cosine they need not have length 1. `candidates` bool
  /// (N): the rows that may be found, such as IndexFolder::select() gives them; undefined: all that are not
  /// removed. Throws Error when a query is none, or the request does not fit.
  Neighbours search(const at::Tensor& queries, int64_t k, const at::Tensor& candidates = {}) const;
  /// The same without the component: each query is compared with each row.
  Neighbours exact(const at::Tensor& queries, int64_t k, const at::Tensor& candidates = {}) const;

  const IndexFolder& folder() const { return *folder_; }
  /// Says whether search() finds the very rows that exact() finds.
  bool is_exact() const { return component_ == nullptr || component_->is_exact(); }
  /// Memory that searching takes beside the rows, in bytes.
  int64_t memory_bytes() const { return component_ == nullptr ? 0 : component_->memory_bytes(); }

 private:
  /// bool (N): the candidates whose items are not removed; undefined: all rows.
  at::Tensor allowed(const at::Tensor& candidates) const;
  at::Tensor prepared(const at::Tensor& queries) const;
  at::Tensor found_by_component(const at::Tensor& queries, int64_t k, const at::Tensor& candidates) const;

  std::shared_ptr<const IndexFolder> folder_;
  std::shared_ptr<Index> component_;  ///< null: all is searched exactly
};

/// What a sample says of the share of neighbours that are found.
struct Recall {
  int64_t k = 0, queries = 0;
  double share = 1;  ///< of the k nearest rows of each query; rows of equal distance count as well
};

/// Compares search() with exact() for rows of the index itself, evenly chosen, without the row that asks.
Recall sampled_recall(const LiveIndex& index, int64_t k = 10, int64_t queries = 200);

}  // namespace kindred::host
