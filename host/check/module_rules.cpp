#include "host/check/module_rules.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <set>

namespace kindred::host {

void require_stable_tensors(Module& one, Module& other) {
  const auto a = module_tensors(one), b = module_tensors(other);
  std::set<std::string> names;
  for (const auto& tensor : a) {
    require(tensor.tensor.defined(), "has an undefined tensor {}", tensor.name);
    require(!tensor.name.empty(), "has a tensor without a name");
    require(names.insert(tensor.name).second, "has two tensors called {}", tensor.name);
  }
  require(a.size() == b.size(), "has {} tensors and, made again, {}", a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    require(a[i].name == b[i].name, "calls a tensor {} and, made again, {}", a[i].name, b[i].name);
    require(a[i].tensor.sizes() == b[i].tensor.sizes(), "made again has another shape of {}", a[i].name);
  }
}

void require_state_in_tensors(Module& from, Module& to, const ModuleOutput& output) {
  at::NoGradGuard no_grad;
  from.train(false);
  to.train(false);
  const auto source = module_tensors(from), target = module_tensors(to);
  require(source.size() == target.size(), "has another number of tensors when made again");
  for (size_t i = 0; i < source.size(); ++i) target[i].tensor.copy_(source[i].tensor);
  require(at::allclose(output(from), output(to), 1e-6, 1e-6),
          "gives other numbers when its tensors are restored into a new object: parameters() and buffers() "
          "do not "
          "hold all of its state, or return copies");
}

void require_determinism(Module& module, const ModuleOutput& output) {
  at::NoGradGuard no_grad;
  module.train(false);
  const auto first = output(module).clone(), second = output(module);
  require(at::equal(first, second), "gives two results for one input in evaluation mode");
}

}  // namespace kindred::host
