#include "convnext_network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "kindred/error.hpp"
#include "nn/initialization.hpp"

namespace kindred {
namespace {

constexpr int64_t kPatch = 4, kHalf = 2;
constexpr int64_t kSmallestSide = kPatch * kHalf * kHalf * kHalf;  // px, of which one place is left
constexpr double kInitialDeviation = 0.02;

bool has_end(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string stage_prefix(size_t stage) { return "stages." + std::to_string(stage) + "."; }

}  // namespace

ConvNextNetwork::ConvNextNetwork(const ConvNextConfig& config, nn::PlacePooling pooling)
    : config_(config), pool_(pooling), norm_(config.widths.back(), config.last_epsilon) {
  const auto& widths = config.widths;
  for (size_t stage = 0; stage < kConvNextStages; ++stage) {
    const auto prefix = stage_prefix(stage);
    const bool is_first = stage == 0;
    const int64_t inputs = is_first ? 3 : widths[stage - 1], outputs = widths[stage];
    const int64_t side = is_first ? kPatch : kHalf;
    const auto name = is_first ? std::string("stem.") : prefix + "downsample.";
    Reduction reduction{!is_first, nn::LayerNorm(is_first ? outputs : inputs, config.epsilon)};
    if (!is_first) reduction.norm.append_parameters(name + "0.", list_.parameters);
    reduction.convolution =
        BiasedConvolution(name + (is_first ? "0." : "1."), {inputs, outputs, side, side}, list_);
    if (is_first) reduction.norm.append_parameters(name + "1.", list_.parameters);
    reductions_.push_back(reduction);
    for (int64_t block = 0; block < config.depths[stage]; ++block)
      blocks_.emplace_back(prefix + "blocks." + std::to_string(block) + ".", outputs, config, list_);
    stage_ends_.push_back(blocks_.size());
  }
  norm_.append_parameters("head.norm.", list_.parameters);
  pool_.append_parameters(of_pooling_);
}

std::vector<std::string> ConvNextNetwork::stages() const {
  std::vector<std::string> names = {"stem"};
  for (size_t stage = 0; stage < kConvNextStages; ++stage) {
    for (int64_t block = 0; block < config_.depths[stage]; ++block)
      names.push_back(stage_prefix(stage) + "blocks." + std::to_string(block));
  }
  names.emplace_back("pool");
  return names;
}

int64_t ConvNextNetwork::stage_of(const std::string& name) const {
  if (name.rfind("stem.", 0) == 0) return 0;
  const std::string begin = "stages.", blocks = "blocks.";
  if (name.rfind(begin, 0) != 0) return pool_stage();
  const auto dot = name.find('.', begin.size());
  const auto stage = static_cast<size_t>(std::stoll(name.substr(begin.size())));
  const auto before = stage == 0 ? 0 : static_cast<int64_t>(stage_ends_[stage - 1]);
  const auto rest = name.substr(dot + 1);
  return 1 + before + (rest.rfind(blocks, 0) == 0 ? std::stoll(rest.substr(blocks.size())) : 0);
}

at::Tensor ConvNextNetwork::Reduction::operator()(const at::Tensor& x) const {
  return norm_first ? convolution(normalized_places(norm, x)) : normalized_places(norm, convolution(x));
}

at::Tensor ConvNextNetwork::run_stages(const at::Tensor& input, int64_t first, int64_t last) const {
  auto x = input;
  for (int64_t stage = first; stage < last; ++stage) {
    if (stage == 0) {
      const int64_t height = x.size(2), width = x.size(3);
      if (std::min(height, width) < kSmallestSide) {
        throw Error("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                    " pixels is too small for a ConvNeXt, expected at least " +
                    std::to_string(kSmallestSide) + " x " + std::to_string(kSmallestSide) +
                    "; resize it in data.transforms");
      }
      x = reductions_[0](x);
    } else if (stage < pool_stage()) {
      const auto block = static_cast<size_t>(stage - 1);
      const auto behind = std::find(stage_ends_.begin(), stage_ends_.end(), block);
      if (behind != stage_ends_.end())
        x = reductions_[static_cast<size_t>(behind - stage_ends_.begin()) + 1](x);
      x = blocks_[block](x);
    } else {
      x = norm_(pool_(x));
    }
  }
  return x;
}

void ConvNextNetwork::prepare_for_inference(at::ScalarType dtype) {
  for (auto& one : reductions_) one.convolution.prepare_for_inference(dtype);
  for (auto& one : blocks_) one.prepare_for_inference(dtype);
}

void ConvNextNetwork::undo_preparation() {
  for (auto& one : reductions_) one.convolution.undo_preparation();
  for (auto& one : blocks_) one.undo_preparation();
}

/// The authors cut the normal distribution off at 100 deviations, which is not at all. Norms begin with one
/// and zero where they are made.
void ConvNextNetwork::draw(uint64_t seed) const {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : list_.parameters) {
    if (has_end(name, "bias") || has_end(name, "grn.weight")) {
      tensor.zero_();
    } else if (has_end(name, "gamma")) {
      tensor.fill_(config_.initial_scale);
    } else if (tensor.dim() > 1) {
      tensor.normal_(0, kInitialDeviation, nn::named_generator(seed, name));
    }
  }
}

}  // namespace kindred
