#include "core/losses/loss_sums.hpp"

#include <ATen/ATen.h>

namespace kindred {

LossSums one_sum(const at::Tensor& sum, const at::Tensor& count) {
  return {sum.reshape({1}), count.to(sum.scalar_type()).reshape({1})};
}

LossSums one_sum(const at::Tensor& sum, int64_t count) {
  return {sum.reshape({1}), at::full({1}, static_cast<double>(count), sum.options().requires_grad(false))};
}

LossSums sums_of_all(const at::Tensor& values) { return one_sum(values.sum(), values.numel()); }

LossSums both(const LossSums& one, const LossSums& other) {
  return {at::cat({one.sums, other.sums}), at::cat({one.counts, other.counts})};
}

}  // namespace kindred
