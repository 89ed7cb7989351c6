#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "kindred/metric.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// int64 (N): which of `clusters` each row is in, by k-means (Lloyd 1982) from k-means++ (Arthur,
/// Vassilvitskii 2007) centres. embeddings float32 (N, D), N >= clusters >= 1; the same seed gives the same
/// clusters.
at::Tensor k_means(const at::Tensor& embeddings, int64_t clusters, uint64_t seed);

/// int64 (C, K): how many rows of class c are in cluster k; a, b int64 (N).
at::Tensor contingency(const at::Tensor& a, const at::Tensor& b);

/// Mutual information of two partitions over the mean of their entropies; 1 where both have one part.
double normalized_mutual_information(const at::Tensor& table);

/// The same, corrected for chance (Vinh, Epps, Bailey 2010, eqs. 24 and AMI_sum): (MI - E) / (mean entropy -
/// E).
double adjusted_mutual_information(const at::Tensor& table);

/// Of metrics that cluster: as many clusters as there are classes, on embeddings of length 1 for cosine.
struct ClusteringParams {
  std::string distance = "cosine";
  static void describe(Schema<ClusteringParams>& schema) {
    schema.field("distance", &ClusteringParams::distance)
        .doc("cosine clusters embeddings of length 1, euclidean as they are.")
        .one_of({"cosine", "euclidean"});
  }
};

/// Classes against clusters of the set.
at::Tensor clustered(const EvaluatedSet& set, const ClusteringParams& params);

}  // namespace kindred
