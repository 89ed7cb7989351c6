#include "host/training/low_rank.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/issue.hpp"
#include "host/training/tensor_patterns.hpp"

namespace kindred::host {
namespace {

bool is_matrix(const NamedTensor& one) { return one.tensor.dim() == 2; }

}  // namespace

LowRankMatrix::LowRankMatrix(NamedTensor weight, const LoraOptions& options, Random random)
    : weight_(std::move(weight)),
      initial_(weight_.tensor.detach().clone()),
      b_(at::zeros({initial_.size(0), options.rank}, initial_.options())),
      scale_(options.alpha / static_cast<double>(options.rank)) {
  const auto inputs = initial_.size(1);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  auto drawn =
      at::empty({options.rank, inputs}, at::kFloat);  // on the CPU, so that all devices have the same
  auto* numbers = drawn.data_ptr<float>();
  for (int64_t i = 0; i < drawn.numel(); ++i) numbers[i] = static_cast<float>(random.uniform(-bound, bound));
  a_ = drawn.to(initial_.options());
}

std::vector<NamedTensor> LowRankMatrix::factors() const {
  return {{weight_.name + ".lora_A", a_}, {weight_.name + ".lora_B", b_}};
}

void LowRankMatrix::follow_learning() {
  weight_.tensor.requires_grad_(a_.requires_grad() || b_.requires_grad());
}

void LowRankMatrix::take_gradient() {
  at::NoGradGuard no_grad;
  auto& of_weight = weight_.tensor.mutable_grad();
  if (!of_weight.defined()) return;
  const auto gradient = of_weight * scale_;
  if (a_.requires_grad()) a_.mutable_grad() = b_.t().matmul(gradient);
  if (b_.requires_grad()) b_.mutable_grad() = gradient.matmul(a_.t());
  of_weight = at::Tensor();
}

void LowRankMatrix::write_weight() {
  at::NoGradGuard no_grad;
  weight_.tensor.copy_(at::addmm(initial_, b_, a_, 1, scale_));
}

std::vector<NamedTensor> lora_targets(const EncoderSpec& spec, const EncoderPart& part) {
  const auto parameters = part.trained_parameters();
  const auto pointer = spec.pointer + "/trainable/lora";
  std::vector<Issue> issues;
  for (size_t i = 0; i < spec.lora->targets.size(); ++i) {
    const auto& pattern = spec.lora->targets[i];
    const bool finds = std::any_of(parameters.begin(), parameters.end(), [&](const NamedTensor& one) {
      return is_matrix(one) && matches_pattern(pattern, one.name);
    });
    if (finds) continue;
    std::string examples;
    size_t shown = 0;
    for (const auto& one : parameters) {
      if (is_matrix(one) && shown < 3) examples += (shown++ > 0 ? ", " : "") + one.name;
    }
    issues.push_back({spec.file, pointer + "/targets/" + std::to_string(i),
                      shown == 0
                          ? part.id + " has no matrices in its trained stages; leave \"lora\" out"
                          : fmt::format("no matrix that is trained is called \"{}\"; there are such as {}",
                                        pattern, examples)});
  }
  std::vector<NamedTensor> targets;
  for (const auto& one : parameters) {
    const bool is_asked_for =
        is_matrix(one) &&
        std::any_of(spec.lora->targets.begin(), spec.lora->targets.end(),
                    [&](const std::string& pattern) { return matches_pattern(pattern, one.name); });
    if (!is_asked_for) continue;
    const auto smaller = std::min(one.tensor.size(0), one.tensor.size(1));
    if (spec.lora->rank >= smaller && issues.empty()) {
      issues.push_back({spec.file, pointer + "/rank",
                        fmt::format("{} is not less than the smaller side of {}, which is {} x {}, so that "
                                    "factors would not be smaller than the matrix",
                                    spec.lora->rank, one.name, one.tensor.size(0), one.tensor.size(1))});
    }
    targets.push_back(one);
  }
  if (!issues.empty()) throw PipelineError(issues);
  return targets;
}

}  // namespace kindred::host
