#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "host/distributed/communicator.hpp"
#include "host/training/batch_memory.hpp"
#include "host/training/compared_samples.hpp"
#include "host/training/loss_by_parts.hpp"
#include "kindred/loss.hpp"
#include "kindred/miner.hpp"

namespace kindred::host {

/// One loss of a sum, with what belongs to it. Its tensors are on the device of the training.
struct LossTerm {
  std::string id, plugin;  ///< of the component, for messages
  double weight = 1;
  int64_t dimension = 0;                ///< it sees so many of the first numbers of embeddings; 0: all
  std::shared_ptr<Loss> loss;           ///< under its contract
  bool class_proxies = false;           ///< as the loss says in its traits
  std::shared_ptr<Miner> miner;         ///< null: none
  std::unique_ptr<BatchMemory> memory;  ///< null: none
  int64_t start_step = 0;               ///< from which on the memory is compared with
};

/// Returns a term's loss over pairs, (), of the pairs that its miner keeps. A large batch comes some anchors
/// at a time where loss and miner allow it, and several processes divide the anchors. Every process has to
/// call this with the same values and the same state of LibTorch's generator of the CPU, and is left with the
/// same state.
at::Tensor loss_of_pairs(const LossTerm& term, const ComparedSamples& compared, const PartLimits& limits,
                         Communicator& communicator);

/// Returns the loss of a term with class proxies, (); numbers int64 (B): the samples' classes, counted from
/// 0. It is divided likewise.
at::Tensor loss_of_classes(const LossTerm& term, const at::Tensor& embeddings, const at::Tensor& numbers,
                           const PartLimits& limits, Communicator& communicator);

}  // namespace kindred::host
