#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kindred::host {

/// This is how one of the processes that train a model together sees them. Each process has an object of its
/// own.
class Communicator {
 public:
  virtual ~Communicator() = default;

  /// Returns the number of this process, from 0 to size() - 1. Process 0 writes the files of the run.
  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;

  /// Returns when all processes have arrived.
  virtual void barrier() = 0;

  /// Replaces the values of `tensor`, whose shape is the same everywhere, by their sum over all processes.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;

  /// Returns the tensors (B_r, ...) of all processes r as one (B_0 + B_1 + ..., ...), in the order of the
  /// ranks. B_r may differ and be 0. The result has no graph.
  virtual at::Tensor all_gather(const at::Tensor& tensor) = 0;

  /// Replaces the values of `tensor`, whose shape is the same everywhere, by those of process 0.
  virtual void broadcast(at::Tensor& tensor) = 0;

  /// Returns whether any process says so. This is how processes agree to stop at the same step.
  virtual bool any(bool mine) = 0;
};

}  // namespace kindred::host
