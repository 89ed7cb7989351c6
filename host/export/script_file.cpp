#include "host/export/script_file.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_pooling.h>
#include <torch/csrc/jit/passes/shape_analysis.h>
#include <torch/csrc/jit/serialization/import.h>

#include "host/base/text.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {
namespace jit = torch::jit;

/// Constants stay on the device that they were made on; parameters go with the module.
void make_parameters(jit::Graph& graph, jit::Module& module) {
  auto* self = graph.insertInput(0, "self")->setType(module._ivalue()->type());
  size_t count = 0;
  for (auto it = graph.nodes().begin(); it != graph.nodes().end();) {
    auto* node = *it++;
    if (node->kind() != c10::prim::Constant) continue;
    const auto value = jit::toIValue(node->output());
    if (!value || !value->isTensor() || !value->toTensor().is_floating_point()) continue;
    const auto name = "tensor_" + std::to_string(count++);
    constexpr bool kIsBuffer = false;
    // Not a view of something larger, all of which would be written.
    module.register_parameter(name, value->toTensor().detach().clone(), kIsBuffer);
    const jit::WithInsertPoint here(node);
    node->output()->replaceAllUsesWith(graph.insertGetAttr(self, name));
    node->destroy();
  }
}

/// expand() to a size that a tensor has is a view of it, and to another one an error, but for a size of 1.
/// Where one of those grew, reshape_as() is an error, since there are more numbers.
void hold_to_sizes(jit::Graph& graph, jit::Value* input, const at::Tensor& example) {
  auto sizes = example.sizes().vec();
  sizes.front() = -1;
  const auto uses = input->uses();
  const jit::WithInsertPoint here(*graph.nodes().begin());
  auto* expanded = graph.insert(c10::aten::expand, {input, sizes});
  auto* held = graph.insert(c10::aten::reshape_as, {input, expanded});
  for (const auto& use : uses) use.user->replaceInput(use.offset, held);
}

}  // namespace

void write_script_file(const std::string& path, const jit::Graph& source, const at::Tensor& input) {
  at::NoGradGuard no_grad;
  try {
    const auto graph = const_cast<jit::Graph&>(source).copy();  // which changes nothing
    jit::EraseShapeInformation(graph);
    jit::ConstantPooling(graph);
    graph->inputs()[0]->setDebugName("input");
    hold_to_sizes(*graph, graph->inputs()[0], input);
    const auto unit = std::make_shared<jit::CompilationUnit>();
    jit::Module module("__torch__.KindredModel", unit);
    make_parameters(*graph, module);
    auto* forward = unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), graph);
    module.type()->addMethod(forward);
    module.register_attribute("training", c10::BoolType::get(), false);
    module.save(path);
  } catch (const std::exception& error) {
    throw Error("the TorchScript module cannot be written: " + without_trace(error.what()));
  }
}

Network open_script_file(const std::string& path) {
  try {
    const auto module = std::make_shared<jit::Module>(jit::load(path, at::Device(at::kCPU)));
    module->eval();
    return [module](const at::Tensor& batch) {
      at::NoGradGuard no_grad;
      return module->forward({batch}).toTensor();
    };
  } catch (const std::exception& error) {
    throw Error(path + " was written, but LibTorch does not open it: " + without_trace(error.what()));
  }
}

}  // namespace kindred::host
