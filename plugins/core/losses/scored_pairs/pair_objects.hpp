#pragma once

#include <ATen/core/Tensor.h>

#include "kindred/loss.hpp"

namespace kindred {

/// The U distinct objects of a batch of scored pairs: one object may be in many of them, on either side.
struct PairObjects {
  at::Tensor a, b;  ///< int64 (P) each: what the pairs consist of, from 0 to U - 1
  int64_t count;    ///< U, at most 2 P
};

PairObjects distinct_objects(const ScoredPairs& pairs);

/// bool (P): a score of at least one half says that the two are similar.
at::Tensor are_similar(const at::Tensor& scores);

/// bool (U, U), symmetric: an object and itself, or the two of a pair that are_similar().
at::Tensor similar_objects(const PairObjects& objects, const at::Tensor& scores);

/// bool (U, U), symmetric: some subgroup has both, so that nothing is known of them but by their pairs.
at::Tensor share_a_subgroup(const PairObjects& objects, const at::Tensor& subgroups);

/// (U, D): the embedding of each object; the mean, where its places differ, so that their order says nothing.
at::Tensor object_embeddings(const PairObjects& objects, const ScoredPairs& pairs);

}  // namespace kindred
