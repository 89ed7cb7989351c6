#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred {

/// Batch normalisation of (B, D) (Ioffe, Szegedy 2015, algorithms 1 and 2): momentum 0.1, epsilon 1e-5; by
/// running statistics in evaluation and for a batch of one.
class BatchNorm {
 public:
  explicit BatchNorm(int64_t width)
      : scale_(at::ones({width}, at::kFloat)),
        shift_(at::zeros({width}, at::kFloat)),
        running_mean_(at::zeros({width}, at::kFloat)),
        running_var_(at::ones({width}, at::kFloat)) {}

  at::Tensor operator()(const at::Tensor& x, bool training) const {
    return at::batch_norm(x, scale_, shift_, running_mean_, running_var_, training && x.size(0) > 1, 0.1,
                          1e-5, false);
  }
  std::vector<NamedTensor> parameters(const std::string& prefix = "bn.") const {
    return {{prefix + "weight", scale_}, {prefix + "bias", shift_}};
  }
  std::vector<NamedTensor> buffers(const std::string& prefix = "bn.") const {
    return {{prefix + "running_mean", running_mean_}, {prefix + "running_var", running_var_}};
  }

 private:
  at::Tensor scale_, shift_, running_mean_, running_var_;
};

}  // namespace kindred
