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

/// How encoders name the matrices that make queries and values.
std::vector<std::string> attention_patterns() {
  return {"*query.weight", "*value.weight", "*q_proj.weight", "*v_proj.weight"};
}

std::vector<NamedTensor> matrices_of(std::vector<NamedTensor> tensors) {
  const auto is_none = [](const NamedTensor& one) { return one.tensor.dim() != 2; };
  tensors.erase(std::remove_if(tensors.begin(), tensors.end(), is_none), tensors.end());
  return tensors;
}

/// Those of `tensors` whose names one of the patterns fits.
std::vector<NamedTensor> matching(const std::vector<NamedTensor>& tensors,
                                  const std::vector<std::string>& patterns) {
  std::vector<NamedTensor> found;
  for (const auto& one : tensors) {
    const auto fits = [&](const std::string& pattern) { return matches_pattern(pattern, one.name); };
    if (std::any_of(patterns.begin(), patterns.end(), fits)) found.push_back(one);
  }
  return found;
}

std::string examples_of(const std::vector<NamedTensor>& tensors) {
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < std::min(tensors.size(), kShown); ++i)
    names += (i > 0 ? ", " : "") + tensors[i].name;
  return names;
}

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
  const auto matrices = matrices_of(part.trained_parameters());
  const auto refuse = [&](const std::string& key, const std::string& message) {
    throw PipelineError({{spec.file, spec.pointer + "/trainable/lora" + key, message}});
  };
  if (matrices.empty()) refuse("", part.id + " has no matrices in its trained stages; leave \"lora\" out");
  const auto& asked = spec.lora->targets;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (!matching(matrices, {asked[i]}).empty()) continue;
    refuse("/targets/" + std::to_string(i),
           fmt::format("no matrix that is trained is called \"{}\"; there are such as {}", asked[i],
                       examples_of(matrices)));
  }
  auto targets = matching(matrices, asked.empty() ? attention_patterns() : asked);
  if (targets.empty()) {
    refuse("/targets", fmt::format("{} has no queries and values of attention in its trained stages; name "
                                   "matrices such as {}",
                                   part.id, examples_of(matrices)));
  }
  for (const auto& [name, tensor] : targets) {
    if (spec.lora->rank < std::min(tensor.size(0), tensor.size(1))) continue;
    refuse("/rank", fmt::format("{} is not less than the smaller side of {}, which is {} x {}, so that "
                                "factors would not be smaller than the matrix",
                                spec.lora->rank, name, tensor.size(0), tensor.size(1)));
  }
  return targets;
}

}  // namespace kindred::host
