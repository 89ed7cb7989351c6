#pragma once

#include <string>
#include <vector>

#include "host/distributed/communicator.hpp"
#include "host/options/training_options.hpp"
#include "host/training/loss_term.hpp"

namespace kindred::host {

class Catalog;

/// What is trained: a weighted sum of losses, each with its miner and its memory.
class TrainingLoss {
 public:
  /// `dimension`: D of the embeddings; `train_labels` int64 (N): the dataset's labels of the training
  /// classes, which losses with class proxies see numbered from 0. A loss with "matryoshka" becomes several
  /// terms, each with proxies and a memory of its own. Throws PluginError from a factory.
  TrainingLoss(const Catalog& catalog, const TrainingOptions& options, int64_t dimension,
               const at::Tensor& train_labels, at::Device device);

  /// The same of terms that are made already, at least one.
  TrainingLoss(std::vector<LossTerm> terms, const at::Tensor& train_labels, at::Device device,
               const PartLimits& limits = {});

  /// embeddings (B, D), labels and samples int64 (B) on the device, samples: numbers that tell them apart.
  /// `step` counts from 0 over the whole training. Remembers the batch. All processes call it with the same
  /// values; of a large batch each computes a part where a loss allows it.
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& samples,
                     int64_t step, Communicator& communicator);

  /// Computes the loss of a batch of scored pairs, in training and in validation.
  at::Tensor forward(const ScoredPairs& pairs);

  /// Computes the loss of classes that are not trained: without memories and without the losses that have
  /// class proxies.
  at::Tensor validate(const at::Tensor& embeddings, const at::Tensor& labels);
  /// Says whether any loss is left for validate(); one over pairs always is.
  bool can_validate() const;

  void train(bool on);

  /// These are the tensors of all losses; where there are several, names begin with the loss's place in the
  /// sum.
  std::vector<NamedTensor> parameters() const;
  std::vector<NamedTensor> tensors() const;
  std::vector<NamedTensor> memories() const;

  /// Names the losses in messages: "kindred.triplet", or "kindred.arc_face + kindred.center".
  std::string name() const;
  /// Names the plugins that the losses come from.
  std::string plugin() const;

 private:
  std::string prefix(size_t term) const;

  std::vector<LossTerm> terms_;
  PartLimits limits_;
  at::Tensor classes_;  ///< int64 (C), ascending: the labels of the classes
};

}  // namespace kindred::host
