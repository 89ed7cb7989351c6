#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// What a run says of itself when it begins.
struct TrackedRun {
  std::string name;      ///< the pipeline's
  std::string folder;    ///< the run's, absolute; it exists
  std::string pipeline;  ///< the resolved pipeline, JSON
  /// Epochs that were completed before a resumed run goes on: what was tracked of later ones is void. Else 0.
  int64_t first_epoch = 0;
};

/// "train/loss", "validation/r_precision", "learning_rate"; after training "base/r_precision",
/// "tuned/r_precision". NaN where it is undefined.
struct TrackedValue {
  std::string name;
  double value;
};

/// What a model makes of test samples, for a view of their neighbourhoods. At most 5,000 of them are handed
/// over, evenly chosen among all.
struct TrackedEmbeddings {
  at::Tensor base;                   ///< float32 (N, B) on the CPU: by the encoders alone, before training
  at::Tensor tuned;                  ///< float32 (N, D) on the CPU: by the trained model
  std::vector<std::string> samples;  ///< the name of each
  std::vector<std::string> classes;  ///< the name of the class of each; empty where the dataset has pairs
};

/// Writes down how a run goes. What it throws is a warning: the run goes on without it. [one thread]
class __attribute__((visibility("default"))) Tracker {
 public:
  static constexpr const char* kKind = "tracker";
  static constexpr uint32_t kRevision = 2;
  virtual ~Tracker() = default;

  /// This is called once, before the first epoch.
  virtual void start(const TrackedRun& run) = 0;

  /// This is called after each epoch, numbered from 1; `steps` counts those of all epochs so far.
  virtual void epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values) = 0;

  /// This is called once, at the end. `status` is "completed", "interrupted" or "failed"; the values are
  /// those of the test classes, and there are none unless it is "completed".
  virtual void finish(const std::string& status, const std::vector<TrackedValue>& values) = 0;

  /// This is called once in a run that measured its test classes, before finish(). Whoever does not override
  /// it gets no embeddings.
  virtual void embeddings(const TrackedEmbeddings& /*embeddings*/) {}
};

}  // namespace kindred
