#pragma once

#include <vector>

#include "host/data/class_split.hpp"
#include "host/data/pair_lists.hpp"
#include "host/training_data/training_data.hpp"

namespace kindred::testing {

/// Training data whose embeddings a test makes up by writing embed_here(): batches are served in the order
/// given.
class BatchedTrainingData : public host::TrainingData {
 public:
  using host::TrainingData::TrainingData;

  void start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t) override {
    batches_.clear();
    for (const auto& batch : batches) batches_.push_back(part_of_batch(batch));
    next_ = static_cast<size_t>(first);
  }
  Step next() override {
    auto samples = samples_of(batches_.at(next_++));
    const auto embeddings = embed_here(samples, 0);
    return {host::labels_of(dataset_.labels(), samples), host::tensor_of(samples),
            [embeddings](const at::Tensor& places) { return host::chosen_rows(embeddings, places); }};
  }

 private:
  std::vector<at::Tensor> batches_;
  size_t next_ = 0;
};

}  // namespace kindred::testing
