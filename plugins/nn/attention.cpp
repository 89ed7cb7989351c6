#include "nn/attention.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace kindred::nn {

at::Tensor MultiHeadAttention::operator()(const at::Tensor& x, const at::Tensor& absent,
                                          bool training) const {
  const auto size = x.size(2) / heads;
  const auto split = [&](const at::Tensor& all) {  // (B, T, width) -> (B, heads, T, size)
    return all.view({x.size(0), x.size(1), heads, size}).transpose(1, 2);
  };
  // Dividing the query costs less than dividing the scores.
  const auto queries = split(query(x) / std::sqrt(static_cast<double>(size)));
  auto scores = at::matmul(queries, split(key(x)).transpose(2, 3));
  scores.masked_fill_(absent, -std::numeric_limits<double>::infinity());
  const auto weights = at::dropout(at::softmax(scores, -1), dropout, training);
  return output(at::matmul(weights, split(value(x))).transpose(1, 2).reshape(x.sizes()));
}

}  // namespace kindred::nn
