#include "bert_network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "nn/activation.hpp"
#include "nn/initialization.hpp"

namespace kindred {

at::Tensor BertNetwork::add_table(const std::string& name, int64_t rows) {
  parameters_.push_back({name, at::empty({rows, config_.hidden}, at::kFloat)});
  return parameters_.back().tensor;
}

nn::Linear BertNetwork::add_linear(const std::string& name, int64_t inputs, int64_t outputs) {
  auto made = nn::Linear::without_values(inputs, outputs);
  made.append_parameters(name + ".", parameters_);
  return made;
}

nn::LayerNorm BertNetwork::add_norm(const std::string& name) {
  nn::LayerNorm made(config_.hidden, config_.epsilon);
  made.append_parameters(name + ".", parameters_);
  return made;
}

BertNetwork::Layer BertNetwork::add_layer(const std::string& name) {
  const auto hidden = config_.hidden;
  Layer layer;
  layer.attention.query = add_linear(name + "attention.self.query", hidden, hidden);
  layer.attention.key = add_linear(name + "attention.self.key", hidden, hidden);
  layer.attention.value = add_linear(name + "attention.self.value", hidden, hidden);
  layer.attention.output = add_linear(name + "attention.output.dense", hidden, hidden);
  layer.attention.heads = config_.heads;
  layer.attention.dropout = config_.attention_dropout;
  layer.attended_norm = add_norm(name + "attention.output.LayerNorm");
  layer.intermediate = add_linear(name + "intermediate.dense", hidden, config_.intermediate);
  layer.output = add_linear(name + "output.dense", config_.intermediate, hidden);
  layer.output_norm = add_norm(name + "output.LayerNorm");
  return layer;
}

BertNetwork::BertNetwork(const BertConfig& config) : config_(config) {
  words_ = add_table("embeddings.word_embeddings.weight", config.vocabulary);
  positions_ = add_table("embeddings.position_embeddings.weight", config.positions);
  types_ = add_table("embeddings.token_type_embeddings.weight", config.types);
  embedding_norm_ = add_norm("embeddings.LayerNorm");
  for (int64_t i = 0; i < config.layers; ++i)
    layers_.push_back(add_layer("encoder.layer." + std::to_string(i) + "."));
}

std::vector<nn::Linear*> BertNetwork::linears() {
  std::vector<nn::Linear*> all;
  for (auto& layer : layers_) {
    for (auto* one : layer.attention.linears()) all.push_back(one);
    all.insert(all.end(), {&layer.intermediate, &layer.output});
  }
  return all;
}

void BertNetwork::prepare_for_inference() {
  for (auto* one : linears()) one->prepare_for_inference();
}

void BertNetwork::undo_preparation() {
  for (auto* one : linears()) one->undo_preparation();
}

void BertNetwork::draw(uint64_t seed) const {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : parameters_) {
    if (tensor.dim() == 1) {
      tensor.fill_(name.find("LayerNorm.weight") != std::string::npos ? 1 : 0);
    } else {
      tensor.normal_(0, config_.initial_deviation, nn::named_generator(seed, name));
    }
  }
}

at::Tensor BertNetwork::operator()(const at::Tensor& ids, const at::Tensor& present, bool training) const {
  const auto dropped = [&](const at::Tensor& x) { return at::dropout(x, config_.hidden_dropout, training); };
  const auto absent = present.logical_not().unsqueeze(1).unsqueeze(1);  // of keys, for every query
  auto x = at::embedding(words_, ids) + types_.select(0, 0) + positions_.slice(0, 0, ids.size(1));
  x = dropped(embedding_norm_(x));
  for (const auto& layer : layers_) {
    x = layer.attended_norm(dropped(layer.attention(x, absent, training)).add_(x));
    const auto inner = nn::activated(layer.intermediate(x), config_.activation);
    x = layer.output_norm(dropped(layer.output(inner)).add_(x));
  }
  return x;
}

}  // namespace kindred
