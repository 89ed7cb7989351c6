#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
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

/// Adds numbers up over the processes that train one model together.
class __attribute__((visibility("default"))) SumOverProcesses {
 public:
  virtual ~SumOverProcesses() = default;

  /// Replaces the values of `tensor`, whose shape and dtype are the same in every process, by their sum over
  /// all of them. Every process has to call it equally often and in the same order, and waits for the others.
  /// Throws Error where a process is missing. [any thread, one at a time]
  virtual void add_up(at::Tensor& tensor) const = 0;
};

/// What an encoder or a head may be, too, that normalises by statistics of the batch. Where several processes
/// train one model, each computes its part of every batch, and the statistics have to be those of the whole.
class __attribute__((visibility("default"))) SharesStatistics {
 public:
  virtual ~SharesStatistics() = default;

  /// From now on statistics of a batch are those of the rows of all processes together, and so are their
  /// gradients; null: of the rows of this one alone, as at first. The host calls it before training, and
  /// every process then runs the same stages forwards and backwards in every step, each on its own rows, of
  /// which there may be none. Returns false where some statistics stay those of this process's rows. [any
  /// thread, one at a time]
  virtual bool share_statistics(std::shared_ptr<const SumOverProcesses> sum) = 0;
};

}  // namespace kindred
