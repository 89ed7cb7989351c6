#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace kindred {

struct NamedTensor {
  std::string name;  ///< stable across versions: it is the key in checkpoints and servables
  at::Tensor tensor;
};

/// What has tensors and behaves differently while training: encoders, heads, losses.
///
/// The host owns the tensors' values: it moves them between devices and restores checkpoints by writing
/// to the very tensors returned here (`set_data`, `copy_`), so return the ones that are in use, not copies.
/// All methods: [any thread, one at a time].
class __attribute__((visibility("default"))) Module {
 public:
  virtual ~Module() = default;

  /// Tensors that an optimizer may change. Order and names never vary for the same parameters.
  virtual std::vector<NamedTensor> parameters() { return {}; }

  /// Tensors that belong to the model but are not optimised (running statistics, projections).
  virtual std::vector<NamedTensor> buffers() { return {}; }

  /// Switches dropout, batch norm and the like. Components start in evaluation mode. train(true) also undoes
  /// prepare_for_inference(); train(false) keeps it.
  virtual void train(bool on) { (void)on; }

  /// The tensors are final: the host calls this in evaluation mode and without gradients, once their values,
  /// device and dtype will not change any more. From then on, until train(true) or the next call, the module
  /// may compute from what it derived from them here: norms folded into weights, weights packed, or converted
  /// to `dtype`, in which it will be run. Input of another dtype must still give right results. Whoever
  /// overwrites or moves tensors afterwards calls it again, and a module that is never told computes from
  /// its tensors at every call. What is derived is not among parameters() and buffers().
  virtual void prepare_for_inference(at::ScalarType dtype) { (void)dtype; }
};

/// Returns the parameters, then the buffers.
inline std::vector<NamedTensor> module_tensors(Module& module) {
  auto tensors = module.parameters();
  for (auto& buffer : module.buffers()) tensors.push_back(buffer);
  return tensors;
}

}  // namespace kindred
