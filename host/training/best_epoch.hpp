#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/options/training_options.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// This watches one value over the epochs. It keeps the weights of the epoch where the value was best, and
/// says when it has not become better for too long.
///
/// A value that was the same in every epoch so far, such as 1 where all samples are of one class, or a loss
/// of 0, tells no epoch from another. Until it changes the latest epoch counts as the best one, and training
/// does not end. A value that is not a number says nothing at all: it is not counted as an epoch without
/// progress.
class BestEpoch {
 public:
  using Tensors = std::function<std::vector<NamedTensor>()>;

  /// `monitor` is the name of the value; it stands in place of `options.monitor`, which may be "". `tensors`
  /// gives the weights that are copied, always the same ones. `metric_falls`: it is a metric of which
  /// smaller is better. `options.mode` wins over it.
  BestEpoch(const EarlyStoppingOptions& options, std::string monitor, Tensors tensors,
            bool metric_falls = false);

  /// Notes the value of `epoch`, counted from 1. Returns whether it is better than the best before it by more
  /// than min_delta, or the same as all before it; then the weights are copied.
  bool note(int64_t epoch, double value);

  /// Returns whether the last `patience` epochs were no better.
  bool out_of_patience() const;

  const std::string& monitor() const { return monitor_; }
  int64_t epoch() const { return epoch_; }  ///< counted from 1; 0: none was better than nothing
  double value() const { return value_; }   ///< an infinity when there is no best epoch
  int64_t epochs_since() const { return since_best_; }
  bool has_varied() const { return has_varied_; }  ///< whether two epochs had different values
  /// The copies of the best epoch's weights are empty when there is no best epoch. They are never written to
  /// again.
  const std::vector<NamedTensor>& weights() const { return weights_; }

  /// Puts the weights of the best epoch back; returns whether there are any.
  bool restore() const;

  /// Goes on from what an earlier execution noted. `weights` go to where tensors() has the same place; they
  /// may be empty.
  void resume(int64_t epoch, double value, int64_t epochs_since, bool has_varied,
              std::vector<NamedTensor> weights);

  /// Returns copies of the weights as they are now.
  std::vector<NamedTensor> present_weights() const;

 private:
  EarlyStoppingOptions options_;
  std::string monitor_;
  Tensors tensors_;
  bool minimise_;
  double value_;
  int64_t epoch_ = 0, since_best_ = 0;
  bool has_varied_ = false;
  std::vector<NamedTensor> weights_;
};

}  // namespace kindred::host
