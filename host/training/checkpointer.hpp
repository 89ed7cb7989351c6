#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/distributed/communicator.hpp"
#include "host/training/best_epoch.hpp"
#include "host/training/epoch_result.hpp"
#include "host/training/optimizer.hpp"
#include "host/training/weight_average.hpp"

namespace kindred::host {

/// These are the parts that a training goes on from. All of them must outlive the checkpointer, which reads
/// them when it writes, and writes to them when it resumes.
struct ResumableState {
  std::function<std::vector<NamedTensor>()> tensors;  ///< of model, loss and sampler, always the same ones
  Optimizer& optimizer;
  WeightAverage* average;  ///< null: none
  BestEpoch& best;
  int64_t& all_steps;  ///< ever taken, those before a resume included
};

/// This writes checkpoints while a training goes and when something fails, and goes on from them. They lie in
/// checkpoints/ of the run's folder: trainer.json says where the training stands and, by their common stem,
/// which of the files epoch_XXXXX_step_XXXXX*.safetensors and *.optimizer.pt belong together. Of several
/// processes, number 0 writes.
class Checkpointer {
 public:
  /// `context` and `communicator` must outlive it.
  Checkpointer(std::string folder, ResumableState state, Context& context, Communicator& communicator);

  /// Reads what checkpoints/ holds into the state, and returns its position, or nothing when there is no
  /// checkpoint. Throws Error when the best epoch was chosen by another value, or when files do not fit.
  std::optional<TrainingPosition> resume();

  /// Says that training begins at `position`; the clocks start.
  void start(const TrainingPosition& position);

  /// Says that the state is now that of `position`, so that it can be written whatever happens.
  void consistent_at(const TrainingPosition& position) { consistent_at_ = position; }
  /// Says that from now on, until consistent_at(), the state is that of a step half done.
  void inconsistent() { consistent_at_.reset(); }

  /// Copies the consistent state in memory, so that a step that fails half done costs no more than its epoch.
  /// Nothing is copied where that would take more than a hundredth of the time, or much memory: then there
  /// are the checkpoints on disk.
  void keep();

  /// Returns whether the last checkpoint was written so long ago that it is time for another.
  bool is_due() const;

  /// Writes the state as that of `position`. Throws Error.
  void write(const TrainingPosition& position);

  /// Writes the state where it is consistent, else the copy that was kept; what is already on disk stays as
  /// it is. What made the training fail is what the user is to see, so failing here is a warning.
  void save_after_failure() noexcept;

 private:
  struct Checkpoint;
  Checkpoint present(const TrainingPosition& position) const;
  void write_files(const Checkpoint& checkpoint);

  std::string folder_;
  ResumableState state_;
  Context& context_;
  Communicator& communicator_;
  TrainingPosition saved_;                         ///< of the checkpoint on disk
  std::optional<TrainingPosition> consistent_at_;  ///< nothing in the middle of a step
  std::shared_ptr<const Checkpoint> kept_;         ///< in memory; null: none
  double kept_at_ = 0, keep_seconds_ = 0, written_at_ = 0;
};

/// Removes the checkpoints of a run's folder, which a completed run needs no more. What cannot be removed
/// stays.
void remove_checkpoints(const std::string& folder) noexcept;

}  // namespace kindred::host
