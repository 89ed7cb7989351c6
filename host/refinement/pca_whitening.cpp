#include "host/refinement/pca_whitening.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace {

constexpr double kLeastVariance = 1e-10;  // of the largest: below it there is rounding of float32 alone
constexpr int64_t kLearnedAtOnce = 8192;

std::string mean_file(const std::string& folder) { return folder + "/whitening_mean.npy"; }
std::string projection_file(const std::string& folder) { return folder + "/whitening_projection.npy"; }

at::Tensor read_numbers(const std::string& path, int64_t dimensions) {
  const auto read = map_npy(path);
  if (read.scalar_type() != at::kFloat || read.dim() != dimensions || read.numel() == 0 ||
      !read.isfinite().all().item<bool>()) {
    throw Error(
        fmt::format("{} is no part of a whitening, which is finite float32 numbers in {} dimension{}; "
                    "make the index again",
                    path, dimensions, dimensions == 1 ? "" : "s"));
  }
  return read.clone();
}

}  // namespace

PcaWhitening::PcaWhitening(at::Tensor mean, at::Tensor projection)
    : mean_(std::move(mean)), projection_(std::move(projection)) {}

PcaWhitening PcaWhitening::learn(const at::Tensor& rows, int64_t dimension) {
  const auto part = [&](int64_t begin, int64_t end) { return rows.detach().slice(0, begin, end); };
  return learn(rows.size(0), rows.size(1), part, dimension);
}

PcaWhitening PcaWhitening::learn(int64_t count, int64_t width, const GiveRows& rows, int64_t dimension) {
  at::NoGradGuard no_grad;
  if (dimension < 1 || dimension > width) {
    throw Error(fmt::format("whitening to {} numbers was asked for; embeddings have {}, so take 1 to {}",
                            dimension, width, width));
  }
  const auto each_part = [&](const auto& action) {
    for (int64_t first = 0; first < count; first += kLearnedAtOnce) {
      const auto part = rows(first, std::min(first + kLearnedAtOnce, count));
      action(l2_normalized(part.to(at::kCPU, at::kFloat)).to(at::kDouble));
    }
  };
  auto mean = at::zeros({width}, at::kDouble), covariance = at::zeros({width, width}, at::kDouble);
  each_part([&](const at::Tensor& unit) { mean.add_(unit.sum(0)); });
  mean.div_(static_cast<double>(std::max<int64_t>(count, 1)));
  each_part([&](const at::Tensor& unit) {
    const auto centred = unit - mean;
    covariance.addmm_(centred.t(), centred);
  });
  covariance.div_(static_cast<double>(std::max<int64_t>(count, 1)));
  const auto [values, vectors] = at::linalg_eigh(covariance, "L");  // ascending
  const auto largest = values.flip(0);
  const auto enough =
      largest.gt(largest[0] * kLeastVariance).logical_and(largest.gt(0)).sum().item<int64_t>();
  if (enough < dimension) {
    throw Error(
        fmt::format("whitening to {} numbers needs training rows that vary in as many directions, and the {} "
                    "rows vary in {}; take at most that many, or more rows",
                    dimension, count, enough));
  }
  const auto kept = vectors.flip(1).slice(1, 0, dimension).t();  // (d, D), the largest first
  const auto projection = kept / largest.slice(0, 0, dimension).sqrt().unsqueeze(1);
  return {mean.to(at::kFloat), projection.to(at::kFloat).contiguous()};
}

at::Tensor PcaWhitening::apply(const at::Tensor& rows) const {
  at::NoGradGuard no_grad;
  if (rows.dim() != 2 || rows.size(1) != input_dimension()) {
    throw Error(
        fmt::format("the whitening was learned from embeddings of {} numbers and was given ones of {}; "
                    "both come from one model",
                    input_dimension(), rows.size(-1)));
  }
  const auto unit = l2_normalized(rows.detach().to(at::kFloat));
  const auto projection = projection_.to(rows.device());
  return l2_normalized(at::mm(unit - mean_.to(rows.device()), projection.t()));
}

void PcaWhitening::save(const std::string& folder) const {
  write_npy(mean_file(folder), mean_);
  write_npy(projection_file(folder), projection_);
}

PcaWhitening PcaWhitening::load(const std::string& folder) {
  auto mean = read_numbers(mean_file(folder), 1), projection = read_numbers(projection_file(folder), 2);
  if (projection.size(1) != mean.size(0) || projection.size(0) > projection.size(1)) {
    throw Error(fmt::format(
        "{} has shape ({}, {}), which does not fit the {} numbers of {}; make the index again",
        projection_file(folder), projection.size(0), projection.size(1), mean.size(0), mean_file(folder)));
  }
  return {std::move(mean), std::move(projection)};
}

}  // namespace kindred::host
