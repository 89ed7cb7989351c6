#include "nn/pooling.hpp"

#include <ATen/ATen.h>

namespace kindred::nn {
namespace {

constexpr double kSmallest = 1e-6, kInitialPower = 3;

}  // namespace

at::Tensor global_average(const at::Tensor& x) { return x.mean({2, 3}, false, at::kFloat); }

GeneralizedMean::GeneralizedMean() : power_(at::full({1}, kInitialPower, at::kFloat)) {}

at::Tensor GeneralizedMean::operator()(const at::Tensor& x, at::IntArrayRef dimensions) const {
  const auto values = x.to(at::kFloat).clamp_min(kSmallest);
  // A factor of all numbers is one of the result, whatever it is. With the largest as the factor no power of
  // small numbers becomes 0, of which the root would have no gradient.
  const auto largest = values.detach().amax(dimensions, true);
  const auto root = (values / largest).pow(power_).mean(dimensions).pow(power_.reciprocal());
  return root * largest.reshape(root.sizes());
}

void GeneralizedMean::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  out.push_back({prefix + "power", power_});
}

void describe_pooling(FieldSpec field) {
  field
      .doc(
          "What makes one row of the last map: its mean, or gem, the generalised mean with a trained "
          "exponent (Radenovic et al. 2018).")
      .one_of({"mean", "gem"});
}

at::Tensor GlobalPool::operator()(const at::Tensor& x) const {
  return pooling_ == PlacePooling::mean ? global_average(x) : generalized_mean_(x, {2, 3});
}

void GlobalPool::append_parameters(std::vector<NamedTensor>& out) const {
  if (pooling_ == PlacePooling::gem) generalized_mean_.append_parameters("pool.", out);
}

}  // namespace kindred::nn
