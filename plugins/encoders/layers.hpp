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

/// Convolution without a bias; weight (out, in / groups, k, k), drawn by He et al. 2015 (fan out).
class Convolution {
 public:
  Convolution() = default;
  Convolution(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride,
              int64_t groups, TensorList& list, uint64_t seed);
  /// (B, in, H, W) -> (B, out, ...) with `kernel / 2` zeros on every side.
  at::Tensor operator()(const at::Tensor& x) const;
  /// The same with TensorFlow's "same" padding: ceil(size / stride) outputs, a surplus zero goes right and
  /// below.
  at::Tensor same(const at::Tensor& x) const;

 private:
  at::Tensor convolved(const at::Tensor& x, int64_t rows, int64_t columns) const;
  at::Tensor weight_;
  int64_t kernel_ = 1, stride_ = 1, groups_ = 1;
};

class BatchNorm {
 public:
  BatchNorm() = default;
  BatchNorm(const std::string& name, int64_t channels, double epsilon, double momentum, TensorList& list);
  at::Tensor operator()(const at::Tensor& x, bool training) const;

 private:
  at::Tensor scale_, shift_, mean_, variance_;
  double epsilon_ = 1e-5, momentum_ = 0.1;
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
