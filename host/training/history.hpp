#pragma once

#include <cstdint>
#include <string>

#include "host/options/training_options.hpp"
#include "host/training/epoch_result.hpp"
#include "host/training/trackers.hpp"

namespace kindred::host {

/// This tells what each epoch gave: one line of JSON in history.jsonl of the run's folder, and a call of the
/// trackers.
class History {
 public:
  /// `trackers` is null where there are none. `options` and `trackers` must outlive it.
  History(const std::string& folder, const TrainingOptions& options, Trackers* trackers);

  /// Drops the lines of epochs that a resumed run will repeat: those behind `epochs` completed ones.
  void keep_until(int64_t epochs) const;

  /// Appends the line of `epoch`, from 0. Throws Error when it cannot be written.
  void append(int64_t epoch, const EpochResult& result, double seconds, bool best) const;

  /// Tells the trackers of `epoch`, from 0. `all_steps` were taken in all epochs so far.
  void track(int64_t epoch, const EpochResult& result, int64_t all_steps) const;

 private:
  /// Returns the one that `epoch` is trained with, before the factors of groups of parameters.
  double learning_rate(int64_t epoch) const;

  std::string path_;
  const TrainingOptions& options_;
  Trackers* trackers_;
};

}  // namespace kindred::host
