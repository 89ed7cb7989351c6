#include "tower_encoder.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "kindred/io/weights.hpp"
#include "nn/tensor_list.hpp"
#include "token_batch.hpp"

namespace kindred {
namespace {

/// Says whether a tensor belongs to the tower of pictures, to the comparison of both, or is a counter that
/// old versions stored.
bool is_not_used(const std::string& name) {
  constexpr const char* kBegins[] = {"vision_model.", "visual_projection.", "logit_scale", "logit_bias"};
  for (const auto* begin : kBegins) {
    if (name.rfind(begin, 0) == 0) return true;
  }
  return name.find("position_ids") != std::string::npos;
}

/// Files of a tower alone may leave out what whole models put before its names.
NamingConvention names_of_tower_alone(const std::vector<NamedTensor>& own) {
  const std::string before = "text_model.";
  NamingConvention alone{"a text tower alone", {}};
  for (const auto& one : own) {
    const bool inside = one.name.rfind(before, 0) == 0;
    alone.names.emplace_back(inside ? one.name.substr(before.size()) : one.name, one.name);
  }
  return alone;
}

void check_tokens(const std::string& folder, const TextTowerConfig& config, const TextTokenizer& tokenizer) {
  if (std::max(tokenizer.largest(), tokenizer.padding()) >= config.vocabulary) {
    throw Error(folder + " has a tokenizer with the number " + std::to_string(tokenizer.largest()) +
                ", but config.json says \"vocab_size\": " + std::to_string(config.vocabulary) +
                "; they belong to two models");
  }
  if (config.pooling == TowerPooling::first_end && tokenizer.end() != config.end) {
    throw Error(folder + " has a tokenizer that ends texts with the number " +
                std::to_string(tokenizer.end()) + ", but config.json says \"eos_token_id\": " +
                std::to_string(config.end) + "; they belong to two models");
  }
}

}  // namespace

TowerEncoder::TowerEncoder(const TowerParams& params, const TextTowerConfig& config,
                           std::unique_ptr<TextTokenizer> tokenizer, uint64_t seed)
    : config_(config), tokenizer_(std::move(tokenizer)), prompt_(params.prompt), tower_(config) {
  check_tokens(params.folder, config_, *tokenizer_);
  const auto weights = find_weights(params.folder);
  if (weights.empty()) {
    tower_.draw(seed);
    notes_ = {params.folder + " holds no weights, so they are random"};
    return;
  }
  const auto& own = tower_.parameters();
  const auto read = read_weights(weights, own, {names_of_tower_alone(own)});
  nn::load_read_weights("the text tower's weights in " + weights, own, read, is_not_used);
  notes_ = read.notes;
}

at::Tensor TowerEncoder::prepare(const Batch& batch, at::ScalarType) const {
  return tokens_of(
      batch, [this](const std::string& text) { return (*tokenizer_)(prompt_ + text, config_.positions); });
}

}  // namespace kindred
