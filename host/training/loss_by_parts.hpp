#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "host/distributed/communicator.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

/// When a batch comes in parts, in comparisons: anchors times references, or samples times rows of proxies.
struct PartLimits {
  /// From so many on, since several matrices of them are gigabytes.
  int64_t large_batch = int64_t{1} << 26;
  /// From so many on three processes and more divide them, since each then computes its own part alone.
  /// Against that stands the gradient of all embeddings, which travels (docs/design/scale.md), so GPUs, which
  /// compute fast, have to have more. Two processes gain nothing: where a batch is whole, the distance of two
  /// samples is computed once, not once for each of them.
  int64_t to_divide = int64_t{1} << 20, to_divide_on_gpus = int64_t{1} << 24;
  /// A part has at most so many, or `least_rows` samples, since each part reads all columns.
  int64_t part = int64_t{1} << 23, least_rows = 256;
};

/// A loss whose batch may come in parts.
struct LossOfParts {
  at::Tensor embeddings;               ///< (B, D): those of all processes
  std::vector<at::Tensor> parameters;  ///< of the loss, which are trained
  int64_t columns = 0;  ///< what each sample is compared with: so many references, or rows of proxies

  /// What the samples [first, end) add to the loss, where `embeddings` (B, D) stand in the place of those
  /// above.
  std::function<LossSums(const at::Tensor& embeddings, int64_t first, int64_t end)> part;

  /// Calls the loss's backward pass, so that what it throws gets the loss's name.
  std::function<void(const std::function<void()>&)> call_backward;
};

/// Says whether a batch, embeddings (B, D), is better computed by parts where each sample is compared with
/// `columns` others. It says the same in all processes, each of which calls it with the same shapes.
bool pays_by_parts(const at::Tensor& embeddings, int64_t columns, const PartLimits& limits,
                   Communicator& communicator);

/// Returns the loss of all samples, (), computed a part after the other, of which each process computes its
/// share. Its gradients have been computed on the way, part by part, so that no matrix of all comparisons
/// ever is. That with respect to loss.embeddings is the whole one in every process. That with respect to a
/// parameter is the process's own share times the number of processes, so that the mean over them is the
/// whole one. Without gradient mode there is only the value. Every process has to call this with the same
/// values. Throws Error where the loss returns more sums for one part than for another.
at::Tensor loss_by_parts(const LossOfParts& loss, const PartLimits& limits, Communicator& communicator);

}  // namespace kindred::host
