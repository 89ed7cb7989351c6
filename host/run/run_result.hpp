#pragma once

#include <c10/core/Device.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/encoding/feature_store.hpp"
#include "host/evaluation/measure.hpp"
#include "host/run/run_material.hpp"
#include "host/training/trainer.hpp"

namespace kindred::host {

/// Says how a run ended.
enum class RunStatus { completed, interrupted, failed };

/// Returns the word that result.json and trackers have for it.
const char* status_name(RunStatus status);

/// Returns the middle one of the values by size, of an even number the upper one; 0 when there are none.
double median(std::vector<double> values);

/// This is what result.json says of a run. It is filled as the run goes, so that whatever happens it says how
/// far the run came; docs/result.schema.json describes it.
class RunResult {
 public:
  RunResult();

  /// Notes that the frozen stages were run, or what they gave was opened.
  void encoded(const FeatureStore::Timings& took);
  /// Notes that heads were fitted; times add up.
  void fitted(double seconds);
  void trained(const TrainReport& report);
  /// Notes all that was warned of so far, in place of what was noted before.
  void warned(std::vector<std::string> warnings) { warnings_ = std::move(warnings); }

  /// Notes the values of a side, "base" or "tuned".
  void measured(const std::string& side, const Measured& values);
  /// Notes what comparison_json() gives.
  void compared(nlohmann::json comparison) { body_["comparison"] = std::move(comparison); }
  void per_class(nlohmann::json table) { body_["per_class"] = std::move(table); }
  void evaluated(double seconds) { body_["timings"]["evaluate_seconds"] = seconds; }

  /// Notes that a part of the run is done: how long it took, and how much memory the run has had at most.
  void phase_ended(const std::string& name);

  /// Returns {"base": {...}, "tuned": {...}}.
  const nlohmann::json& metrics() const { return body_["metrics"]; }
  const nlohmann::json& body() const { return body_; }

  /// Writes result.json into the folder of the run. `error` is "" where there is none. Throws Error.
  void write(const std::string& folder, RunStatus status, const std::string& error,
             const RunMaterial& material, at::Device device);

 private:
  double start_;        ///< when the run began
  double phase_start_;  ///< when its last part ended
  nlohmann::json body_;
  std::vector<std::string> warnings_;
};

}  // namespace kindred::host
