#include "nn/script_module.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include "kindred/error.hpp"

namespace kindred::nn {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

torch::jit::Module load_script_module(const std::string& path) {
  try {
    auto module = torch::jit::load(path, at::Device(at::kCPU));
    module.eval();
    return module;
  } catch (const c10::Error& error) {
    throw Error(path + " is no TorchScript module (expected a file of torch.jit.save): " +
                first_line(error.what_without_backtrace()));
  }
}

at::Tensor run_script_module(torch::jit::Module& module, std::vector<c10::IValue> inputs) {
  const auto out = module.forward(std::move(inputs));
  if (!out.isTensor()) throw Error("the TorchScript module returned something that is no tensor");
  return out.toTensor().to(at::kFloat);
}

std::vector<NamedTensor> script_parameters(const torch::jit::Module& module) {
  std::vector<NamedTensor> all;
  for (const auto& one : module.named_parameters()) all.push_back({one.name, one.value});
  return all;
}

std::vector<NamedTensor> script_buffers(const torch::jit::Module& module) {
  std::vector<NamedTensor> all;
  for (const auto& one : module.named_buffers()) all.push_back({one.name, one.value});
  return all;
}

}  // namespace kindred::nn
