#pragma once

#include <string>

/// Names of what can decide which epoch is the best one (train.early_stopping.monitor): the training loss,
/// the loss of the validation classes, or a metric of them.
namespace kindred::host {

inline constexpr const char* kTrainLoss = "train.loss";
inline constexpr const char* kValidationLoss = "validation.loss";

/// Returns "validation.r_precision" for "r_precision".
inline std::string monitored_metric(const std::string& metric) { return "validation." + metric; }

/// Says whether it is a loss, which is to fall; metrics are to rise.
inline bool is_loss_name(const std::string& monitor) {
  const std::string ending = ".loss";
  return monitor.size() >= ending.size() &&
         monitor.compare(monitor.size() - ending.size(), ending.size(), ending) == 0;
}

/// Says whether it is measured on the validation classes.
inline bool is_of_validation(const std::string& monitor) { return monitor.rfind("validation.", 0) == 0; }

/// The metric's name in what is_of_validation(), "loss" for their loss.
inline std::string validation_value(const std::string& monitor) {
  return monitor.substr(std::string("validation.").size());
}

}  // namespace kindred::host
