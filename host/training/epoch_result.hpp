#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace kindred::host {

/// How far a training has come: `step` steps of `epoch` (from 0) are done, or all steps of the epochs before
/// it.
struct TrainingPosition {
  int64_t epoch = 0, step = 0;
  double loss_sum = 0;  ///< of the steps of `epoch` that are done
};

/// What one epoch gave.
struct EpochResult {
  double train_loss = 0;  ///< mean over the steps
  double step_seconds = 0;
  int64_t steps_now = 0;                     ///< steps of this execution: without those before a resume
  std::map<std::string, double> validation;  ///< "loss" and the metrics by name; empty without validation

  /// The value called "train.loss" or "validation.<name>". Throws std::out_of_range for a name that is not
  /// there.
  double value(const std::string& monitor) const {
    if (monitor == "train.loss") return train_loss;
    return validation.at(monitor.substr(std::string("validation.").size()));
  }
};

}  // namespace kindred::host
