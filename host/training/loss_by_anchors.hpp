#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "host/distributed/communicator.hpp"
#include "host/training/compared_samples.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

/// A batch is computed by parts from so many pairs (anchors times references) on: where one process computes
/// all of them, since several matrices of them are gigabytes; where several processes do, since each then has
/// only its own part of them to compute.
constexpr int64_t kPairsOfOneProcess = int64_t{1} << 26, kPairsOfSeveral = int64_t{1} << 22;

/// A part has at most so many pairs, or one anchor.
constexpr int64_t kPairsOfPart = int64_t{1} << 24;

/// Says whether a batch is better computed by anchors. It says the same in all processes.
bool pays_by_anchors(const ComparedSamples& compared, const Communicator& communicator);

/// Calls a loss's backward pass, so that what it throws gets the loss's name.
using CallBackward = std::function<void(const std::function<void()>&)>;

/// Returns the loss of all samples, (), computed a part of the anchors after the other, of which each process
/// computes its share. `compared` has the samples of all processes. The loss is differentiable in
/// compared.embeddings and in `parameters` of the loss, with gradients that are the same in all processes and
/// have been computed on the way, part by part, so that no matrix of all pairs ever is. Without gradient mode
/// there is only the value. Every process has to call this.
at::Tensor loss_by_anchors(SumsOverAnchors& loss, const std::vector<at::Tensor>& parameters,
                           const ComparedSamples& compared, Communicator& communicator,
                           const CallBackward& call_backward, int64_t pairs_of_part = kPairsOfPart);

}  // namespace kindred::host
