#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>

#include "host/export/network_graph.hpp"
#include "kindred/image.hpp"

namespace kindred::host {

/// Samples by which an export is checked.
struct ExportSamples {
  Batch raw;           ///< transformed pictures with their normalization, vectors or texts
  std::string source;  ///< where they come from, for the manifest

  int64_t size() const { return raw.data.size(0); }
  /// Those that `rows` int64 (B) names.
  Batch chosen(const at::Tensor& rows) const;
};

/// How many they are.
constexpr int64_t kExportSamples = 32;

/// How far apart two results may be: this much, or this share of the largest number where that is above 1.
constexpr double kLargestDifference = 1e-4;

/// Compares what a written file gives with what the model does, and says it for the manifest: {"runtime",
/// "samples", "batches", "source", "largest_difference", "largest_value"}. `taken`: what the file takes, in
/// batches of several sizes. `expected`: float32 (N, D). Throws Error where they lie too far apart.
nlohmann::json checked_network(const Network& written, const std::string& runtime,
                               const ExportSamples& samples, const at::Tensor& taken,
                               const at::Tensor& expected);

}  // namespace kindred::host
