#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

namespace torch::jit {
struct Graph;
}

namespace kindred::host {

/// What is recorded: a batch (B, ...) -> embeddings float32 (B, D).
using Network = std::function<at::Tensor(const at::Tensor&)>;

/// The operators that `network` runs, with its tensors as constants, for batches of any size. They are
/// recorded twice, for batches of two sizes: a number that grows with the batch is its size, or a multiple of
/// it. All other sizes stay those of the two batches. What depends on constants alone is computed here.
///
/// `few`, `more`: batches of two sizes, neither of them 1, that differ in nothing else. Gradients and what a
/// network prepared for inference must be out of the way: the network runs operators of LibTorch. Throws
/// Error where the two records do not fit each other, or the result does not depend on the input.
std::shared_ptr<torch::jit::Graph> recorded_graph(const Network& network, const at::Tensor& few,
                                                  const at::Tensor& more);

/// Makes of a graph for batches of `batch`, and the record `other` of the same network for those of
/// `other_batch`, one for any batch. Throws Error that says in which operator they differ otherwise.
void free_batch(torch::jit::Graph& graph, int64_t batch, torch::jit::Graph& other, int64_t other_batch);

}  // namespace kindred::host
