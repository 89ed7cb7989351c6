#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "kindred/random.hpp"

namespace kindred {

/// Where layers register their tensors under the names of the published checkpoints.
struct TensorList {
  std::vector<NamedTensor> parameters, buffers;
};

enum class Activation { none, relu, relu6 };

/// How a border is filled. centred: `kernel / 2` zeros on every side. same: TensorFlow's, which gives
/// ceil(size / stride) outputs; a surplus zero goes right and below.
enum class Padding { centred, same };

struct ConvolutionShape {
  int64_t inputs, outputs, kernel = 1, stride = 1, groups = 1;
  Padding padding = Padding::centred;
};

/// Convolution without a bias, batch norm, activation, in the dtype of the input. The weight
/// (out, in / groups, k, k) is drawn by He et al. 2015 (fan out); names are "<convolution>.weight" and
/// "<norm>.weight", ".bias", ".running_mean", ".running_var".
class ConvolutionNorm {
 public:
  struct Norm {
    double epsilon, momentum;
  };
  ConvolutionNorm() = default;
  ConvolutionNorm(const std::string& convolution, const std::string& norm, const ConvolutionShape& shape,
                  const Norm& constants, TensorList& list, uint64_t seed);

  /// (B, in, H, W) -> (B, out, ...). `batch_statistics`: normalises by the batch's own mean and variance,
  /// and updates the running ones.
  at::Tensor operator()(const at::Tensor& x, Activation activation, bool batch_statistics) const;

 private:
  at::Tensor convolved(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       Activation activation) const;
  ConvolutionShape shape_{};
  Norm constants_{};
  at::Tensor weight_, scale_, shift_, mean_, variance_;
};

/// Fully connected layer with bias, U(-1/sqrt(in), 1/sqrt(in)).
class FullyConnected {
 public:
  FullyConnected() = default;
  FullyConnected(const std::string& name, int64_t inputs, int64_t outputs, TensorList& list, uint64_t seed);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
};

/// (B, C, H, W) -> float32 (B, C).
at::Tensor global_average(const at::Tensor& x);

/// Loads `path` into the tensors of `list`. Names of the file that `ignore` accepts may be surplus. Throws
/// Error naming what is missing or misshapen.
void load_weights(const std::string& what, const std::string& path, const TensorList& list,
                  bool (*ignore)(const std::string&));

}  // namespace kindred
