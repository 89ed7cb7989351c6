#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "search_request.hpp"

namespace kindred {
namespace {

constexpr int64_t kNumbersAtOnce = int64_t{1} << 21;  // of each side of the distances
constexpr int64_t kRowsOfThread = 64;                 // fewer are fetched sooner than a thread is woken

/// Pairs of a query and a row.
struct Pairs {
  std::vector<int64_t> queries, rows;
};

Pairs pairs_of(const at::Tensor& found, int64_t size) {
  Pairs out;
  const auto plain = found.contiguous();
  const auto* row = plain.data_ptr<int64_t>();
  for (int64_t i = 0; i < plain.numel(); ++i) {
    if (row[i] == -1) continue;
    if (row[i] < 0 || row[i] >= size) {
      throw Error("row " + std::to_string(row[i]) + " was found, and the rows are 0 to " +
                  std::to_string(size - 1) + "; what found it was built over other rows");
    }
    out.queries.push_back(i / plain.size(1));
    out.rows.push_back(row[i]);
  }
  return out;
}

/// float32 (P, D) on the device of the rows: those of these numbers, in their order.
at::Tensor gathered(const StoredRows& rows, const int64_t* numbers, int64_t count) {
  if (const auto first = rows.rows(0, 1); !first.is_cpu()) {
    const auto chosen = at::from_blob(const_cast<int64_t*>(numbers), {count}, at::kLong);
    return rows.rows(0, rows.size()).index_select(0, chosen.to(first.device())).to(at::kFloat);
  }
  const int64_t dimension = rows.dimension();
  auto out = at::empty({count, dimension}, at::kFloat);
  auto* to = out.data_ptr<float>();
  at::parallel_for(0, count, kRowsOfThread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = rows.rows(numbers[i], numbers[i] + 1);
      if (row.scalar_type() == at::kFloat) {
        std::copy_n(row.data_ptr<float>(), dimension, to + i * dimension);
      } else {
        std::copy_n(row.data_ptr<at::Half>(), dimension, to + i * dimension);
      }
    }
  });
  return out;
}

/// float32 on the CPU: the distance of each pair.
at::Tensor distances_of(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                        const Pairs& pairs) {
  const auto count = static_cast<int64_t>(pairs.rows.size());
  const int64_t step = std::max<int64_t>(kNumbersAtOnce / std::max<int64_t>(rows.dimension(), 1), 1);
  const auto places = at::tensor(pairs.queries, at::kLong);
  auto out = at::empty({count}, at::kFloat);
  for (int64_t first = 0; first < count; first += step) {
    const auto end = std::min(first + step, count);
    const auto others = gathered(rows, pairs.rows.data() + first, end - first);
    const auto chosen = queries.index_select(0, places.slice(0, first, end)).to(others.device());
    out.slice(0, first, end).copy_(paired_distance(distance, chosen, others));
  }
  return out.masked_fill_(out.isnan(), std::numeric_limits<float>::infinity());  // those have no order
}

/// Writes the `k` nearest of `count` rows of one query in the order of their distances.
void write_ordered(const int64_t* rows, const float* distances, int64_t count, int64_t k, int64_t* out_rows,
                   float* out_distances) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  const auto kept = std::min(k, count);
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int64_t a, int64_t b) {
    return distances[a] < distances[b] || (distances[a] == distances[b] && rows[a] < rows[b]);
  });
  for (int64_t n = 0; n < kept; ++n) {
    out_rows[n] = rows[order[static_cast<size_t>(n)]];
    out_distances[n] = distances[order[static_cast<size_t>(n)]];
  }
}

}  // namespace

Neighbours rescored(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                    const at::Tensor& found, int64_t k) {
  at::NoGradGuard no_grad;
  check_queries(rows, distance, queries);
  if (k < 1) throw Error("k is " + std::to_string(k) + "; at least one neighbour can be searched");
  if (found.scalar_type() != at::kLong || found.dim() != 2 || found.size(0) != queries.size(0)) {
    throw Error("found rows are int64 (" + std::to_string(queries.size(0)) + ", M), M for each query");
  }
  const int64_t count = queries.size(0);
  Neighbours out{at::full({count, k}, -1, at::kLong),
                 at::full({count, k}, std::numeric_limits<float>::infinity(), at::kFloat)};
  const auto pairs = pairs_of(found, rows.size());
  const auto distances = distances_of(rows, distance, queries, pairs);
  for (size_t begin = 0, end = 0; begin < pairs.rows.size(); begin = end) {
    const auto query = pairs.queries[begin];
    while (end < pairs.rows.size() && pairs.queries[end] == query) ++end;
    write_ordered(pairs.rows.data() + begin, distances.data_ptr<float>() + begin,
                  static_cast<int64_t>(end - begin), k, out.rows.data_ptr<int64_t>() + query * k,
                  out.distances.data_ptr<float>() + query * k);
  }
  return out;
}

}  // namespace kindred
