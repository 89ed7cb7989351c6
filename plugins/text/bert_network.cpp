#include "bert_network.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>

#include "kindred/random.hpp"

namespace kindred {

at::Tensor BertNetwork::Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

at::Tensor BertNetwork::Norm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, epsilon);
}

at::Tensor BertNetwork::add(const std::string& name, const std::vector<int64_t>& shape) {
  parameters_.push_back({name, at::empty(shape, at::kFloat)});
  return parameters_.back().tensor;
}

BertNetwork::Linear BertNetwork::linear(const std::string& name, int64_t inputs, int64_t outputs) {
  Linear made;
  made.weight = add(name + ".weight", {outputs, inputs});
  made.bias = add(name + ".bias", {outputs});
  return made;
}

BertNetwork::Norm BertNetwork::norm(const std::string& name) {
  Norm made;
  made.weight = add(name + ".weight", {config_.hidden});
  made.bias = add(name + ".bias", {config_.hidden});
  made.epsilon = config_.epsilon;
  return made;
}

BertNetwork::BertNetwork(const BertConfig& config) : config_(config) {
  const auto hidden = config.hidden;
  words_ = add("embeddings.word_embeddings.weight", {config.vocabulary, hidden});
  positions_ = add("embeddings.position_embeddings.weight", {config.positions, hidden});
  types_ = add("embeddings.token_type_embeddings.weight", {config.types, hidden});
  embedding_norm_ = norm("embeddings.LayerNorm");
  for (int64_t i = 0; i < config.layers; ++i) {
    const auto name = "encoder.layer." + std::to_string(i) + ".";
    Layer layer;
    layer.query = linear(name + "attention.self.query", hidden, hidden);
    layer.key = linear(name + "attention.self.key", hidden, hidden);
    layer.value = linear(name + "attention.self.value", hidden, hidden);
    layer.attended = linear(name + "attention.output.dense", hidden, hidden);
    layer.attended_norm = norm(name + "attention.output.LayerNorm");
    layer.intermediate = linear(name + "intermediate.dense", hidden, config.intermediate);
    layer.output = linear(name + "output.dense", config.intermediate, hidden);
    layer.output_norm = norm(name + "output.LayerNorm");
    layers_.push_back(std::move(layer));
  }
}

void BertNetwork::draw(uint64_t seed) const {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : parameters_) {
    if (tensor.dim() == 1) {
      tensor.fill_(name.find("LayerNorm.weight") != std::string::npos ? 1 : 0);
      continue;
    }
    uint64_t hash = 14695981039346656037ull;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    tensor.normal_(0, config_.initial_deviation, at::detail::createCPUGenerator(Random(seed, hash).next()));
  }
}

at::Tensor BertNetwork::activated(const at::Tensor& x) const {
  if (config_.activation == BertConfig::Activation::relu) return at::relu(x);
  return at::gelu(x, config_.activation == BertConfig::Activation::gelu ? "none" : "tanh");
}

at::Tensor BertNetwork::attention(const Layer& layer, const at::Tensor& x, const at::Tensor& absent,
                                  bool training) const {
  const auto size = config_.hidden / config_.heads;
  const auto heads = [&](const at::Tensor& all) {  // (B, T, hidden) -> (B, heads, T, size)
    return all.view({x.size(0), x.size(1), config_.heads, size}).transpose(1, 2);
  };
  // Dividing the query costs less than dividing the scores.
  const auto query = heads(layer.query(x) / std::sqrt(static_cast<double>(size)));
  auto scores = at::matmul(query, heads(layer.key(x)).transpose(2, 3));
  scores.masked_fill_(absent, -std::numeric_limits<double>::infinity());
  const auto weights = at::dropout(at::softmax(scores, -1), config_.attention_dropout, training);
  return at::matmul(weights, heads(layer.value(x))).transpose(1, 2).reshape(x.sizes());
}

at::Tensor BertNetwork::operator()(const at::Tensor& ids, const at::Tensor& present, bool training) const {
  const auto dropped = [&](const at::Tensor& x) { return at::dropout(x, config_.hidden_dropout, training); };
  const auto absent = present.logical_not().unsqueeze(1).unsqueeze(1);  // of keys, for every query
  auto x = at::embedding(words_, ids) + types_.select(0, 0) + positions_.slice(0, 0, ids.size(1));
  x = dropped(embedding_norm_(x));
  for (const auto& layer : layers_) {
    x = layer.attended_norm(dropped(layer.attended(attention(layer, x, absent, training))).add_(x));
    x = layer.output_norm(dropped(layer.output(activated(layer.intermediate(x)))).add_(x));
  }
  return x;
}

}  // namespace kindred
