#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "host/distributed/communicator.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// Losses of similarity learning compare the samples of a batch with each other, so the processes share one
/// batch: each encodes its part of it, all see all embeddings, and each has the loss of the whole batch.
/// The gradient that reaches a process's weights is then that of its own rows, and the sum over the processes
/// is the gradient that one process alone would have computed.

/// Returns the part of a batch int64 (B) that this process encodes: rows [r B / n, (r + 1) B / n). A process
/// alone gets `rows` itself.
at::Tensor part_of_rank(const at::Tensor& rows, const Communicator& communicator);

/// Returns where the part of a process begins among `count` things: rank `count` / n, rounded down.
int64_t first_of_rank(int64_t count, int64_t rank, const Communicator& communicator);

/// Returns the rows (B_r, ...) of all processes r, without a graph. A process alone gets `mine` itself.
at::Tensor gathered(const at::Tensor& mine, Communicator& communicator);

/// Returns the embeddings (B_r, D) of all processes; the rows of this one keep their graph. A process alone
/// gets `mine` itself.
at::Tensor gathered_embeddings(const at::Tensor& mine, Communicator& communicator);

/// Is called before an update. The gradients of `divided`, to each of which every process has contributed its
/// own rows, become their sum. Those of `repeated`, which every process has computed from the whole batch,
/// become their mean. A tensor without a gradient counts as zero where another process has one. Gradients of
/// one dtype and device travel together. A process alone changes nothing.
void sum_gradients(const std::vector<NamedTensor>& divided, const std::vector<NamedTensor>& repeated,
                   Communicator& communicator);

/// Throws Error that names the tensor and a process that has other bytes in it than process 0: what the
/// processes hand to each other is the same everywhere, or one of them goes wrong. A process alone compares
/// nothing.
void expect_same_everywhere(const std::vector<NamedTensor>& tensors, Communicator& communicator);

/// Gives every process the values that `tensors` have on process 0. A process alone changes nothing.
void take_from_first(const std::vector<NamedTensor>& tensors, Communicator& communicator);

/// Returns the number that process 0 has.
double take_from_first(double mine, Communicator& communicator);

}  // namespace kindred::host
