#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "host/options/monitor.hpp"

namespace kindred::host {

/// This is how far a training has come: `step` steps of `epoch` (from 0) are done, and all steps of the
/// epochs before it.
struct TrainingPosition {
  int64_t epoch = 0, step = 0;
  double loss_sum = 0;  ///< of the steps of `epoch` that are done
};

/// This is what one epoch gave.
struct EpochResult {
  double train_loss = 0;  ///< mean over the steps
  double step_seconds = 0;
  int64_t steps_now = 0;                     ///< steps of this execution: without those before a resume
  std::map<std::string, double> validation;  ///< "loss" and the metrics by name; empty without validation

  /// Returns the value called "train.loss" or "validation.<name>". Throws std::out_of_range for a name that
  /// is not there.
  double value(const std::string& monitor) const {
    return monitor == kTrainLoss ? train_loss : validation.at(validation_value(monitor));
  }
};

}  // namespace kindred::host
