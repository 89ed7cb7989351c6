#include "linear.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace kindred {

Linear::Linear(int64_t inputs, int64_t outputs) {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  weight_ = at::empty({outputs, inputs}, at::kFloat).uniform_(-bound, bound);
  bias_ = at::empty({outputs}, at::kFloat).uniform_(-bound, bound);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::addmm(bias_, x, weight_.t()); }

void Linear::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "weight", weight_});
  out.push_back({prefix + "bias", bias_});
}

at::Tensor dropped(const at::Tensor& x, double probability, bool training) {
  return probability > 0 && training ? at::dropout(x, probability, true) : x;
}

}  // namespace kindred
