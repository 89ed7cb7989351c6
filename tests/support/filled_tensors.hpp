#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/image.hpp"
#include "kindred/module.hpp"
#include "kindred/random.hpp"

namespace kindred::testing {

/// A tensor that is filled by its name, as value_of of filled_tensors.py does.
inline at::Tensor value_of(const std::string& name, const std::vector<int64_t>& shape) {
  const auto ends_with = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  uint64_t hash = 14695981039346656037ull;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  int64_t inputs = 1;
  if (shape.size() == 2 || shape.size() == 4) {
    for (size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
  }
  const bool is_bias = ends_with("bias");
  const bool is_scale = ends_with("lambda1") || ends_with("gamma") || ends_with("gamma_1") ||
                        ends_with("gamma_2") ||
                        (ends_with("weight") && name.find("norm") != std::string::npos);
  const double factor = inputs > 1 ? std::sqrt(12.0 / static_cast<double>(inputs)) : 1;
  auto tensor = at::empty(shape, at::kFloat);
  auto* values = tensor.data_ptr<float>();
  for (int64_t j = 0; j < tensor.numel(); ++j) {
    const double u = static_cast<double>(splitmix64(hash + static_cast<uint64_t>(j)) >> 40) * 0x1.0p-24;
    double value = (u - 0.5) * factor;
    if (is_scale) value = 0.5 + u;
    if (is_bias) value = 0.2 * (u - 0.5);
    values[j] = static_cast<float>(value);
  }
  return tensor;
}

/// Tensors of these names, each with the shape that `shapes` gives it.
inline std::vector<NamedTensor> filled_tensors(const nlohmann::json& shapes) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, shape] : shapes.items())
    tensors.push_back({name, value_of(name, shape.get<std::vector<int64_t>>())});
  return tensors;
}

/// Two pictures, as pictures() of the scripts that write golden files gives them.
inline Batch golden_pictures(int64_t height, int64_t width) {
  return {value_of("pictures", {2, 3, height, width}) * 4, {}};
}

/// Numbers of a golden file as float64.
inline at::Tensor tensor_of(const nlohmann::json& values, at::IntArrayRef shape) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble).view(shape);
}

/// The largest difference; infinite for tensors of different sizes.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace kindred::testing
