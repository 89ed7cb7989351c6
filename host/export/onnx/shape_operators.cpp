// Operators that move numbers and change none.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "host/export/onnx/operator_call.hpp"

namespace kindred::host {
namespace {

using Names = std::vector<std::string>;

/// To sizes of which one may be found from the others, as ONNX finds it, too.
std::string reshaped(OperatorCall& call, std::vector<OnnxSize> sizes) {
  const auto of_batch = [](const OnnxSize& one) { return one.of_batch; };
  const bool is_open = std::any_of(sizes.begin(), sizes.end(),
                                   [](const OnnxSize& one) { return !one.of_batch && one.number == -1; });
  if (!is_open && std::count_if(sizes.begin(), sizes.end(), of_batch) == 1)
    *std::find_if(sizes.begin(), sizes.end(), of_batch) = {-1};
  return call.out.node("Reshape", {call.tensor(0), call.size_tensor(sizes)});
}

Names reshape(OperatorCall& call) { return {reshaped(call, call.sizes(1))}; }

/// The dimensions from the first to the last become one; a 0 stands for the size that is there.
Names flatten(OperatorCall& call) {
  const auto rank = call.rank(0), first = call.dimension(1, rank), last = call.dimension(2, rank);
  std::vector<OnnxSize> sizes(static_cast<size_t>(first), OnnxSize{0});
  sizes.push_back({-1});
  const auto shape = call.shape(0);
  for (auto i = last + 1; i < rank; ++i) sizes.push_back({shape[static_cast<size_t>(i)]});
  return {reshaped(call, sizes)};
}

Names permuted(OperatorCall& call, const std::vector<int64_t>& order) {
  return {call.out.node("Transpose", {call.tensor(0)}, {{"perm", order}})};
}

Names transpose(OperatorCall& call) {
  const auto rank = call.rank(0);
  std::vector<int64_t> order;
  for (int64_t i = 0; i < rank; ++i) order.push_back(i);
  std::swap(order[static_cast<size_t>(call.dimension(1, rank))],
            order[static_cast<size_t>(call.dimension(2, rank))]);
  return permuted(call, order);
}

Names permute(OperatorCall& call) {
  auto order = call.integers(1);
  for (auto& one : order) one += one < 0 ? call.rank(0) : 0;
  return permuted(call, order);
}

Names matrix_transpose(OperatorCall& call) {
  return call.rank(0) < 2 ? Names{call.tensor(0)} : permuted(call, {1, 0});
}

Names unsqueeze(OperatorCall& call) {
  const auto place = call.dimension(1, call.rank(0) + 1);
  return {call.out.node("Unsqueeze", {call.tensor(0), call.out.integers({place})})};
}

/// Of a dimension that has not the size 1 it does nothing.
Names squeeze(OperatorCall& call) {
  if (call.count() < 2) call.refuse("of all dimensions");
  const auto shape = call.shape(0);
  std::vector<int64_t> gone;
  for (auto one : call.integers(1)) {
    if (one < 0) one += call.rank(0);
    if (shape[static_cast<size_t>(one)] == 1) gone.push_back(one);
  }
  if (gone.empty()) return {call.tensor(0)};
  return {call.out.node("Squeeze", {call.tensor(0), call.out.integers(gone)})};
}

/// -1 keeps a size, as 1 does in ONNX.
Names expand(OperatorCall& call) {
  auto sizes = call.sizes(1);
  for (auto& one : sizes) {
    if (!one.of_batch && one.number == -1) one.number = 1;
  }
  return {call.out.node("Expand", {call.tensor(0), call.size_tensor(sizes)})};
}

Names select(OperatorCall& call) {
  const auto place = call.out.tensor(at::scalar_tensor(call.integer(2), at::kLong));
  return {call.out.node("Gather", {call.tensor(0), place}, {{"axis", call.dimension(1, call.rank(0))}})};
}

/// (x, dimension, begin, end, step)
Names slice(OperatorCall& call) {
  const auto begin = call.has(2) ? call.integer(2) : 0;
  const auto end = call.has(3) ? call.integer(3) : std::numeric_limits<int64_t>::max();
  auto& out = call.out;
  return {
      out.node("Slice", {call.tensor(0), out.integers({begin}), out.integers({end}),
                         out.integers({call.dimension(1, call.rank(0))}), out.integers({call.integer(4)})})};
}

/// (x, how many, dimension): all as large as the first, but for the last.
Names chunk(OperatorCall& call) {
  const auto dimension = call.dimension(2, call.rank(0));
  const auto size = call.shape(0)[static_cast<size_t>(dimension)], count = call.integer(1);
  const auto each = (size + count - 1) / count;
  std::vector<int64_t> parts;
  for (int64_t at = 0; at < size; at += each) parts.push_back(std::min(each, size - at));
  if (dimension == 0 || parts.size() != call.outputs_of_list()) call.refuse("in parts of sizes that vary");
  return call.out.nodes("Split", {call.tensor(0), call.out.integers(parts)}, parts.size(),
                        {{"axis", dimension}});
}

Names concatenation(OperatorCall& call) {
  const auto rank = static_cast<int64_t>(call.shape().size());
  return {call.out.node("Concat", call.tensors(0), {{"axis", call.dimension(1, rank)}})};
}

/// The sizes begin with the last dimension: before it, behind it, before the last but one, ...
Names padded(OperatorCall& call) {
  const auto given = call.integers(1);
  const auto rank = static_cast<size_t>(call.rank(0));
  std::vector<int64_t> pads(2 * rank, 0);
  for (size_t i = 0; 2 * i < given.size(); ++i) {
    pads[rank - 1 - i] = given[2 * i];
    pads[2 * rank - 1 - i] = given[2 * i + 1];
  }
  return {call.out.node("Pad", {call.tensor(0), call.out.integers(pads), call.out.number(call.number(2))})};
}

/// To another type of numbers, device or place in memory, of which a file knows the first.
Names converted(OperatorCall& call) {
  if (call.type(0) == call.type()) return {call.tensor(0)};
  if (call.type() != at::kFloat) call.refuse("to numbers that are not float32");
  constexpr int64_t kFloatType = 1;
  return {call.out.node("Cast", {call.tensor(0)}, {{"to", kFloatType}})};
}

}  // namespace

void add_shape_operators(OnnxOperators& operators) {
  for (const auto* name : {"aten::view", "aten::reshape", "aten::_unsafe_view"}) operators[name] = reshape;
  operators["aten::flatten"] = flatten;
  operators["aten::transpose"] = transpose;
  operators["aten::permute"] = permute;
  operators["aten::t"] = matrix_transpose;
  operators["aten::unsqueeze"] = unsqueeze;
  operators["aten::squeeze"] = squeeze;
  operators["aten::expand"] = expand;
  operators["aten::select"] = select;
  operators["aten::slice"] = slice;
  operators["aten::chunk"] = chunk;
  operators["aten::cat"] = concatenation;
  operators["aten::constant_pad_nd"] = padded;
  operators["aten::to"] = converted;
}

}  // namespace kindred::host
