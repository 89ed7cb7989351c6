#pragma once

#include <memory>

#include "host/export/onnx/onnx_model.hpp"

namespace torch::jit {
struct Graph;
}

namespace kindred::host {

/// Fills the nodes and tensors of `model`, whose ports are named, with what a graph of recorded_graph()
/// computes. Throws Error that names an operator that is not known, or is used in a way that is not.
void convert_to_onnx(torch::jit::Graph& graph, OnnxModel& model);

}  // namespace kindred::host
