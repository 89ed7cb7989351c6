#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

#include "host/export/network_graph.hpp"

namespace kindred::host {

/// Writes a graph as a TorchScript module with the method forward(Tensor) -> Tensor. Its tensors are
/// parameters of the module, so that a program moves them to its device. An input of other sizes than `input`
/// has (all but the first) is refused by it. Throws Error.
void write_script_file(const std::string& path, const torch::jit::Graph& graph, const at::Tensor& input);

/// Opens a file of write_script_file() as any program with LibTorch does, in evaluation mode. Throws Error.
Network open_script_file(const std::string& path);

}  // namespace kindred::host
