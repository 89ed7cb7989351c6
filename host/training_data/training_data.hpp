#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/data/class_split.hpp"
#include "host/data/pair_lists.hpp"
#include "host/distributed/communicator.hpp"
#include "host/evaluation/retrieval_task.hpp"
#include "host/options/evaluation_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Embeddings of an encoder for the trainer, wherever they come from: the cache, feature maps in the cache,
/// or pictures.
class TrainingData {
 public:
  /// `dataset` must outlive it.
  TrainingData(const Dataset& dataset, const ClassSplit& split);
  virtual ~TrainingData() = default;

  /// int64 (N) on the CPU: labels of the training rows, by which samplers choose.
  const at::Tensor& labels() const { return train_labels_; }

  /// Announces the batches of an epoch, each int64 (B) rows of [0, N); next() begins at batch `first`.
  virtual void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) = 0;

  struct Step {
    at::Tensor labels;   ///< int64 (B) on the device
    at::Tensor samples;  ///< int64 (B) on the device: rows of the dataset
    /// Places int64 (n) in the batch, on the CPU; undefined: all of them -> float32 (n, D) on the device,
    /// with a graph when the encoder learns. May be called again: the same places give the same embeddings,
    /// but for what the trained stages draw.
    std::function<at::Tensor(const at::Tensor& places)> encode;
  };
  /// The next announced batch. May be smaller than announced when samples could not be read.
  virtual Step next() = 0;

  /// Makes this process share the work with others that hold the same data: of every batch that is announced
  /// from now on next() gives the part of this process, and each embeds its part of the samples of embed().
  /// `communicator` must outlive this.
  virtual void share_with(Communicator& communicator) { group_ = &communicator; }

  /// float32 (S, D) of dataset rows on the device, by the encoder as it stands, in evaluation mode and
  /// without gradients. Samples that cannot be read are taken out of `samples`. Processes that share the work
  /// have to call it together, with the same samples.
  at::Tensor embed(std::vector<SampleIndex>& samples, int64_t view);

  /// Makes `samples`, which are in it, the training side.
  virtual void keep_train_rows(const std::vector<SampleIndex>& samples);

  /// Returns the embeddings of the training rows, for closed-form heads; labels() afterwards belongs to them.
  virtual at::Tensor train_embeddings();

  /// These are the embeddings of the validation rows, and their labels int64 (V) on the CPU. V = 0 when there
  /// are none.
  virtual at::Tensor validation_embeddings();
  const at::Tensor& validation_labels() const { return validation_labels_; }

  /// Pairs of a dataset of pairs whose objects are both on a side, in rows of it; undefined otherwise.
  PairList train_pairs() const { return pairs_within(dataset_.pairs(), train_rows_); }
  PairList validation_pairs() const { return pairs_within(dataset_.pairs(), validation_rows_); }

  /// Makes the task of measuring the validation rows.
  RetrievalTask validation_task(const MeasureOptions& options) const;

  /// Returns the dataset rows of training rows.
  std::vector<SampleIndex> samples_of(const at::Tensor& rows) const;

  /// Returns what the dataset calls one of its rows, and a validation row, for messages.
  std::string sample_name(SampleIndex sample) const { return dataset_.sample_name(to_int(sample)); }
  std::string validation_name(int64_t row) const {
    return sample_name(validation_rows_.at(static_cast<size_t>(row)));
  }

  /// Called around epochs: only a learning encoder cares.
  virtual void train_encoder(bool on) { (void)on; }

 protected:
  /// Does embed() in this process alone.
  virtual at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t view) = 0;
  /// The number of samples that embed_here() computes at once; 0 where it computes nothing, so that there is
  /// nothing to share.
  virtual int64_t embedding_batch() const { return 0; }
  /// The part of an announced batch that this process encodes.
  at::Tensor part_of_batch(const at::Tensor& batch) const;
  /// The place in the batch where that part begins.
  int64_t first_of_part(const at::Tensor& batch) const;

  /// The view that is taken when `view` is asked for: only pictures have others than the plain one.
  int64_t present_view(int64_t view) const;

  Communicator* group_ = nullptr;  ///< null: this process is alone
  const Dataset& dataset_;
  std::vector<SampleIndex> train_rows_, validation_rows_;
  at::Tensor train_labels_, validation_labels_;
};

}  // namespace kindred::host
