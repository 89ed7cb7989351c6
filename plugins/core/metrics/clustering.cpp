#include "clustering.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "kindred/distance.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

constexpr int kRounds = 100;

/// What `of` makes of the squared distances of rows to all centres, a few rows at a time.
template <class Of>
at::Tensor by_tiles(const at::Tensor& x, const at::Tensor& centres, int64_t tile_bytes, Of of) {
  const int64_t bytes_of_a_row = 4 * (centres.size(0) + centres.size(1));
  std::vector<at::Tensor> tiles;
  for (const auto& rows : x.split(std::max<int64_t>(1, tile_bytes / bytes_of_a_row)))
    tiles.push_back(of(distance_matrix(Distance::squared_euclidean, rows, centres)));
  return at::cat(tiles);
}

at::Tensor first_centres(const at::Tensor& x, int64_t clusters, Random& random, int64_t tile_bytes) {
  const auto distances_to = [&](int64_t row) {
    return by_tiles(x, x.slice(0, row, row + 1), tile_bytes,
                    [](const at::Tensor& distances) { return distances.squeeze(1); });
  };
  std::vector<int64_t> chosen = {random.below(x.size(0))};
  auto nearest = distances_to(chosen[0]);
  while (static_cast<int64_t>(chosen.size()) < clusters) {
    const auto sums = nearest.to(at::kDouble).cumsum(0).contiguous();
    const double total = sums[-1].item<double>();
    const auto draw = at::full({1}, random.uniform(0, 1) * total, sums.options());
    // Where all rows are centres already, any will do.
    const int64_t next =
        total > 0 ? std::min(at::searchsorted(sums, draw, false, true).item<int64_t>(), x.size(0) - 1)
                  : random.below(x.size(0));
    chosen.push_back(next);
    nearest = nearest.minimum(distances_to(next));
  }
  return x.index_select(0, at::tensor(chosen, at::kLong).to(x.device()));
}

double entropy(const at::Tensor& sizes, double total) {
  const auto share = sizes.to(at::kDouble) / total;
  return -(share * share.log()).sum().item<double>();
}

struct Information {
  double mutual, mean_entropy;
};

Information information(const Contingency& table) {
  const auto counts = table.counts.to(at::kDouble);
  const double total = counts.sum().item<double>();
  const auto ratio = counts * total / (table.of_row.to(at::kDouble) * table.of_column);
  return {(counts / total * ratio.log()).sum().item<double>(),
          (entropy(table.row_sizes, total) + entropy(table.column_sizes, total)) / 2};
}

/// Sizes of parts, and how many parts have each.
std::map<int64_t, int64_t> how_often(const at::Tensor& sizes) {
  std::map<int64_t, int64_t> out;
  const auto plain = sizes.contiguous();
  for (int64_t i = 0; i < plain.numel(); ++i) ++out[plain.data_ptr<int64_t>()[i]];
  return out;
}

/// E[MI] of two random partitions with the same sizes: the sum over all cells and all counts that a cell can
/// have, hypergeometric. Cells of parts of equal sizes have the same sum.
double expected_mutual_information(const Contingency& table) {
  const auto total = table.counts.sum().item<int64_t>();
  std::vector<double> log_factorial(static_cast<size_t>(total + 1));
  for (int64_t i = 2; i <= total; ++i) {
    log_factorial[static_cast<size_t>(i)] =
        log_factorial[static_cast<size_t>(i - 1)] + std::log(static_cast<double>(i));
  }
  const auto log_f = [&](int64_t n) { return log_factorial[static_cast<size_t>(n)]; };
  const auto n = static_cast<double>(total);
  const auto of_cell = [&](int64_t a, int64_t b) {
    const double fixed = log_f(a) + log_f(b) + log_f(total - a) + log_f(total - b) - log_f(total);
    double sum = 0;
    for (int64_t both = std::max<int64_t>(1, a + b - total); both <= std::min(a, b); ++both) {
      const auto c = static_cast<double>(both);
      const double log_probability =
          fixed - log_f(both) - log_f(a - both) - log_f(b - both) - log_f(total - a - b + both);
      sum += c / n * std::log(n * c / (static_cast<double>(a) * static_cast<double>(b))) *
             std::exp(log_probability);
    }
    return sum;
  };
  const auto rows = how_often(table.row_sizes), columns = how_often(table.column_sizes);
  double sum = 0;
  for (const auto& [a, of_a] : rows) {
    for (const auto& [b, of_b] : columns)
      sum += static_cast<double>(of_a) * static_cast<double>(of_b) * of_cell(a, b);
  }
  return sum;
}

}  // namespace

at::Tensor k_means(const at::Tensor& embeddings, int64_t clusters, uint64_t seed, int64_t tile_bytes) {
  at::NoGradGuard no_grad;
  const auto x = embeddings.detach().to(at::kFloat);
  Random random(seed);
  auto centres = first_centres(x, clusters, random, tile_bytes);
  at::Tensor assigned;
  for (int round = 0; round < kRounds; ++round) {
    const auto nearest =
        by_tiles(x, centres, tile_bytes, [](const at::Tensor& distances) { return distances.argmin(1); });
    if (assigned.defined() && at::equal(nearest, assigned)) break;
    assigned = nearest;
    const auto counts = assigned.bincount({}, clusters).to(x.scalar_type()).unsqueeze(1);
    const auto sums = at::zeros_like(centres).index_add(0, assigned, x);
    centres =
        at::where(counts > 0, sums / counts.clamp_min(1), centres);  // an empty cluster stays where it is
  }
  return assigned.cpu();
}

Contingency contingency(const at::Tensor& a, const at::Tensor& b) {
  const auto [rows, row, row_sizes] = at::_unique2(a, true, true, true);
  const auto [columns, column, column_sizes] = at::_unique2(b, true, true, true);
  const auto [cells, unused, counts] = at::_unique2(row * columns.numel() + column, true, false, true);
  return {counts, row_sizes.index_select(0, cells.floor_divide(columns.numel())),
          column_sizes.index_select(0, cells.remainder(columns.numel())), row_sizes, column_sizes};
}

double normalized_mutual_information(const Contingency& table) {
  const auto found = information(table);
  return found.mean_entropy > 0 ? found.mutual / found.mean_entropy : 1;
}

double adjusted_mutual_information(const Contingency& table) {
  const auto found = information(table);
  const double expected = expected_mutual_information(table);
  const double room = found.mean_entropy - expected;
  return std::abs(room) > 1e-15 ? (found.mutual - expected) / room : 1;
}

Contingency clustered(const EvaluatedSet& set, const ClusteringParams& params) {
  const auto x = params.distance == "cosine" ? l2_normalized(set.embeddings) : set.embeddings;
  const auto classes = std::get<0>(at::_unique(set.labels)).numel();
  return contingency(set.labels, k_means(x, classes, set.seed, set.tile_bytes));
}

}  // namespace kindred
