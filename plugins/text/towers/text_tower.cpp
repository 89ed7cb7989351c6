#include "text_tower.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "length_groups.hpp"
#include "nn/attention.hpp"
#include "nn/initialization.hpp"
#include "token_batch.hpp"

namespace kindred {
namespace {

/// Numbers up to that are exact in every type that maps are kept in.
constexpr int64_t kExact = 256;

/// (B, T, H) and int64 (B) -> (B, T + 1, H): the last row says which place of a sample is pooled.
at::Tensor with_places(const at::Tensor& states, const at::Tensor& places) {
  auto row = at::zeros({states.size(0), 1, states.size(2)}, states.options().requires_grad(false));
  row.select(2, 0).copy_(places.remainder(kExact).unsqueeze(1));
  row.select(2, 1).copy_(at::floor_divide(places, kExact).unsqueeze(1));
  return at::cat({states, row}, 1);
}

at::Tensor places_in(const at::Tensor& map) {
  const auto row = map.detach().select(1, -1).slice(1, 0, 2).to(at::kFloat).round().to(at::kLong);
  return row.select(1, 0) + kExact * row.select(1, 1);
}

}  // namespace

at::Tensor TextTower::add_table(const std::string& name, int64_t rows) {
  parameters_.push_back({name, at::empty({rows, config_.hidden}, at::kFloat)});
  return parameters_.back().tensor;
}

nn::Linear TextTower::add_linear(const std::string& name, int64_t inputs, int64_t outputs, bool bias) {
  auto made = nn::Linear::without_values(inputs, outputs, bias);
  made.append_parameters(name + ".", parameters_);
  return made;
}

nn::LayerNorm TextTower::add_norm(const std::string& name) {
  nn::LayerNorm made(config_.hidden, config_.epsilon);
  made.append_parameters(name + ".", parameters_);
  return made;
}

TextTower::Layer TextTower::add_layer(const std::string& name) {
  const auto hidden = config_.hidden;
  Layer layer;
  layer.norm1 = add_norm(name + "layer_norm1");
  layer.query = add_linear(name + "self_attn.q_proj", hidden, hidden);
  layer.key = add_linear(name + "self_attn.k_proj", hidden, hidden);
  layer.value = add_linear(name + "self_attn.v_proj", hidden, hidden);
  layer.output = add_linear(name + "self_attn.out_proj", hidden, hidden);
  layer.norm2 = add_norm(name + "layer_norm2");
  layer.fc1 = add_linear(name + "mlp.fc1", hidden, config_.intermediate);
  layer.fc2 = add_linear(name + "mlp.fc2", config_.intermediate, hidden);
  return layer;
}

TextTower::TextTower(const TextTowerConfig& config) : config_(config) {
  words_ = add_table("text_model.embeddings.token_embedding.weight", config.vocabulary);
  positions_ = add_table("text_model.embeddings.position_embedding.weight", config.positions);
  for (int64_t i = 0; i < config.layers; ++i)
    layers_.push_back(add_layer("text_model.encoder.layers." + std::to_string(i) + "."));
  norm_ = add_norm("text_model.final_layer_norm");
  if (config.projection == 0) return;
  projection_ = add_linear(config.of_siglip ? "text_model.head" : "text_projection", config.hidden,
                           config.projection, config.of_siglip);
}

std::vector<std::string> TextTower::stages() const {
  std::vector<std::string> names = {"embed"};
  for (int64_t i = 0; i < config_.layers; ++i) names.push_back("layers." + std::to_string(i));
  names.insert(names.end(), {"norm", "pool"});
  return names;
}

int64_t TextTower::stage_of(const std::string& name) const {
  const auto begins_with = [&](const std::string& begin) { return name.rfind(begin, 0) == 0; };
  const std::string layers = "text_model.encoder.layers.";
  if (begins_with(layers)) return 1 + std::stoll(name.substr(layers.size()));
  if (begins_with("text_model.final_layer_norm.")) return 1 + config_.layers;
  return begins_with("text_model.embeddings.") ? 0 : 2 + config_.layers;
}

at::Tensor TextTower::places_of(const at::Tensor& tokens) const {
  switch (config_.pooling) {
    case TowerPooling::highest:
      return tokens.argmax(1);
    case TowerPooling::first_end:
      return tokens.eq(config_.end).to(at::kInt).argmax(1);
    case TowerPooling::last:
      break;
  }
  return at::full({tokens.size(0)}, tokens.size(1) - 1, tokens.options());
}

at::Tensor TextTower::embedded(const at::Tensor& tokens, int64_t padding) const {
  const auto ids = tokens.masked_fill(tokens.eq(kNoToken), padding);
  return at::embedding(words_, ids) + positions_.slice(0, 0, ids.size(1));
}

at::Tensor TextTower::through(const Layer& layer, const at::Tensor& x) const {
  const auto normed = layer.norm1(x);
  const auto heads = [&](const nn::Linear& linear) { return nn::split_heads(linear(normed), config_.heads); };
  const auto found =
      nn::attended(heads(layer.query), heads(layer.key), heads(layer.value), !config_.of_siglip);
  const auto seen = x + layer.output(nn::joined_heads(found));
  return seen + layer.fc2(nn::activated(layer.fc1(layer.norm2(seen)), config_.activation));
}

/// (B, T, H), those behind the norm, -> (B, dimension).
at::Tensor TextTower::pooled_states(const at::Tensor& states, const at::Tensor& places) const {
  const auto index = places.view({-1, 1, 1}).expand({states.size(0), 1, states.size(2)});
  const auto rows = states.gather(1, index).squeeze(1);
  return (config_.projection > 0 ? projection_(rows) : rows).to(at::kFloat);
}

/// All stages at once, for texts of one length or nearly so.
at::Tensor TextTower::whole(const at::Tensor& tokens, int64_t padding) const {
  auto x = embedded(tokens, padding);
  for (const auto& layer : layers_) x = through(layer, x);
  return pooled_states(norm_(x), places_of(tokens));
}

at::Tensor TextTower::run_stages(const at::Tensor& input, int64_t first, int64_t last,
                                 int64_t padding) const {
  if (first >= last) return input;
  const auto norm_stage = 1 + config_.layers, count = norm_stage + 2;
  const auto filled = [&] {
    return at::constant_pad_nd(input, {0, config_.positions - input.size(1)}, kNoToken);
  };
  if (first == 0 && last == count) {
    if (config_.of_siglip) return whole(filled(), padding);
    // No token sees what is behind it, so that a text need not be filled up.
    return encoded_by_length(input, [&](const at::Tensor& alike) { return whole(alike, padding); });
  }
  at::Tensor places, x = input;
  if (first == 0) {
    const auto tokens = filled();
    x = embedded(tokens, padding);
    places = places_of(tokens);
  } else if (has_place_row()) {
    places = places_in(input);
    x = input.slice(1, 0, input.size(1) - 1);
  } else {
    places = at::full({x.size(0)}, x.size(1) - 1, x.options().dtype(at::kLong).requires_grad(false));
  }
  for (auto stage = std::max<int64_t>(first, 1); stage < std::min(last, norm_stage); ++stage)
    x = through(layers_[static_cast<size_t>(stage - 1)], x);
  if (first <= norm_stage && last > norm_stage) x = norm_(x);
  if (last == count) return pooled_states(x, places);
  return has_place_row() ? with_places(x, places) : x;
}

std::vector<nn::Linear*> TextTower::linears() {
  std::vector<nn::Linear*> all;
  for (auto& layer : layers_)
    all.insert(all.end(), {&layer.query, &layer.key, &layer.value, &layer.output, &layer.fc1, &layer.fc2});
  if (config_.projection > 0) all.push_back(&projection_);
  return all;
}

void TextTower::prepare_for_inference() {
  for (auto* one : linears()) one->prepare_for_inference();
}

void TextTower::undo_preparation() {
  for (auto* one : linears()) one->undo_preparation();
}

void TextTower::draw(uint64_t seed) const {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : parameters_) {
    if (tensor.dim() == 1) {
      tensor.fill_(name.find("norm") != std::string::npos && name.find("weight") != std::string::npos ? 1
                                                                                                      : 0);
    } else {
      tensor.normal_(0, config_.initial_deviation, nn::named_generator(seed, name));
    }
  }
}

}  // namespace kindred
