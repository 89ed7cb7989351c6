#include "nn/attention.hpp"

#include <ATen/ATen.h>
#include <torch/version.h>

#include <cmath>
#include <limits>

namespace kindred::nn {

at::Tensor attended(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(query, key, value, {}, 0.0, causal);
#else
  const auto scale = 1 / std::sqrt(static_cast<double>(query.size(-1)));
  auto scores = at::matmul(query * scale, key.transpose(2, 3));
  if (causal) {
    const auto later = at::ones({query.size(2), key.size(2)}, query.options().dtype(at::kBool)).triu(1);
    scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
  }
  return at::matmul(at::softmax(scores, -1), value);
#endif
}

at::Tensor split_heads(const at::Tensor& x, int64_t heads) {
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

at::Tensor joined_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

at::Tensor MultiHeadAttention::operator()(const at::Tensor& x, const at::Tensor& absent,
                                          bool training) const {
  const auto size = x.size(2) / heads;
  // Dividing the query costs less than dividing the scores.
  const auto queries = split_heads(query(x) / std::sqrt(static_cast<double>(size)), heads);
  auto scores = at::matmul(queries, split_heads(key(x), heads).transpose(2, 3));
  scores.masked_fill_(absent, -std::numeric_limits<double>::infinity());
  const auto weights = at::dropout(at::softmax(scores, -1), dropout, training);
  return output(joined_heads(at::matmul(weights, split_heads(value(x), heads))));
}

}  // namespace kindred::nn
