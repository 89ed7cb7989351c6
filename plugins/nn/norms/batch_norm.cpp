#include "nn/norms/batch_norm.hpp"

#include <ATen/ATen.h>

#include "nn/norms/shared_norm.hpp"

namespace kindred::nn {
namespace {

constexpr BatchNormConstants kRowNorm = {1e-5, 0.1};

}  // namespace

BatchNorm::BatchNorm(int64_t width)
    : scale_(at::ones({width}, at::kFloat)),
      shift_(at::zeros({width}, at::kFloat)),
      running_mean_(at::zeros({width}, at::kFloat)),
      running_var_(at::ones({width}, at::kFloat)) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x, const NormStatistics& statistics) const {
  if (statistics.of_batch && statistics.sum)
    return shared_norm(x, {scale_, shift_, running_mean_, running_var_}, kRowNorm, statistics.sum);
  return at::batch_norm(x, scale_, shift_, running_mean_, running_var_, statistics.of_batch && x.size(0) > 1,
                        kRowNorm.momentum, kRowNorm.epsilon, false);
}

std::vector<NamedTensor> BatchNorm::parameters(const std::string& prefix) const {
  return {{prefix + "weight", scale_}, {prefix + "bias", shift_}};
}

std::vector<NamedTensor> BatchNorm::buffers(const std::string& prefix) const {
  return {{prefix + "running_mean", running_mean_}, {prefix + "running_var", running_var_}};
}

}  // namespace kindred::nn
