#include "host/training/optimizer.hpp"

#include <torch/optim.h>
#include <torch/serialize.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "kindred/error.hpp"

namespace kindred::host {

struct Optimizer::State {
  ScheduleOptions schedule;
  int64_t epochs;
  double gradient_clip;
  std::unique_ptr<torch::optim::Optimizer> optimizer;
  std::vector<double> base_rates;  // by parameter group
  std::vector<at::Tensor> parameters;
};

namespace {

std::unique_ptr<torch::optim::OptimizerOptions> options_of(const OptimizerOptions& o) {
  using namespace torch::optim;
  const auto betas = std::make_tuple(o.beta1, o.beta2);
  if (o.type == OptimizerType::sgd) {
    return std::make_unique<SGDOptions>(
        SGDOptions(o.lr).momentum(o.momentum).nesterov(o.nesterov).weight_decay(o.weight_decay));
  }
  if (o.type == OptimizerType::adamw) {
    return std::make_unique<AdamWOptions>(
        AdamWOptions(o.lr).betas(betas).eps(o.epsilon).weight_decay(o.weight_decay));
  }
  return std::make_unique<AdamOptions>(
      AdamOptions(o.lr).betas(betas).eps(o.epsilon).weight_decay(o.weight_decay));
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(
    const OptimizerOptions& o, const std::vector<torch::optim::OptimizerParamGroup>& groups) {
  using namespace torch::optim;
  const auto options = options_of(o);
  if (o.type == OptimizerType::sgd) return std::make_unique<SGD>(groups, static_cast<SGDOptions&>(*options));
  if (o.type == OptimizerType::adamw) {
    return std::make_unique<AdamW>(groups, static_cast<AdamWOptions&>(*options));
  }
  return std::make_unique<Adam>(groups, static_cast<AdamOptions&>(*options));
}

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, const ScheduleOptions& schedule, int64_t epochs,
                     double gradient_clip, const ParameterGroups& groups)
    : state_(new State{schedule, epochs, gradient_clip, nullptr, {}, {}}) {
  // One group of LibTorch's per learning rate and decay.
  std::map<std::pair<double, bool>, std::vector<at::Tensor>> by_options;
  const auto add = [&](const std::vector<NamedTensor>& named, double rate,
                       const std::vector<double>& factors) {
    for (size_t i = 0; i < named.size(); ++i) {
      auto tensor = named[i].tensor;
      tensor.requires_grad_(true);  // components hand out plain tensors: the host decides what learns
      state_->parameters.push_back(tensor);
      const double base = (rate > 0 ? rate : options.lr) * (factors.empty() ? 1 : factors[i]);
      by_options[{base, tensor.dim() > 1}].push_back(tensor);
    }
  };
  add(groups.encoder, options.encoder_lr, groups.encoder_factors);
  add(groups.head, options.head_lr, groups.head_factors);
  add(groups.loss, options.loss_lr, groups.loss_factors);
  if (state_->parameters.empty()) {
    throw Error(
        "there is nothing to train: the encoder is frozen and neither head nor loss has parameters; "
        "set epochs to 0, make the encoder trainable or add a head");
  }
  std::vector<torch::optim::OptimizerParamGroup> torch_groups;
  for (const auto& [key, tensors] : by_options) {
    torch_groups.emplace_back(tensors);
    state_->base_rates.push_back(key.first);
  }
  state_->optimizer = make_optimizer(options, torch_groups);
  // Set afterwards: on construction a decay of 0 would count as not given, and be replaced.
  auto group = state_->optimizer->param_groups().begin();
  auto without_decay = options;
  without_decay.weight_decay = 0;
  for (const auto& [key, unused] : by_options)
    (group++)->set_options(options_of(key.second ? options : without_decay));
}

Optimizer::~Optimizer() = default;

double schedule_factor(const ScheduleOptions& schedule, int64_t epoch, int64_t epochs) {
  if (epoch < schedule.warmup_epochs) {
    return static_cast<double>(epoch + 1) / static_cast<double>(schedule.warmup_epochs + 1);
  }
  if (schedule.type == ScheduleType::cosine) {
    const auto length = static_cast<double>(std::max<int64_t>(epochs - schedule.warmup_epochs, 1));
    const double progress = std::min(1.0, static_cast<double>(epoch - schedule.warmup_epochs) / length);
    return schedule.final_fraction +
           (1 - schedule.final_fraction) * 0.5 * (1 + std::cos(progress * 3.14159265358979323846));
  }
  if (schedule.type == ScheduleType::step) {
    const int64_t reductions = (epoch - schedule.warmup_epochs) / schedule.step_epochs;
    return std::pow(schedule.gamma, static_cast<double>(reductions));
  }
  return 1.0;
}

void Optimizer::start_epoch(int64_t epoch) {
  const double factor = schedule_factor(state_->schedule, epoch, state_->epochs);
  auto& groups = state_->optimizer->param_groups();
  for (size_t i = 0; i < groups.size(); ++i) groups[i].options().set_lr(state_->base_rates[i] * factor);
}

void Optimizer::zero_gradients() {
  for (auto& parameter : state_->parameters) parameter.mutable_grad() = at::Tensor();
}

at::Tensor Optimizer::squared_gradient_norm() const {
  at::Tensor sum;
  for (const auto& parameter : state_->parameters) {
    if (!parameter.grad().defined()) continue;
    const auto square = parameter.grad().norm().to(at::kDouble).square();
    sum = sum.defined() ? sum + square : square;
  }
  return sum;
}

bool Optimizer::step(double norm) {
  if (!std::isfinite(norm)) return false;
  if (state_->gradient_clip > 0 && norm > state_->gradient_clip) {
    for (auto& parameter : state_->parameters) {
      if (parameter.grad().defined()) parameter.mutable_grad().mul_(state_->gradient_clip / norm);
    }
  }
  state_->optimizer->step();
  return true;
}

std::string Optimizer::saved() const {
  std::ostringstream bytes;
  torch::save(*state_->optimizer, bytes);
  return bytes.str();
}

void Optimizer::load(const std::string& path) { torch::load(*state_->optimizer, path); }

}  // namespace kindred::host
