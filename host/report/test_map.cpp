#include "host/report/test_map.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "host/report/sample_object.hpp"
#include "host/report/shown_rows.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kRowsAtOnce = 8192;
// Two directions are wanted. Some more make the iteration converge as the spectrum falls over all of them.
constexpr int64_t kDirections = 16, kIterations = 24;
constexpr uint64_t kSeed = 1;

at::Tensor tile(const at::Tensor& rows, const at::Tensor& mean, int64_t first) {
  return rows.slice(0, first, std::min(first + kRowsAtOnce, rows.size(0))) - mean;
}

/// float32 (D, D): the sum of squares and products of the rows about their mean.
at::Tensor scatter_of(const at::Tensor& rows, const at::Tensor& mean) {
  auto scatter = at::zeros({rows.size(1), rows.size(1)}, rows.options());
  for (int64_t first = 0; first < rows.size(0); first += kRowsAtOnce) {
    const auto part = tile(rows, mean, first);
    scatter.addmm_(part.t(), part);
  }
  return scatter;
}

/// float32 (D, W): directions that no matrix is likely to be blind to, the same in every run.
at::Tensor start_of(int64_t dimension, int64_t width) {
  const auto generator = at::detail::createCPUGenerator(kSeed);
  return at::randn({dimension, width}, generator, at::kFloat);
}

/// The eigenvectors of a symmetric matrix (D, D) with the two largest eigenvalues, (D, 2): block power
/// iteration, since all of them, as LAPACK would compute them, take seconds for D of some thousands. A matrix
/// with fewer rows than the block is solved at once.
std::tuple<at::Tensor, at::Tensor> leading(const at::Tensor& matrix) {
  const int64_t dimension = matrix.size(0), width = std::min(dimension, kDirections);
  const auto scale = matrix.abs().max().clamp_min(1e-30);
  const auto scaled = matrix / scale;  // its powers stay numbers
  auto basis = at::eye(dimension, scaled.options());
  if (dimension > width) {
    basis = start_of(dimension, width).to(scaled.device());
    for (int64_t i = 0; i < kIterations; ++i) {
      basis = scaled.matmul(std::get<0>(at::linalg_qr(basis, "reduced")));
    }
    basis = std::get<0>(at::linalg_qr(basis, "reduced"));
  }
  const auto small = basis.t().matmul(scaled.matmul(basis)).to(at::kDouble).cpu();
  const auto [values, vectors] = at::linalg_eigh((small + small.t()) / 2, "L");
  const int64_t kept = std::min<int64_t>(2, width);
  const auto last = at::arange(width - 1, width - 1 - kept, -1, at::kLong);
  const auto directions =
      basis.matmul(vectors.index_select(1, last).to(basis.scalar_type()).to(basis.device()));
  return {values.index_select(0, last) * scale.cpu().to(at::kDouble), directions};
}

/// The sign of an axis is arbitrary; this one does not change from run to run.
at::Tensor with_sign(const at::Tensor& directions) {
  const auto places = std::get<1>(directions.abs().max(0, true));
  return directions * directions.gather(0, places).sign();
}

/// Numbers in as few digits as a drawing needs.
json coordinates(const at::Tensor& column) {
  const auto values = column.contiguous();
  json out = json::array();
  for (int64_t i = 0; i < values.numel(); ++i)
    out.push_back(std::stod(fmt::format("{:.5g}", values.data_ptr<float>()[i])));
  return out;
}

json side_of(const at::Tensor& embeddings, const at::Tensor& chosen, Distance distance) {
  const auto plane = principal_plane(comparable_rows(distance, embeddings));
  const auto points = plane.points.index_select(0, chosen);
  return {{"x", coordinates(points.select(1, 0))},
          {"y", coordinates(points.select(1, 1))},
          {"variance_share", plane.variance_share}};
}

}  // namespace

Plane principal_plane(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  Plane plane;
  plane.points = at::zeros({rows.size(0), 2}, at::kFloat);
  if (rows.size(0) == 0 || rows.size(1) == 0) return plane;
  const auto mean = rows.mean(0);
  const auto scatter = scatter_of(rows, mean);
  const double all = scatter.diagonal().sum().item<double>();
  if (!(all > 0)) return plane;
  const auto [values, found] = leading(scatter);
  const auto directions = with_sign(found);
  for (int64_t first = 0; first < rows.size(0); first += kRowsAtOnce) {
    const auto part = tile(rows, mean, first).matmul(directions).cpu();
    plane.points.slice(0, first, first + part.size(0)).slice(1, 0, part.size(1)).copy_(part);
  }
  plane.variance_share = std::clamp(values.sum().item<double>() / all, 0.0, 1.0);
  return plane;
}

json test_map(const Dataset& dataset, const std::vector<SampleIndex>& rows, const at::Tensor& base,
              const at::Tensor& tuned, Distance distance) {
  const auto chosen = shown_rows(static_cast<int64_t>(rows.size()));
  const auto names = dataset.class_names();
  std::map<int64_t, size_t> classes;  // by label: its number among those of the map
  json out = {{"samples", json::array()}, {"classes", json::array()}, {"class_of", json::array()}};
  out["pairs"] = dataset.pairs().defined();
  for (const auto row : chosen) {
    const auto sample = to_int(rows[static_cast<size_t>(row)]);
    const auto label = dataset.labels()[static_cast<size_t>(sample)];
    const auto [place, is_new] = classes.emplace(label, classes.size());
    if (is_new) out["classes"].push_back(shown(class_title(names, label)));
    out["class_of"].push_back(place->second);
    out["samples"].push_back(shown(dataset.sample_name(sample)));
  }
  out["base"] = side_of(base, at::tensor(chosen, at::kLong), distance);
  out["tuned"] = side_of(tuned, at::tensor(chosen, at::kLong), distance);
  return out;
}

}  // namespace kindred::host
