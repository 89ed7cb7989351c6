#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::nn {

/// A module of torch.jit.save, on the CPU and in evaluation mode. The file is a program in TorchScript's own
/// language, which has no way to reach files or processes; open modules of sources that you trust all the
/// same. Throws Error that says so when the file is none.
torch::jit::Module load_script_module(const std::string& path);

/// What it returns, in float32. Throws Error when that is no tensor.
at::Tensor run_script_module(torch::jit::Module& module, std::vector<c10::IValue> inputs);

std::vector<NamedTensor> script_parameters(const torch::jit::Module& module);
std::vector<NamedTensor> script_buffers(const torch::jit::Module& module);

/// LibTorch's messages go on with a trace of calls.
std::string first_line(const std::string& text);

}  // namespace kindred::nn
