#include "host/export/export_check.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// Sizes of batches, of which the last is what is left.
std::vector<int64_t> batch_sizes(int64_t samples) {
  std::vector<int64_t> sizes;
  for (const int64_t wanted : {int64_t{1}, int64_t{7}, samples}) {
    const auto size = std::min(wanted, samples);
    if (size > 0) sizes.push_back(size);
    samples -= size;
  }
  return sizes;
}

at::Tensor in_batches(const Network& network, const at::Tensor& taken, const std::vector<int64_t>& sizes) {
  std::vector<at::Tensor> parts;
  int64_t first = 0;
  for (const auto size : sizes) {
    parts.push_back(network(taken.slice(0, first, first + size).contiguous()).to(at::kFloat));
    first += size;
  }
  return at::cat(parts);
}

}  // namespace

Batch ExportSamples::chosen(const at::Tensor& rows) const {
  Batch some = raw;
  some.data = raw.data.index_select(0, rows);
  if (raw.lengths.defined()) some.lengths = raw.lengths.index_select(0, rows);
  return some;
}

nlohmann::json checked_network(const Network& written, const std::string& runtime,
                               const ExportSamples& samples, const at::Tensor& taken,
                               const at::Tensor& expected) {
  const auto sizes = batch_sizes(taken.size(0));
  at::Tensor given;
  try {
    given = in_batches(written, taken, sizes);
  } catch (const std::exception& error) {
    throw Error(
        fmt::format("{} does not compute the exported file: {}", runtime, without_trace(error.what())));
  }
  if (given.sizes() != expected.sizes())
    throw Error(fmt::format("{} gives {} for the exported file where the model gives {}", runtime,
                            shape_text(given), shape_text(expected)));
  const double difference = (given - expected).abs().max().item<double>();
  const double largest = expected.abs().max().item<double>();
  if (!(difference <= kLargestDifference * std::max(1.0, largest))) {
    throw Error(fmt::format(
        "the exported file gives other embeddings than the model: numbers up to {:.3g} differ by up to "
        "{:.3g} in {}, and {:.0e} of the largest is allowed; nothing was written",
        largest, difference, runtime, kLargestDifference));
  }
  return {{"runtime", runtime},       {"samples", taken.size(0)},         {"batches", sizes},
          {"source", samples.source}, {"largest_difference", difference}, {"largest_value", largest}};
}

}  // namespace kindred::host
