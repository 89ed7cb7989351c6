#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "mlflow_meta.hpp"

namespace kindred {

/// MLflow's numbers for how a run stands (RunStatus in its service.proto).
enum class MlflowStatus { running = 1, finished = 3, failed = 4, killed = 5 };

/// Milliseconds since 1970, as MLflow counts time.
int64_t mlflow_time();

/// A folder that MLflow opens as its store of files: one folder per experiment, one within per run. Other
/// processes may write there at the same time.
class MlflowStore {
 public:
  /// Makes the folder, with the experiment "Default" that MLflow relies on, where it is not there. Throws
  /// Error.
  explicit MlflowStore(std::filesystem::path folder);

  /// The folder of the experiment of this name, which is made where there is none. Throws Error when it was
  /// deleted in MLflow, which keeps its name.
  std::filesystem::path experiment(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

/// The folder of one run.
class MlflowRun {
 public:
  MlflowRun() = default;
  /// One that is there.
  explicit MlflowRun(std::filesystem::path folder) : folder_(std::move(folder)) {}
  /// A new one with an id of its own. MLflow sees it from describe() on.
  static MlflowRun made_in(const std::filesystem::path& experiment);

  const std::filesystem::path& folder() const { return folder_; }
  bool exists() const;
  void param(const std::string& key, const std::string& value) const;
  void tag(const std::string& key, const std::string& value) const;
  /// Writes meta.yaml of a run that begins now.
  void describe(const std::string& name) const;
  /// Adds a point to a curve.
  void metric(const std::string& key, double value, int64_t step);
  /// Removes the points of later steps.
  void forget_after(int64_t step) const;
  /// Copies a file to the run's artifacts.
  void artifact(const std::filesystem::path& file) const;
  /// A run that has ended has the time of now as its end.
  void set_status(MlflowStatus status) const;

 private:
  std::filesystem::path folder_;
  std::set<std::string> metrics_;  ///< that have their file
};

}  // namespace kindred
