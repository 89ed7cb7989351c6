#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "kindred/metric.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// int64 (N): which of `clusters` each row is in, by k-means (Lloyd 1982) from k-means++ (Arthur,
/// Vassilvitskii 2007) centres. embeddings float32 (N, D), N >= clusters >= 1; the same seed gives the same
/// clusters. Distances to the centres are made in tiles of at most `tile_bytes`.
at::Tensor k_means(const at::Tensor& embeddings, int64_t clusters, uint64_t seed,
                   int64_t tile_bytes = EvaluatedSet().tile_bytes);

/// How two partitions of N rows overlap: only what is not empty, so that memory is O(N) however many parts
/// there are. All int64.
struct Contingency {
  at::Tensor counts;                   ///< (F): rows that a part of one and a part of the other share
  at::Tensor of_row, of_column;        ///< (F): all rows of the one part, of the other
  at::Tensor row_sizes, column_sizes;  ///< (C), (K): of all parts
};

/// Counts what the parts of two partitions share; a and b are int64 (N).
Contingency contingency(const at::Tensor& a, const at::Tensor& b);

/// Mutual information of two partitions over the mean of their entropies (Manning, Raghavan, Schütze 2008,
/// section 16.3); 1 where both have one part.
double normalized_mutual_information(const Contingency& table);

/// The same, corrected for chance (Vinh, Epps, Bailey 2010, AMI_sum): (MI - E) / (mean entropy - E), E the
/// mean over all pairs of partitions with the same sizes.
double adjusted_mutual_information(const Contingency& table);

/// These are the parameters of metrics that cluster. There are as many clusters as classes, on embeddings of
/// length 1 for cosine.
struct ClusteringParams {
  std::string distance = "cosine";
  static void describe(Schema<ClusteringParams>& schema) {
    schema.field("distance", &ClusteringParams::distance)
        .doc("cosine clusters embeddings of length 1, euclidean as they are.")
        .one_of({"cosine", "euclidean"});
  }
};

/// Clusters the set and counts its classes against the clusters.
Contingency clustered(const EvaluatedSet& set, const ClusteringParams& params);

}  // namespace kindred
