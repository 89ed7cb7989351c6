#include "host/export/onnx/onnx_graph.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/ir.h>

#include "host/export/onnx/operator_call.hpp"

namespace kindred::host {
namespace {
namespace jit = torch::jit;

const OnnxOperators& known_operators() {
  static const OnnxOperators all = [] {
    OnnxOperators made;
    add_arithmetic_operators(made);
    add_layer_operators(made);
    add_shape_operators(made);
    return made;
  }();
  return all;
}

/// Integers that grow with the batch are no tensors: who takes them asks for their factor. Says whether the
/// node is one.
bool note_batch_size(const jit::Node& node, const jit::Value& input, OnnxValues& values) {
  if (node.kind() == c10::aten::size && node.input(0) == &input && node.inputs().size() == 2) {
    values.batch_factors[node.output()] = 1;
    return true;
  }
  const bool is_multiple = node.kind() == c10::aten::mul && values.batch_factors.count(node.input(0)) > 0;
  if (is_multiple) values.batch_factors[node.output()] = jit::toIValue(node.input(1))->toInt();
  return is_multiple;
}

void convert(const jit::Node& node, const jit::Value& input, OnnxValues& values, OnnxBuilder& out) {
  // Constants and lists are read by those who take them.
  if (node.kind() == c10::prim::Constant || node.kind() == c10::prim::ListConstruct) return;
  if (note_batch_size(node, input, values)) return;
  OperatorCall call(node, values, out);
  if (node.kind() == c10::prim::ListUnpack) {
    const auto names = call.tensors(0);
    for (size_t i = 0; i < names.size(); ++i) values.names[node.outputs()[i]] = {names[i]};
    return;
  }
  const auto known = known_operators().find(call.name());
  if (known == known_operators().end() || node.outputs().size() != 1) call.refuse("");
  values.names[node.output()] = known->second(call);
}

}  // namespace

void convert_to_onnx(jit::Graph& graph, OnnxModel& model) {
  OnnxBuilder out(model);
  OnnxValues values;
  const auto* input = graph.inputs()[0];
  values.names[input] = {model.input.name};
  for (const auto* node : graph.nodes()) convert(*node, *input, values, out);
  model.nodes.push_back({"Identity", values.names.at(graph.outputs()[0]), {model.output.name}});
}

}  // namespace kindred::host
