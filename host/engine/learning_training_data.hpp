#pragma once

#include <memory>
#include <vector>

#include "host/engine/batch_loader.hpp"
#include "host/engine/class_split.hpp"
#include "host/engine/components.hpp"
#include "host/engine/model.hpp"
#include "host/engine/training_data.hpp"

namespace kindred::host {

/// Samples are read by threads while an encoder that learns computes.
class LearningTrainingData final : public TrainingData {
 public:
  /// Everything given by reference must outlive it.
  LearningTrainingData(const Pipeline& pipeline, const Dataset& dataset, const Components& parts,
                       Model& model, const ClassSplit& split, at::Device device, bool quiet);

  const at::Tensor& labels() const override { return train_labels_; }
  void start_epoch(const std::vector<at::Tensor>& batches, int64_t epoch) override;
  Step next() override;
  at::Tensor all_train_embeddings() override;
  at::Tensor validation_embeddings() override;
  const at::Tensor& validation_labels() const override { return validation_labels_; }
  void train_encoder(bool on) override { model_.encoder->train(on); }

  /// float32 (N, D) of dataset rows in evaluation mode with data.transforms. Samples that cannot be read are
  /// noted in skipped() and taken out of `rows`.
  at::Tensor embed(std::vector<int64_t>& rows);

  /// Every sample that could not be read so far, once.
  const std::vector<SkippedSample>& skipped() const { return skipped_; }

 private:
  at::Tensor labels_of(const std::vector<int64_t>& rows) const;
  void note_skipped(const std::vector<SkippedSample>& skipped);

  const Pipeline& pipeline_;
  const Dataset& dataset_;
  const Components& parts_;
  Model& model_;
  at::Device device_;
  bool quiet_;
  std::vector<int64_t> train_rows_, validation_rows_;
  at::Tensor train_labels_, validation_labels_;
  std::unique_ptr<BatchLoader> loader_;
  std::vector<SkippedSample> skipped_;
};

}  // namespace kindred::host
