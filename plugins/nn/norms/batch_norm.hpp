#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

/// `epsilon` is added to the variance; running statistics move by `momentum` towards those of each batch.
struct BatchNormConstants {
  double epsilon, momentum;
};

/// Says by which statistics a batch norm divides.
struct NormStatistics {
  bool of_batch = false;  ///< those of the batch, towards which the running ones move; else the running ones
  std::shared_ptr<const SumOverProcesses> sum{};  ///< the batch is that of all processes; null: of this one
};

/// A component whose batch norms are all of this folder: it hands norm_statistics() to them.
class SharesNormStatistics : public SharesStatistics {
 public:
  bool share_statistics(std::shared_ptr<const SumOverProcesses> sum) final {
    sum_ = std::move(sum);
    return true;
  }

 protected:
  /// Says by what its norms divide. `of_batch`: see NormStatistics.
  NormStatistics norm_statistics(bool of_batch) const { return {of_batch, sum_}; }

 private:
  std::shared_ptr<const SumOverProcesses> sum_;
};

/// Batch normalisation of (B, D) (Ioffe, Szegedy 2015, algorithms 1 and 2): momentum 0.1, epsilon 1e-5; by
/// running statistics in evaluation and for a batch of one. Convolutions have ConvolutionNorm.
class BatchNorm {
 public:
  explicit BatchNorm(int64_t width);

  at::Tensor operator()(const at::Tensor& x, const NormStatistics& statistics) const;
  std::vector<NamedTensor> parameters(const std::string& prefix = "bn.") const;
  std::vector<NamedTensor> buffers(const std::string& prefix = "bn.") const;

 private:
  at::Tensor scale_, shift_, running_mean_, running_var_;
};

}  // namespace kindred::nn
