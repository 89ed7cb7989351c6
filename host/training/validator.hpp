#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/model/model.hpp"
#include "host/options/evaluation_options.hpp"
#include "host/training/collapse_watch.hpp"
#include "host/training/training_loss.hpp"
#include "host/training_data/training_data.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

/// This measures the model on the validation side between epochs.
class Validator {
 public:
  struct Options {
    uint64_t seed = 42;
    at::Device device = at::kCPU;
    /// It says whether metrics are computed. A search is cheap beside an epoch of a learning encoder, but not
    /// beside one on cached embeddings.
    bool with_metrics = false;
  };
  /// Everything given by reference must outlive it; `metrics` are under contract.
  Validator(const Options& options, const MeasureOptions& measuring,
            const std::vector<std::shared_ptr<Metric>>& metrics, const Model& model, TrainingData& data,
            TrainingLoss& loss, CollapseWatch& collapse, Communicator& communicator);

  /// Returns "loss", where the loss can be validated, and the metrics' means by name; nothing when there are
  /// no validation rows. The loss is computed in batches of `batch_size` and is the mean over rows. Model and
  /// loss are left in evaluation mode.
  std::map<std::string, double> validate(int64_t batch_size);

 private:
  double mean_loss(const at::Tensor& embeddings, int64_t batch_size);
  at::Tensor loss_of(const at::Tensor& part, const at::Tensor& embeddings, const PairBatches* pairs);

  const Options options_;
  const MeasureOptions& measuring_;
  const std::vector<std::shared_ptr<Metric>>& metrics_;
  const Model& model_;
  TrainingData& data_;
  TrainingLoss& loss_;
  CollapseWatch& collapse_;
  Communicator& communicator_;
};

}  // namespace kindred::host
