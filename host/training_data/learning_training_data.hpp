#pragma once

#include <memory>
#include <vector>

#include "host/data/batch_loader.hpp"
#include "host/data/skip_log.hpp"
#include "host/model/encoder_part.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// Samples are read by threads while an encoder that learns computes: the whole of it, or its frozen stages
/// again at every step and then the trained ones.
class LearningTrainingData final : public TrainingData {
 public:
  struct Options {
    uint64_t seed = 42;
    int64_t threads = 0;      ///< that read samples; 0: one per processor
    int64_t batch_size = 32;  ///< samples encoded at once by embed()
  };
  /// Everything given by reference must outlive it.
  LearningTrainingData(const Options& options, const Dataset& dataset, const TransformLists& transforms,
                       const EncoderPart& part, const ClassSplit& split, at::Device device, SkipLog& skips,
                       Context& context);

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) override;
  Step next() override;
  void train_encoder(bool on) override { part_.encoder->train(on); }

 protected:
  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t view) override;
  int64_t embedding_batch() const override { return options_.batch_size; }

 private:
  const Options options_;
  const TransformLists& transforms_;
  const EncoderPart& part_;
  at::Device device_;
  SkipLog& skips_;
  Context& context_;
  std::unique_ptr<BatchLoader> loader_;
};

}  // namespace kindred::host
