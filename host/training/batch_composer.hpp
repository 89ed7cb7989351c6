#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "host/data/pair_lists.hpp"
#include "host/model/model.hpp"
#include "host/training_data/training_data.hpp"
#include "kindred/batch_sampler.hpp"

namespace kindred::host {

/// This says which training rows, or pairs of them, form the batches of an epoch. It asks the batch sampler,
/// and shows it the class means where it looks at any. Every process composes the same batches.
class BatchComposer {
 public:
  /// Everything given by reference must outlive it. Throws Error when the dataset gives pairs and none has
  /// both objects on the training side.
  BatchComposer(BatchSampler& sampler, TrainingData& data, const Model& model, uint64_t seed);

  /// Returns whether the sampler is to see the class means before the batches of `epoch`, which counts from
  /// 0.
  bool needs_class_means(int64_t epoch) const;

  /// Shows the sampler the means of the classes by the model as it stands. Encoder and heads are left in
  /// evaluation mode, and training rows that cannot be read are left out from then on.
  void show_class_means();

  /// Returns the batches of `epoch`: int64 (B) training rows each or, where the dataset gives pairs, numbers
  /// of pairs.
  std::vector<at::Tensor> batches(int64_t epoch);

  /// Returns the training rows int64 of such a batch; for pairs the first objects come first, then the second
  /// ones.
  at::Tensor rows_of(const at::Tensor& batch) const { return pairs_ ? pairs_->objects(batch) : batch; }
  /// Returns how many training rows a batch of `size` has.
  int64_t row_count(int64_t size) const { return pairs_ ? 2 * size : size; }

  /// The pairs are null unless the dataset gives any.
  const PairBatches* pairs() const { return pairs_.get(); }

  /// A checkpoint keeps the class means that the sampler saw last. After they are loaded, restored() shows
  /// them to it.
  std::vector<NamedTensor> tensors() const;
  void restored();

 private:
  void take_pairs();

  BatchSampler& sampler_;
  TrainingData& data_;
  const Model& model_;
  uint64_t seed_;
  int64_t refresh_epochs_;
  std::unique_ptr<PairBatches> pairs_;
  at::Tensor class_means_;  ///< float32 (C, D) on the CPU; undefined where the sampler looks at none
};

}  // namespace kindred::host
