#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "host/distributed/communicator.hpp"
#include "host/training/batch_composer.hpp"
#include "host/training/batch_statistics.hpp"
#include "host/training/trained_tensors.hpp"
#include "host/training/weight_average.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// This is one batch on its way through a step.
struct StepBatch {
  at::Tensor composed;          ///< int64 (B): what the sampler put into it, rows or pairs, on the CPU
  TrainingData::Step data;      ///< this process's part of it, without samples that could not be read
  int64_t epoch = 0, step = 0;  ///< from 0
  int64_t all_steps = 0;        ///< taken before it in the whole training
  double factor = 1;  ///< on its gradient: 1 / number of batches whose gradients are summed before an update
  bool ends_group = true;  ///< the update follows
};

/// This does the work of one batch, in separate calls: forward(), loss(), backward() and value(), and behind
/// the last batch of a group update(). On the CPU value() comes before backward(), since the number is there
/// already. The gradient of a batch that is larger than train.gradient_cache is computed in parts (Gao et al.
/// 2021, "Scaling deep contrastive learning batch size under memory limited setup"): first all embeddings
/// without a graph, then the gradient of the loss in them, then part by part a second pass with a graph.
class TrainingStep {
 public:
  struct Parts {
    const Model& model;
    TrainingLoss& loss;
    TrainingData& data;
    BatchComposer& composer;
    TrainedParameters& parameters;
    Optimizer& optimizer;
    WeightAverage* average;  ///< null: none
    Communicator& communicator;
    BatchStatistics& statistics;
  };
  /// Everything given by reference must outlive it.
  TrainingStep(const TrainingOptions& options, Parts parts);

  /// Forgets the gradients of the group before.
  void begin_group();

  /// Returns float32 (n, D): the embeddings of this process's n samples of the batch. They have a graph;
  /// where the batch is computed in parts, they are a leaf that takes the gradient. They are undefined where
  /// the batch has one sample and something in the model, such as a batch norm, cannot learn from one; the
  /// model is then as it was before. A part of one sample is joined with the part before it. Throws Error
  /// where all parts have one sample.
  at::Tensor forward(const StepBatch& batch);

  /// Returns the loss of the whole batch, a scalar; it is undefined when no pair of the batch could be read.
  /// Memories of earlier batches take up the batch.
  at::Tensor loss(const StepBatch& batch, const at::Tensor& embeddings) const;

  /// Adds the gradient to the parameters'. Returns whether there is any; where nothing of the batch learns
  /// there is none.
  bool backward(const StepBatch& batch, const at::Tensor& embeddings, const at::Tensor& loss) const;

  /// Returns the number that a loss is. On another device than the CPU this costs one synchronisation: call
  /// it behind backward(), so that the device has work meanwhile. Behind the last batch of a group the same
  /// look brings the gradient's norm, which update() needs. Throws Error that names epoch and step when the
  /// loss is not finite; nothing was updated then.
  double value(const StepBatch& batch, const at::Tensor& embeddings, const at::Tensor& loss);

  /// Clips the gradient and updates the weights and their average. Throws Error that names epoch and step
  /// when the gradient is not finite; nothing was updated then.
  void update(int64_t epoch, int64_t step);

 private:
  void seed_forward(const StepBatch& batch) const;
  void seed_loss(const StepBatch& batch) const;
  bool in_parts(const StepBatch& batch) const;
  int64_t end_of_part(const StepBatch& batch, int64_t first) const;
  at::Tensor forward_in_parts(const StepBatch& batch) const;
  bool leaves_statistics_sound(const std::function<void()>& compute) const;
  at::Tensor part_of(const StepBatch& batch, int64_t first) const;
  at::Tensor squared_norm();
  [[noreturn]] void throw_not_finite(double loss, const at::Tensor& embeddings, const StepBatch& batch) const;

  const TrainingOptions& options_;
  const Parts parts_;
  bool gradients_summed_ = false;       ///< over the processes
  bool joins_last_sample_ = false;      ///< a part of one sample was too little
  std::optional<double> squared_norm_;  ///< of the group's gradient, where it was looked at
};

}  // namespace kindred::host
