#pragma once

#include <memory>
#include <vector>

#include "host/base/context.hpp"
#include "host/encoding/feature_views.hpp"
#include "host/model/encoder_part.hpp"
#include "host/training_data/feature_map_reader.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// The last stages of an encoder, trained from cached feature maps: each time a sample is used, one of its
/// views is drawn.
class FeatureMapTrainingData final : public TrainingData {
 public:
  struct Options {
    at::Device device;
    int64_t views = 1;  ///< of training rows: numbers 0 to views - 1
    uint64_t seed = 0;
  };
  /// `maps` holds the plain view of all samples and every view of the training rows. Everything given by
  /// reference must outlive this.
  FeatureMapTrainingData(const Dataset& dataset, const ClassSplit& split, const FeatureViews& maps,
                         const EncoderPart& part, const Options& options, Context& context);

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) override;
  Step next() override;
  void train_encoder(bool on) override { part_.encoder->train(on); }

 protected:
  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t view) override;
  int64_t embedding_batch() const override { return kEvaluationBatch; }

 private:
  static constexpr int64_t kEvaluationBatch = 64;
  const FeatureViews& maps_;
  const EncoderPart& part_;
  const Options options_;
  Context& context_;
  std::vector<at::Tensor> batches_;
  size_t position_ = 0;
  std::unique_ptr<FeatureMapReader> reader_;
};

}  // namespace kindred::host
