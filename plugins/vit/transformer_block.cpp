#include "transformer_block.hpp"

#include <ATen/ATen.h>

namespace kindred {

at::Tensor Perceptron::operator()(const at::Tensor& x) const {
  if (gated) return fc2(nn::activated(gate(x), activation) * fc1(x));
  return fc2(nn::activated(fc1(x), activation));
}

TransformerBlock::TransformerBlock(const VisionTransformerConfig& config)
    : heads_(config.heads), norm1_(config.width, config.epsilon), norm2_(config.width, config.epsilon) {
  const auto square = [&](bool bias) { return nn::Linear::without_values(config.width, config.width, bias); };
  query_ = square(config.query_bias);
  key_ = square(config.key_bias);
  value_ = square(config.value_bias);
  proj_ = square(config.output_bias);
  if (config.layer_scale) {
    scale1_ = at::ones({config.width}, at::kFloat);
    scale2_ = at::ones({config.width}, at::kFloat);
  }
  const auto widening = [&] {
    return nn::Linear::without_values(config.width, config.mlp_width, config.mlp_bias);
  };
  mlp_.gated = config.gated_mlp;
  mlp_.activation = config.activation;
  if (config.gated_mlp) mlp_.gate = widening();
  mlp_.fc1 = widening();
  mlp_.fc2 = nn::Linear::without_values(config.mlp_width, config.width, config.mlp_bias);
}

at::Tensor TransformerBlock::attention(const at::Tensor& x, const RotaryPositions& rotary) const {
  auto query = nn::split_heads(query_(x), heads_), key = nn::split_heads(key_(x), heads_);
  if (rotary.cosines.defined()) {
    query = rotary.rotated(query);
    key = rotary.rotated(key);
  }
  return proj_(nn::joined_heads(nn::attended(query, key, nn::split_heads(value_(x), heads_))));
}

at::Tensor TransformerBlock::operator()(const at::Tensor& x, const RotaryPositions& rotary) const {
  const auto scaled = [](const at::Tensor& branch, const at::Tensor& scale) {
    return scale.defined() ? branch * scale.to(branch.scalar_type()) : branch;
  };
  const auto seen = x + scaled(attention(norm1_(x), rotary), scale1_);
  return seen + scaled(mlp_(norm2_(seen)), scale2_);
}

void TransformerBlock::append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const {
  norm1_.append_parameters(prefix + "norm1.", out);
  query_.append_parameters(prefix + "attn.query.", out);
  key_.append_parameters(prefix + "attn.key.", out);
  value_.append_parameters(prefix + "attn.value.", out);
  proj_.append_parameters(prefix + "attn.proj.", out);
  if (scale1_.defined()) out.push_back({prefix + "scale1", scale1_});
  norm2_.append_parameters(prefix + "norm2.", out);
  if (mlp_.gated) mlp_.gate.append_parameters(prefix + "mlp.gate.", out);
  mlp_.fc1.append_parameters(prefix + "mlp.fc1.", out);
  mlp_.fc2.append_parameters(prefix + "mlp.fc2.", out);
  if (scale2_.defined()) out.push_back({prefix + "scale2", scale2_});
}

std::vector<nn::Linear*> TransformerBlock::linears() {
  std::vector<nn::Linear*> all = {&query_, &key_, &value_, &proj_, &mlp_.fc1, &mlp_.fc2};
  if (mlp_.gated) all.push_back(&mlp_.gate);
  return all;
}

}  // namespace kindred
