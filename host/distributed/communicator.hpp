#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred::host {

/// The processes that train one model together, as one of them sees them. Each process has an object of its
/// own.
///
/// Every method but rank() and size() is a meeting: all processes call the same methods in the same order
/// with tensors of the same dtype, and each call returns when all have arrived. Results are the same numbers
/// on every process. Tensors may be on any device; a result is on the device of what was handed in. [one
/// thread at a time]
class Communicator {
 public:
  virtual ~Communicator() = default;

  /// This process, from 0 to size() - 1. Process 0 writes the files of the run.
  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;

  /// Returns when all processes have arrived.
  virtual void barrier() = 0;

  /// Replaces the values of `tensor`, whose shape is the same everywhere, by their sum over all processes.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;

  /// (B_r, ...) of process r -> (B_0 + B_1 + ..., ...), in the order of the ranks. B_r may differ and be 0.
  /// The result has no graph.
  virtual at::Tensor all_gather(const at::Tensor& tensor) = 0;

  /// Replaces the values of `tensor`, whose shape is the same everywhere, by those of process 0.
  virtual void broadcast(at::Tensor& tensor) = 0;

  /// Whether any process says so: how processes agree to stop at the same step.
  virtual bool any(bool mine) = 0;
};

}  // namespace kindred::host
