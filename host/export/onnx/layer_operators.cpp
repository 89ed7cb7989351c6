// Operators that are layers of networks.
#include <ATen/ATen.h>

#include <cmath>

#include "host/export/onnx/operator_call.hpp"

namespace kindred::host {
namespace {

using Names = std::vector<std::string>;

/// ONNX names the zeros before all dimensions, then those behind them.
std::vector<int64_t> on_both_sides(const std::vector<int64_t>& zeros) {
  auto both = zeros;
  both.insert(both.end(), zeros.begin(), zeros.end());
  return both;
}

/// A number for each of the dimensions of a map; one stands for all of them.
std::vector<int64_t> of_map(OperatorCall& call, size_t place) {
  auto numbers = call.integers(place);
  const auto dimensions = static_cast<size_t>(call.rank(0)) - 2;
  if (numbers.size() == 1) numbers.resize(dimensions, numbers.front());
  return numbers;
}

/// Steps of a pool (x, kernel, stride, ...): none stand for those of the kernel, and in ONNX for 1.
std::vector<int64_t> steps_of_pool(OperatorCall& call) {
  constexpr size_t kKernel = 1, kStride = 2;
  return of_map(call, call.integers(kStride).empty() ? kKernel : kStride);
}

/// (x, weight, bias, stride, padding, dilation, transposed, output padding, groups, ...)
Names convolution(OperatorCall& call) {
  if (call.flag(6)) call.refuse("that is transposed");
  const auto weight = call.shape(1);
  Names inputs = {call.tensor(0), call.tensor(1)};
  if (call.has(2)) inputs.push_back(call.tensor(2));
  return {call.out.node("Conv", inputs,
                        {{"kernel_shape", std::vector<int64_t>(weight.begin() + 2, weight.end())},
                         {"strides", of_map(call, 3)},
                         {"pads", on_both_sides(of_map(call, 4))},
                         {"dilations", of_map(call, 5)},
                         {"group", call.integer(8)}})};
}

/// (x, kernel, stride, padding, dilation, ceil)
Names max_pool(OperatorCall& call) {
  return {call.out.node("MaxPool", {call.tensor(0)},
                        {{"kernel_shape", of_map(call, 1)},
                         {"strides", steps_of_pool(call)},
                         {"pads", on_both_sides(of_map(call, 3))},
                         {"dilations", of_map(call, 4)},
                         {"ceil_mode", int64_t{call.flag(5)}}})};
}

/// (x, kernel, stride, padding, ceil, counts the padding, divisor)
Names average_pool(OperatorCall& call) {
  if (call.has(6)) call.refuse("with a divisor");
  return {call.out.node("AveragePool", {call.tensor(0)},
                        {{"kernel_shape", of_map(call, 1)},
                         {"strides", steps_of_pool(call)},
                         {"pads", on_both_sides(of_map(call, 3))},
                         {"ceil_mode", int64_t{call.flag(4)}},
                         {"count_include_pad", int64_t{call.flag(5)}}})};
}

/// Of a matrix, or of the last two dimensions.
std::string transposed(OperatorCall& call, size_t place) {
  if (const auto constant = call.constant(place)) return call.out.tensor(constant->transpose(-1, -2));
  std::vector<int64_t> order;
  for (int64_t i = 0; i < call.rank(place); ++i) order.push_back(i);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return call.out.node("Transpose", {call.tensor(place)}, {{"perm", order}});
}

/// (x, weight (out, in), bias)
Names linear(OperatorCall& call) {
  if (call.rank(0) == 2) {
    Names inputs = {call.tensor(0), call.tensor(1)};
    if (call.has(2)) inputs.push_back(call.tensor(2));
    return {call.out.node("Gemm", inputs, {{"transB", int64_t{1}}})};
  }
  auto product = call.out.node("MatMul", {call.tensor(0), transposed(call, 1)});
  if (call.has(2)) product = call.out.node("Add", {product, call.tensor(2)});
  return {product};
}

Names product(OperatorCall& call) { return {call.out.node("MatMul", {call.tensor(0), call.tensor(1)})}; }

/// beta bias + alpha a b
Names product_and_sum(OperatorCall& call) {
  return {call.out.node("Gemm", {call.tensor(1), call.tensor(2), call.tensor(0)},
                        {{"beta", call.number(3)}, {"alpha", call.number(4)}})};
}

/// (query, key, value, mask, dropout, causal, scale, grouped)
Names attention(OperatorCall& call) {
  if (call.has(3) || call.flag(5) || (call.count() > 7 && call.flag(7))) call.refuse("with a mask or groups");
  const double scale =
      call.has(6) ? call.number(6) : 1 / std::sqrt(static_cast<double>(call.shape(0).back()));
  auto& out = call.out;
  const auto query = out.node("Mul", {call.tensor(0), out.number(scale)});
  const auto scores = out.node("MatMul", {query, transposed(call, 1)});
  const auto weights = out.node("Softmax", {scores}, {{"axis", int64_t{-1}}});
  return {out.node("MatMul", {weights, call.tensor(2)})};
}

/// (x, shape, scale, shift, epsilon, ...)
Names layer_norm(OperatorCall& call) {
  const auto dimensions = static_cast<int64_t>(call.integers(1).size());
  const auto scale = call.has(2) ? call.tensor(2) : call.out.tensor(at::ones(call.integers(1), at::kFloat));
  Names inputs = {call.tensor(0), scale};
  if (call.has(3)) inputs.push_back(call.tensor(3));
  return {call.out.node("LayerNormalization", inputs, {{"axis", -dimensions}, {"epsilon", call.number(4)}})};
}

/// (x, scale, shift, mean, variance, training, momentum, epsilon, ...)
Names batch_norm(OperatorCall& call) {
  if (call.flag(5)) call.refuse("while training");
  if (!call.has(1) || !call.has(2)) call.refuse("without scale and shift");
  return {call.out.node("BatchNormalization",
                        {call.tensor(0), call.tensor(1), call.tensor(2), call.tensor(3), call.tensor(4)},
                        {{"epsilon", call.number(7)}})};
}

}  // namespace

void add_layer_operators(OnnxOperators& operators) {
  operators["aten::_convolution"] = convolution;
  operators["aten::convolution"] = convolution;
  operators["aten::max_pool2d"] = max_pool;
  operators["aten::avg_pool2d"] = average_pool;
  operators["aten::linear"] = linear;
  for (const auto* name : {"aten::matmul", "aten::mm", "aten::bmm"}) operators[name] = product;
  operators["aten::addmm"] = product_and_sum;
  operators["aten::scaled_dot_product_attention"] = attention;
  operators["aten::layer_norm"] = layer_norm;
  operators["aten::batch_norm"] = batch_norm;
}

}  // namespace kindred::host
