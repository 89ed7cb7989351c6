#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

/// A pair whose score is at least this is one of similar objects where retrieval is measured.
constexpr float kSimilarScore = 0.5F;

/// The rows of a tensor at `places`; all of them where that is undefined.
at::Tensor chosen_rows(const at::Tensor& rows, const at::Tensor& places);

/// The pairs both of whose objects are among `samples`, with their places in it as rows. Undefined when
/// `pairs` is.
PairList pairs_within(const PairList& pairs, const std::vector<SampleIndex>& samples);

/// Pairs in batches: which training rows a batch of pairs needs, and the embeddings of those as pairs again.
class PairBatches {
 public:
  /// `pairs` are in rows of the training side, and `labels` int64 (N) are its labels.
  PairBatches(PairList pairs, const at::Tensor& labels);

  /// int64 (P): by what batch samplers choose: the label of both objects.
  const at::Tensor& labels() const { return labels_; }

  /// int64 (B) pairs -> int64 (2 B) training rows: the first objects, then the second ones.
  at::Tensor objects(const at::Tensor& batch) const;

  /// The pairs of `batch` from embeddings (S, D) of `samples` int64 (S). `asked`: int64 (2 B) on the CPU, the
  /// samples of objects(batch) in that order; those that could not be read are missing in `samples`, and
  /// their pairs are left out.
  ScoredPairs scored(const at::Tensor& batch, const at::Tensor& embeddings, const at::Tensor& samples,
                     const at::Tensor& asked) const;

 private:
  PairList pairs_;
  at::Tensor labels_;
};

}  // namespace kindred::host
