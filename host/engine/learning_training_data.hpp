#pragma once

#include <memory>
#include <vector>

#include "host/engine/batch_loader.hpp"
#include "host/engine/components.hpp"
#include "host/engine/encoder_part.hpp"
#include "host/engine/skip_log.hpp"
#include "host/engine/training_data.hpp"

namespace kindred::host {

/// Samples are read by threads while an encoder that learns computes: the whole of it, or its frozen stages
/// again at every step and then the trained ones.
class LearningTrainingData final : public TrainingData {
 public:
  /// Everything given by reference must outlive it.
  LearningTrainingData(const Pipeline& pipeline, const Dataset& dataset, const Components& parts,
                       const EncoderPart& part, const ClassSplit& split, at::Device device, SkipLog& skips,
                       bool quiet);

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) override;
  Step next() override;
  at::Tensor embed(std::vector<int64_t>& samples, int64_t view) override;
  void train_encoder(bool on) override { part_.encoder->train(on); }

 private:
  const Pipeline& pipeline_;
  const Components& parts_;
  const EncoderPart& part_;
  at::Device device_;
  SkipLog& skips_;
  bool quiet_;
  std::unique_ptr<BatchLoader> loader_;
};

}  // namespace kindred::host
