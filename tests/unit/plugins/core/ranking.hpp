#pragma once

#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/metric.hpp"

namespace kindred::testing {

/// The full ranking of every row against all others, by brute force; on the CPU, wherever it was computed.
inline Ranking ranked_by_cosine(const at::Tensor& embeddings, const at::Tensor& labels) {
  auto distances = distance_matrix(Distance::cosine, embeddings, embeddings);
  distances.fill_diagonal_(1e9);
  const auto order = distances.argsort(1, false).slice(1, 0, labels.numel() - 1);
  Ranking ranking;
  ranking.relevant = labels.index_select(0, order.reshape(-1)).reshape(order.sizes()) == labels.unsqueeze(1);
  ranking.relevant_count = ranking.relevant.sum(1);
  const auto rank = at::arange(1, labels.numel(), labels.options()).unsqueeze(0).expand(order.sizes());
  const auto first = rank.masked_fill(ranking.relevant.logical_not(), labels.numel()).amin(1);
  ranking.first_relevant = first.masked_fill(ranking.relevant_count == 0, 0);
  return {ranking.relevant.cpu(), ranking.relevant_count.cpu(), ranking.first_relevant.cpu()};
}

}  // namespace kindred::testing
