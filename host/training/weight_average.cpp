#include "host/training/weight_average.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/model/model.hpp"

namespace kindred::host {

WeightAverage::WeightAverage(std::vector<NamedTensor> weights, double decay)
    : weights_(std::move(weights)), average_(snapshot(weights_)), decay_(decay) {}

void WeightAverage::update() {
  at::NoGradGuard no_grad;
  const auto t = static_cast<double>(updates_++);
  const double decay = std::min(decay_, (1 + t) / (10 + t));
  for (size_t i = 0; i < weights_.size(); ++i) average_[i].tensor.lerp_(weights_[i].tensor, 1 - decay);
}

void WeightAverage::add_to_mean() {
  at::NoGradGuard no_grad;
  const double share = 1 / static_cast<double>(++updates_);
  for (size_t i = 0; i < weights_.size(); ++i) average_[i].tensor.lerp_(weights_[i].tensor, share);
}

void WeightAverage::swap() {
  const auto weights = snapshot(weights_);
  restore(weights_, average_);
  restore(average_, weights);
}

void WeightAverage::put_in() {
  if (is_in_ || updates_ == 0) return;
  swap();
  is_in_ = true;
}

void WeightAverage::take_out() {
  if (!is_in_) return;
  swap();
  is_in_ = false;
}

}  // namespace kindred::host
