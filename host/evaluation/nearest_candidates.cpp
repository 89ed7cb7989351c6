#include "host/evaluation/nearest_candidates.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "kindred/exact_search.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kQueriesAtOnce = 4096;

/// What was found for the query `self`, without it, into the next k places of rows and distances.
void keep_others(const int64_t* found, const float* distances, int64_t count, int64_t self, int64_t k,
                 int64_t* rows, float* to) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count && kept < k; ++i) {
    if (found[i] == self) continue;
    rows[kept] = found[i];
    to[kept++] = distances[i];
  }
}

}  // namespace

Neighbours nearest_candidates(const at::Tensor& embeddings, const RetrievalTask& task,
                              const at::Tensor& queries, Distance distance, int64_t k) {
  const at::NoGradGuard no_grad;
  const int64_t count = queries.numel();
  Neighbours out{at::full({count, k}, -1, at::kLong),
                 at::full({count, k}, std::numeric_limits<float>::infinity(), at::kFloat)};
  if (count == 0) return out;
  const auto rows = comparable_rows(distance, embeddings);
  const TensorRows stored(rows);
  for (int64_t first = 0; first < count; first += kQueriesAtOnce) {
    const auto part = queries.slice(0, first, std::min(first + kQueriesAtOnce, count)).contiguous();
    const auto found = exact_search(stored, distance, rows.index_select(0, part.to(rows.device())).cpu(),
                                    {k + 1, task.candidates});
    const auto found_rows = found.rows.contiguous(), distances = found.distances.contiguous();
    const int64_t width = found_rows.size(1);
    for (int64_t i = 0; i < part.numel(); ++i) {
      keep_others(found_rows.data_ptr<int64_t>() + i * width, distances.data_ptr<float>() + i * width, width,
                  part.data_ptr<int64_t>()[i], k, out.rows.data_ptr<int64_t>() + (first + i) * k,
                  out.distances.data_ptr<float>() + (first + i) * k);
    }
  }
  return out;
}

}  // namespace kindred::host
