#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "kindred/module.hpp"
#include "kindred/params.hpp"

namespace kindred::nn {

/// The mean over all places of a map: (B, C, H, W) -> float32 (B, C).
at::Tensor global_average(const at::Tensor& x);

/// The generalised mean (Radenovic, Tolias, Chum 2018, "Fine-tuning CNN Image Retrieval with No Human
/// Annotation", equation 3): (mean of max(x, 1e-6)^p)^(1/p). The exponent p is trained and begins with 3: 1
/// is the mean, and the larger it is the closer the result is to the largest number.
class GeneralizedMean {
 public:
  GeneralizedMean();

  /// Over these dimensions of `x`, which are dropped -> float32. Finite, with finite gradients, for all
  /// finite x.
  at::Tensor operator()(const at::Tensor& x, at::IntArrayRef dimensions) const;

  /// Appends `prefix`power (1).
  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;

 private:
  at::Tensor power_;
};

/// How an encoder's last stage makes one row of the places of a map.
enum class PlacePooling { mean, gem };

/// Declares the parameter `pooling` of an encoder, a PlacePooling.
void describe_pooling(FieldSpec field);

/// The pooling that a user chooses by name: nothing trained for the mean, pool.power for the generalised
/// mean.
class GlobalPool {
 public:
  explicit GlobalPool(PlacePooling pooling = PlacePooling::mean) : pooling_(pooling) {}

  /// (B, C, H, W) -> float32 (B, C).
  at::Tensor operator()(const at::Tensor& x) const;
  void append_parameters(std::vector<NamedTensor>& out) const;

 private:
  PlacePooling pooling_;
  GeneralizedMean generalized_mean_;
};

}  // namespace kindred::nn
