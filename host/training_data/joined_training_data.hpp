#pragma once

#include <memory>
#include <vector>

#include "host/training_data/training_data.hpp"

namespace kindred::host {

/// Several encoders over the same samples: their embeddings side by side. A sample that one of them cannot
/// read is left out.
class JoinedTrainingData final : public TrainingData {
 public:
  /// `parts` are over the same split, and there is at least one.
  JoinedTrainingData(const Dataset& dataset, const ClassSplit& split,
                     std::vector<std::unique_ptr<TrainingData>> parts);

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) override;
  Step next() override;
  at::Tensor train_embeddings() override;
  at::Tensor validation_embeddings() override;
  void train_encoder(bool on) override;
  void share_with(Communicator& communicator) override;

 protected:
  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t view) override;

 private:
  template <class Embed>
  at::Tensor whole(std::vector<SampleIndex>& rows, at::Tensor& labels, Embed&& embed);

  std::vector<std::unique_ptr<TrainingData>> parts_;
};

}  // namespace kindred::host
