// Operators that treat each number alone, or make one of several.
#include <ATen/ATen.h>

#include "host/export/onnx/operator_call.hpp"

namespace kindred::host {
namespace {

using Names = std::vector<std::string>;

constexpr double kSqrtHalf = 0.70710678118654752440, kSqrtTwoOverPi = 0.79788456080286535588;
constexpr double kTanhCubic = 0.044715;  // of gelu's approximation by tanh

Names same(OperatorCall& call) { return {call.tensor(0)}; }

Names unary(OperatorCall& call, const char* type) { return {call.out.node(type, {call.tensor(0)})}; }

Names binary(OperatorCall& call, const char* type) {
  return {call.out.node(type, {call.tensor(0), call.tensor(1)})};
}

/// x + factor y, or x - factor y.
Names sum(OperatorCall& call, const char* type) {
  auto other = call.tensor(1);
  const double factor = call.has(2) ? call.number(2) : 1;
  if (factor != 1) other = call.out.node("Mul", {other, call.out.number(factor)});
  return {call.out.node(type, {call.tensor(0), other})};
}

Names difference_from(OperatorCall& call) {
  if (call.has(2) && call.number(2) != 1) call.refuse("with a factor");
  return {call.out.node("Sub", {call.tensor(1), call.tensor(0)})};
}

Names quotient(OperatorCall& call) {
  if (call.has(2)) call.refuse("with rounding");
  return binary(call, "Div");
}

/// x + factor a b
Names sum_with_product(OperatorCall& call) {
  auto product = call.out.node("Mul", {call.tensor(1), call.tensor(2)});
  if (call.has(3) && call.number(3) != 1)
    product = call.out.node("Mul", {product, call.out.number(call.number(3))});
  return {call.out.node("Add", {call.tensor(0), product})};
}

Names chosen(OperatorCall& call) {
  return {call.out.node("Where", {call.tensor(0), call.tensor(1), call.tensor(2)})};
}

/// Bounds at these places, where there are such.
Names clipped(OperatorCall& call, size_t low, size_t high) {
  const auto bound = [&](size_t place) {
    return call.has(place) ? call.out.number(call.number(place)) : std::string();
  };
  Names inputs = {call.tensor(0), bound(low)};
  if (call.has(high)) inputs.push_back(bound(high));
  return {call.out.node("Clip", inputs)};
}

Names clipped_below(OperatorCall& call) { return clipped(call, 1, call.count()); }
Names clipped_above(OperatorCall& call) { return clipped(call, call.count(), 1); }

std::string half_times(OperatorCall& call, const std::string& x, const std::string& one_and) {
  const auto sum = call.out.node("Add", {one_and, call.out.number(1)});
  return call.out.node("Mul", {call.out.node("Mul", {x, call.out.number(0.5)}), sum});
}

/// Opset 17 has no operator for it.
Names gelu(OperatorCall& call) {
  auto& out = call.out;
  const auto x = call.tensor(0);
  if (!call.has(1) || call.text(1) == "none")
    return {half_times(call, x, out.node("Erf", {out.node("Mul", {x, out.number(kSqrtHalf)})}))};
  const auto square = out.node("Mul", {x, x});
  const auto cube = out.node("Mul", {out.node("Mul", {square, x}), out.number(kTanhCubic)});
  const auto inner = out.node("Mul", {out.node("Add", {x, cube}), out.number(kSqrtTwoOverPi)});
  return {half_times(call, x, out.node("Tanh", {inner}))};
}

Names silu(OperatorCall& call) {
  const auto x = call.tensor(0);
  return {call.out.node("Mul", {x, call.out.node("Sigmoid", {x})})};
}

Names reciprocal_root(OperatorCall& call) {
  return {call.out.node("Reciprocal", {call.out.node("Sqrt", {call.tensor(0)})})};
}

Names square(OperatorCall& call) { return {call.out.node("Mul", {call.tensor(0), call.tensor(0)})}; }

Names softmax(OperatorCall& call) {
  return {call.out.node("Softmax", {call.tensor(0)}, {{"axis", call.dimension(1, call.rank(0))}})};
}

OnnxAttribute kept(OperatorCall& call, size_t place) {
  return {"keepdims", int64_t{place < call.count() && call.flag(place)}};
}

/// Over the dimensions that the second argument lists.
Names reduced(OperatorCall& call, const char* type, size_t dimensions = 1) {
  if (!call.has(dimensions)) call.refuse("over all dimensions");
  return {call.out.node(type, {call.tensor(0)},
                        {{"axes", call.integers(dimensions)}, kept(call, dimensions + 1)})};
}

/// Its dimensions are an input since opset 13.
Names total(OperatorCall& call) {
  if (!call.has(1)) call.refuse("over all dimensions");
  return {call.out.node("ReduceSum", {call.tensor(0), call.out.integers(call.integers(1))}, {kept(call, 2)})};
}

/// OpenVINO 2026.4 computes ReduceL1 over other dimensions than those asked for.
Names norm(OperatorCall& call) {
  const double power = call.number(1);
  if (power == 2) return reduced(call, "ReduceL2", 2);
  if (power != 1) call.refuse("with a power other than 1 and 2");
  if (!call.has(2)) call.refuse("over all dimensions");
  const auto sizes = call.out.node("Abs", {call.tensor(0)});
  return {call.out.node("ReduceSum", {sizes, call.out.integers(call.integers(2))}, {kept(call, 3)})};
}

/// While training alone it does something.
Names dropout(OperatorCall& call) {
  if (call.flag(2)) call.refuse("while training");
  return same(call);
}

}  // namespace

void add_arithmetic_operators(OnnxOperators& operators) {
  for (const auto* name : {"aten::contiguous", "aten::detach", "aten::clone", "aten::alias", "aten::type_as"})
    operators[name] = same;
  operators["aten::dropout"] = dropout;
  operators["aten::relu"] = [](OperatorCall& call) { return unary(call, "Relu"); };
  operators["aten::sigmoid"] = [](OperatorCall& call) { return unary(call, "Sigmoid"); };
  operators["aten::tanh"] = [](OperatorCall& call) { return unary(call, "Tanh"); };
  operators["aten::neg"] = [](OperatorCall& call) { return unary(call, "Neg"); };
  operators["aten::abs"] = [](OperatorCall& call) { return unary(call, "Abs"); };
  operators["aten::exp"] = [](OperatorCall& call) { return unary(call, "Exp"); };
  operators["aten::log"] = [](OperatorCall& call) { return unary(call, "Log"); };
  operators["aten::sqrt"] = [](OperatorCall& call) { return unary(call, "Sqrt"); };
  operators["aten::erf"] = [](OperatorCall& call) { return unary(call, "Erf"); };
  operators["aten::reciprocal"] = [](OperatorCall& call) { return unary(call, "Reciprocal"); };
  operators["aten::rsqrt"] = reciprocal_root;
  operators["aten::square"] = square;
  operators["aten::add"] = [](OperatorCall& call) { return sum(call, "Add"); };
  operators["aten::sub"] = [](OperatorCall& call) { return sum(call, "Sub"); };
  operators["aten::rsub"] = difference_from;
  operators["aten::mul"] = [](OperatorCall& call) { return binary(call, "Mul"); };
  operators["aten::div"] = quotient;
  operators["aten::pow"] = [](OperatorCall& call) { return binary(call, "Pow"); };
  operators["aten::maximum"] = [](OperatorCall& call) { return binary(call, "Max"); };
  operators["aten::minimum"] = [](OperatorCall& call) { return binary(call, "Min"); };
  operators["aten::addcmul"] = sum_with_product;
  operators["aten::round"] = [](OperatorCall& call) { return unary(call, "Round"); };
  operators["aten::ge"] = [](OperatorCall& call) { return binary(call, "GreaterOrEqual"); };
  operators["aten::gt"] = [](OperatorCall& call) { return binary(call, "Greater"); };
  operators["aten::le"] = [](OperatorCall& call) { return binary(call, "LessOrEqual"); };
  operators["aten::lt"] = [](OperatorCall& call) { return binary(call, "Less"); };
  operators["aten::where"] = chosen;
  operators["aten::hardtanh"] = [](OperatorCall& call) { return clipped(call, 1, 2); };
  operators["aten::clamp"] = [](OperatorCall& call) { return clipped(call, 1, 2); };
  operators["aten::clamp_min"] = clipped_below;
  operators["aten::clamp_max"] = clipped_above;
  operators["aten::gelu"] = gelu;
  operators["aten::silu"] = silu;
  operators["aten::softmax"] = softmax;
  operators["aten::mean"] = [](OperatorCall& call) { return reduced(call, "ReduceMean"); };
  operators["aten::amax"] = [](OperatorCall& call) { return reduced(call, "ReduceMax"); };
  operators["aten::amin"] = [](OperatorCall& call) { return reduced(call, "ReduceMin"); };
  operators["aten::sum"] = total;
  operators["aten::norm"] = norm;
  operators["aten::linalg_vector_norm"] = norm;
}

}  // namespace kindred::host
