#include "host/refinement/outlier_scores.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

void check_neighbours(const at::Tensor& neighbours, const at::Tensor& distances, const at::Tensor& labels) {
  const bool fits = neighbours.dim() == 2 && neighbours.scalar_type() == at::kLong &&
                    distances.scalar_type() == at::kFloat && distances.sizes() == neighbours.sizes() &&
                    labels.scalar_type() == at::kLong && labels.dim() == 1 &&
                    labels.size(0) == neighbours.size(0);
  if (!fits)
    throw Error("outliers need neighbours int64 (N, k), their distances float32 (N, k) and labels int64 (N)");
  if (neighbours.numel() > 0 &&
      (neighbours.min().item<int64_t>() < -1 || neighbours.max().item<int64_t>() >= labels.size(0))) {
    throw Error(fmt::format("neighbours are rows of the {} samples, or -1 for none; they go from {} to {}",
                            labels.size(0), neighbours.min().item<int64_t>(),
                            neighbours.max().item<int64_t>()));
  }
}

}  // namespace

std::vector<Outlier> outlier_scores(const at::Tensor& neighbours, const at::Tensor& distances,
                                    const at::Tensor& labels) {
  check_neighbours(neighbours, distances, labels);
  const auto* label = labels.data_ptr<int64_t>();
  const int64_t depth = neighbours.size(1);
  std::vector<Outlier> out;
  for (int64_t row = 0; row < neighbours.size(0); ++row) {
    const auto* other = neighbours.data_ptr<int64_t>() + row * depth;
    const auto* distance = distances.data_ptr<float>() + row * depth;
    double sum = 0, total = 0, wrong = 0;
    int64_t count = 0, differ = 0;
    for (int64_t n = 0; n < depth; ++n) {
      if (other[n] == row) throw Error(fmt::format("row {} is among its own neighbours; leave it out", row));
      if (other[n] < 0) continue;
      sum += distance[n];
      ++count;
    }
    if (count == 0) continue;
    const double mean = sum / static_cast<double>(count);
    std::map<int64_t, double> by_label;
    for (int64_t n = 0; n < depth; ++n) {
      if (other[n] < 0) continue;
      const double weight = mean > 0 ? std::exp(-distance[n] / mean) : 1;
      const bool is_other = label[other[n]] != label[row];
      by_label[label[other[n]]] += weight;
      total += weight;
      wrong += is_other ? weight : 0;
      differ += static_cast<int64_t>(is_other);
    }
    const auto likely = std::max_element(by_label.begin(), by_label.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    out.push_back(
        {row, wrong / total, static_cast<double>(differ) / static_cast<double>(count), count, likely->first});
  }
  std::sort(out.begin(), out.end(), [](const Outlier& a, const Outlier& b) {
    return std::tie(b.score, b.share, a.row) < std::tie(a.score, a.share, b.row);
  });
  return out;
}

}  // namespace kindred::host
