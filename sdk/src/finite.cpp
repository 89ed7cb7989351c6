#include "kindred/finite.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {
namespace {

bool ends_with(const std::string& name, const std::string& ending) {
  return name.size() >= ending.size() &&
         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

bool is_statistic(const std::string& name) {
  return ends_with(name, "running_mean") || ends_with(name, "running_var");
}

/// The smallest and the largest number: NaN where there is one.
struct Range {
  double least = 0, largest = 0;
  bool is_finite() const { return std::isfinite(least) && std::isfinite(largest); }
  bool has_nan() const { return std::isnan(least) || std::isnan(largest); }
};

Range range_of(const at::Tensor& x) {
  if (!x.defined() || x.numel() == 0 || !at::isFloatingType(x.scalar_type())) return {};
  const auto plain = x.detach();
  const bool narrow = plain.scalar_type() != at::kFloat && plain.scalar_type() != at::kDouble;
  const auto [least, largest] = at::aminmax(narrow ? plain.to(at::kFloat) : plain);
  return {least.item<double>(), largest.item<double>()};
}

std::string place_text(const at::Tensor& tensor, int64_t flat) {
  std::string text;
  for (int64_t d = tensor.dim() - 1; d >= 0; --d) {
    text = std::to_string(flat % tensor.size(d)) + (text.empty() ? "" : ", ") + text;
    flat /= tensor.size(d);
  }
  return "[" + text + "]";
}

}  // namespace

bool all_finite(const at::Tensor& x) { return range_of(x).is_finite(); }

at::Tensor rows_not_finite(const at::Tensor& rows) {
  if (rows.size(0) == 0 || all_finite(rows)) return at::empty({0}, at::kLong);
  return rows.detach().flatten(1).isfinite().all(1).logical_not().nonzero().squeeze(1).cpu();
}

std::string what_is_not_finite(const at::Tensor& row) {
  if (all_finite(row)) return "";
  const auto flat = row.detach().reshape({-1}).to(at::kCPU, at::kDouble);
  const auto first = flat.isfinite().logical_not().nonzero()[0].item<int64_t>();
  const double value = flat[first].item<double>();
  return "its number " + std::to_string(first + 1) + " of " + std::to_string(flat.numel()) + " is " +
         (std::isnan(value) ? "nan"
          : value > 0       ? "inf"
                            : "-inf") +
         ", but all must be finite";
}

std::string what_is_no_weight(const std::vector<NamedTensor>& tensors,
                              bool (*may_be_infinite)(const std::string&)) {
  for (const auto& one : tensors) {
    const auto range = range_of(one.tensor);
    const bool infinite_is_right =
        may_be_infinite != nullptr && may_be_infinite(one.name) && !is_statistic(one.name);
    if (range.has_nan() || (!range.is_finite() && !infinite_is_right)) {
      const auto wrong = one.tensor.detach().isfinite().logical_not().reshape({-1}).nonzero().squeeze(1);
      return "the tensor " + one.name + " holds " + std::to_string(wrong.numel()) + " of " +
             std::to_string(one.tensor.numel()) + " numbers that are not finite, the first at " +
             place_text(one.tensor, wrong[0].item<int64_t>());
    }
    if (ends_with(one.name, "running_var") && range.least < 0) {
      return "the tensor " + one.name + " is a variance, but its smallest number is " +
             std::to_string(range.least);
    }
  }
  return "";
}

}  // namespace kindred
