#include "token_pooling.hpp"

#include <ATen/ATen.h>

namespace kindred {

TokenPool::TokenPool(const VisionTransformerConfig& config)
    : pooling_(config.pooling),
      width_(config.width),
      heads_(config.heads),
      prefix_(config.prefix_tokens()),
      projected_(config.projection) {
  if (pooling_ == TokenPooling::attention) make_attention(config);
  if (pooling_ == TokenPooling::cls_projected)
    projection_ = nn::Linear::without_values(width_, projected_, false);
}

void TokenPool::make_attention(const VisionTransformerConfig& config) {
  probe_ = at::empty({width_}, at::kFloat);
  for (auto* one : {&query_, &key_, &value_, &proj_}) *one = nn::Linear::without_values(width_, width_);
  norm_ = nn::LayerNorm(width_, config.epsilon);
  mlp_.activation = config.pooling_activation;
  mlp_.fc1 = nn::Linear::without_values(width_, config.pooling_mlp_width);
  mlp_.fc2 = nn::Linear::without_values(config.pooling_mlp_width, width_);
}

int64_t TokenPool::dimension() const {
  if (pooling_ == TokenPooling::cls_projected) return projected_;
  return pooling_ == TokenPooling::cls_and_mean ? 2 * width_ : width_;
}

at::Tensor TokenPool::attention(const at::Tensor& tokens) const {
  const auto probe = probe_.to(tokens.scalar_type()).expand({tokens.size(0), 1, width_}).contiguous();
  const auto found =
      nn::attended(nn::split_heads(query_(probe), heads_), nn::split_heads(key_(tokens), heads_),
                   nn::split_heads(value_(tokens), heads_));
  const auto x = proj_(nn::joined_heads(found));
  return (x + mlp_(norm_(x))).select(1, 0);
}

at::Tensor TokenPool::operator()(const at::Tensor& tokens) const {
  const auto patches = tokens.slice(1, prefix_);
  switch (pooling_) {
    case TokenPooling::cls:
      return tokens.select(1, 0).to(at::kFloat);
    case TokenPooling::mean:
      return patches.mean(1, false, at::kFloat);
    case TokenPooling::cls_and_mean:
      return at::cat({tokens.select(1, 0).to(at::kFloat), patches.mean(1, false, at::kFloat)}, 1);
    case TokenPooling::gem:
      return generalized_mean_(patches, {1});
    case TokenPooling::attention:
      return attention(tokens).to(at::kFloat);
    case TokenPooling::cls_projected:
      break;
  }
  return projection_(tokens.select(1, 0).contiguous()).to(at::kFloat);
}

void TokenPool::append_parameters(std::vector<NamedTensor>& out) const {
  if (pooling_ == TokenPooling::attention) {
    out.push_back({"pool.probe", probe_});
    query_.append_parameters("pool.query.", out);
    key_.append_parameters("pool.key.", out);
    value_.append_parameters("pool.value.", out);
    proj_.append_parameters("pool.proj.", out);
    norm_.append_parameters("pool.norm.", out);
    mlp_.fc1.append_parameters("pool.mlp.fc1.", out);
    mlp_.fc2.append_parameters("pool.mlp.fc2.", out);
  }
  if (pooling_ == TokenPooling::gem) generalized_mean_.append_parameters("pool.", out);
  if (pooling_ == TokenPooling::cls_projected) projection_.append_parameters("projection.", out);
}

std::vector<nn::Linear*> TokenPool::linears() {
  if (pooling_ == TokenPooling::attention) return {&query_, &key_, &value_, &proj_, &mlp_.fc1, &mlp_.fc2};
  if (pooling_ == TokenPooling::cls_projected) return {&projection_};
  return {};
}

}  // namespace kindred
