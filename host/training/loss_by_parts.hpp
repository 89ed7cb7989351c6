#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "host/distributed/communicator.hpp"
#include "host/training/compared_samples.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

/// A batch is computed by parts from so many comparisons (anchors with references, or samples with classes)
/// on: where one process computes all of them, since several matrices of them are gigabytes; where several
/// processes do, since each then has only its own part of them to compute.
constexpr int64_t kComparisonsOfOneProcess = int64_t{1} << 26, kComparisonsOfSeveral = int64_t{1} << 22;

/// A part has at most so many comparisons, or one sample.
constexpr int64_t kComparisonsOfPart = int64_t{1} << 24;

/// A loss whose batch may come in parts.
struct LossOfParts {
  at::Tensor embeddings;               ///< (B, D): those of all processes
  std::vector<at::Tensor> parameters;  ///< of the loss, which are trained
  int64_t columns = 0;                 ///< what each sample is compared with: so many references or classes

  /// What the samples [first, end) add to the loss, where `embeddings` (B, D) stand in the place of those
  /// above.
  std::function<LossSums(const at::Tensor& embeddings, int64_t first, int64_t end)> part;

  /// Calls the loss's backward pass, so that what it throws gets the loss's name.
  std::function<void(const std::function<void()>&)> call_backward;
};

/// Says whether a batch of `rows` samples is better computed by parts. It says the same in all processes.
bool pays_by_parts(int64_t rows, int64_t columns, const Communicator& communicator);

/// Returns the loss of all samples, (), computed a part after the other, of which each process computes its
/// share. It is differentiable in loss.embeddings and in the parameters, with gradients that are the same in
/// all processes and have been computed on the way, part by part, so that no matrix of all comparisons ever
/// is. Without gradient mode there is only the value. Every process has to call this with the same values.
at::Tensor loss_by_parts(const LossOfParts& loss, Communicator& communicator,
                         int64_t comparisons_of_part = kComparisonsOfPart);

}  // namespace kindred::host
