#include "clustering.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kindred/distance.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

constexpr int kRounds = 100;

at::Tensor first_centres(const at::Tensor& x, int64_t clusters, Random& random) {
  std::vector<int64_t> chosen = {random.below(x.size(0))};
  auto nearest =
      distance_matrix(Distance::squared_euclidean, x, x.slice(0, chosen[0], chosen[0] + 1)).squeeze(1);
  while (static_cast<int64_t>(chosen.size()) < clusters) {
    const auto sums = nearest.to(at::kDouble).cumsum(0).contiguous();
    const double total = sums[-1].item<double>();
    const auto draw = at::full({1}, random.uniform(0, 1) * total, sums.options());
    // Where all rows are centres already, any will do.
    const int64_t next =
        total > 0 ? std::min(at::searchsorted(sums, draw, false, true).item<int64_t>(), x.size(0) - 1)
                  : random.below(x.size(0));
    chosen.push_back(next);
    nearest = nearest.minimum(
        distance_matrix(Distance::squared_euclidean, x, x.slice(0, next, next + 1)).squeeze(1));
  }
  return x.index_select(0, at::tensor(chosen, at::kLong).to(x.device()));
}

double entropy(const at::Tensor& counts, double total) {
  const auto share = counts.masked_select(counts > 0).to(at::kDouble) / total;
  return -(share * share.log()).sum().item<double>();
}

struct Information {
  double mutual, mean_entropy, total;
};

Information information(const at::Tensor& table) {
  const auto counts = table.to(at::kDouble);
  const double total = counts.sum().item<double>();
  const auto rows = counts.sum(1, true), columns = counts.sum(0, true);
  const auto filled = counts > 0;
  const auto ratio = at::where(filled, counts * total / (rows * columns).clamp_min(1), at::ones_like(counts));
  return {(counts / total * ratio.log()).sum().item<double>(),
          (entropy(rows.reshape({-1}), total) + entropy(columns.reshape({-1}), total)) / 2, total};
}

/// E[MI] of two random partitions with the same sizes: the sum over all cells and all counts that a cell can
/// have, hypergeometric.
double expected_mutual_information(const at::Tensor& table) {
  const auto sizes = [](const at::Tensor& x) {
    const auto plain = x.contiguous();
    return std::vector<int64_t>(plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel());
  };
  const auto rows = sizes(table.sum(1)), columns = sizes(table.sum(0));
  const auto total = table.sum().item<int64_t>();
  std::vector<double> log_factorial(static_cast<size_t>(total + 1));
  for (int64_t i = 2; i <= total; ++i) {
    log_factorial[static_cast<size_t>(i)] =
        log_factorial[static_cast<size_t>(i - 1)] + std::log(static_cast<double>(i));
  }
  const auto log_f = [&](int64_t n) { return log_factorial[static_cast<size_t>(n)]; };
  const auto n = static_cast<double>(total);
  double sum = 0;
  for (const auto a : rows) {
    for (const auto b : columns) {
      if (a == 0 || b == 0) continue;
      const double fixed = log_f(a) + log_f(b) + log_f(total - a) + log_f(total - b) - log_f(total);
      for (int64_t both = std::max<int64_t>(1, a + b - total); both <= std::min(a, b); ++both) {
        const auto c = static_cast<double>(both);
        const double log_probability =
            fixed - log_f(both) - log_f(a - both) - log_f(b - both) - log_f(total - a - b + both);
        sum += c / n * std::log(n * c / (static_cast<double>(a) * static_cast<double>(b))) *
               std::exp(log_probability);
      }
    }
  }
  return sum;
}

}  // namespace

at::Tensor k_means(const at::Tensor& embeddings, int64_t clusters, uint64_t seed) {
  at::NoGradGuard no_grad;
  const auto x = embeddings.detach().to(at::kFloat);
  Random random(seed);
  auto centres = first_centres(x, clusters, random);
  at::Tensor assigned;
  for (int round = 0; round < kRounds; ++round) {
    const auto nearest = distance_matrix(Distance::squared_euclidean, x, centres).argmin(1);
    if (assigned.defined() && at::equal(nearest, assigned)) break;
    assigned = nearest;
    const auto counts = assigned.bincount({}, clusters).to(x.scalar_type()).unsqueeze(1);
    const auto sums = at::zeros_like(centres).index_add(0, assigned, x);
    centres =
        at::where(counts > 0, sums / counts.clamp_min(1), centres);  // an empty cluster stays where it is
  }
  return assigned.cpu();
}

at::Tensor contingency(const at::Tensor& a, const at::Tensor& b) {
  const auto [rows, row] = at::_unique(a, true, true);
  const auto [columns, column] = at::_unique(b, true, true);
  return (row * columns.numel() + column)
      .bincount({}, rows.numel() * columns.numel())
      .view({rows.numel(), columns.numel()});
}

double normalized_mutual_information(const at::Tensor& table) {
  const auto found = information(table);
  return found.mean_entropy > 0 ? found.mutual / found.mean_entropy : 1;
}

double adjusted_mutual_information(const at::Tensor& table) {
  const auto found = information(table);
  const double expected = expected_mutual_information(table);
  const double room = found.mean_entropy - expected;
  return std::abs(room) > 1e-15 ? (found.mutual - expected) / room : 1;
}

at::Tensor clustered(const EvaluatedSet& set, const ClusteringParams& params) {
  const auto x = params.distance == "cosine" ? l2_normalized(set.embeddings) : set.embeddings;
  const auto classes = std::get<0>(at::_unique(set.labels)).numel();
  return contingency(set.labels, k_means(x, classes, set.seed));
}

}  // namespace kindred
