#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/distributed/communicator.hpp"
#include "host/options/evaluation_options.hpp"
#include "host/options/model_options.hpp"
#include "host/options/training_options.hpp"
#include "host/training/batch_composer.hpp"
#include "host/training/best_epoch.hpp"
#include "host/training/checkpointer.hpp"
#include "host/training/collapse_watch.hpp"
#include "host/training/history.hpp"
#include "host/training/trained_tensors.hpp"
#include "host/training/training_step.hpp"
#include "host/training/validator.hpp"

namespace kindred::host {

struct TrainReport {
  int64_t epochs = 0;      ///< epochs completed, those before a resume included
  int64_t best_epoch = 0;  ///< 1-based; 0 when no epoch was completed
  double best_value = 0;
  std::string monitor;
  bool tells_apart = true;  ///< whether the monitored value could tell one epoch from another
  bool stopped_early = false;
  bool interrupted = false;
  std::vector<double> epoch_seconds;
  double train_seconds = 0;
  int64_t steps = 0;        ///< of this execution
  double step_seconds = 0;  ///< that they took, validation left out
};

/// This says how a model is trained. What it refers to must outlive the trainer.
struct TrainingPlan {
  const TrainingOptions& options;
  const std::vector<EncoderSpec>& encoders;  ///< what the model was made from
  const MeasureOptions& measuring;
  at::Device device = at::kCPU;
  std::string folder;  ///< the run's; history.jsonl and checkpoints/ are written there
};

/// This is the training loop: epochs and steps. TrainingStep does the work of a batch, and BatchComposer says
/// which batches there are. What happens between epochs is divided among Validator, BestEpoch, History and
/// Checkpointer. The loop sees embeddings, so a frozen encoder costs it nothing; a learning encoder is behind
/// TrainingData.
class Trainer {
 public:
  struct Parts {
    std::shared_ptr<TrainingLoss> loss;
    std::shared_ptr<BatchSampler> sampler;
    std::vector<std::shared_ptr<Metric>> metrics;
    Trackers* trackers = nullptr;  ///< must outlive the trainer; null: none
  };

  /// Everything given by reference must outlive the trainer. `communicator` is where this process meets those
  /// that it trains with. Throws PipelineError for patterns that match no parameter, and Error when there is
  /// nothing to train.
  Trainer(TrainingPlan plan, Parts parts, Model& model, TrainingData& data, Context& context,
          Communicator& communicator);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Continues from checkpoints/ of the run's folder when it holds any.
  void resume();

  /// Returns how many epochs were completed before.
  int64_t first_epoch() const { return first_.epoch; }

  /// Trains, then puts the best epoch's weights into the model. Throws Error on a loss that is not finite.
  /// Whatever it throws, resume() goes on from a checkpoint of what was trained before.
  TrainReport train();

 private:
  /// This holds the batches of one epoch and what its steps have given so far.
  struct Epoch;

  void run_epochs();
  Epoch begin_epoch(int64_t number);
  void say_how_batches_are_shared(const Epoch& epoch);
  bool run_steps(Epoch& epoch, EpochResult& result);
  StepBatch next_batch(const Epoch& epoch, int64_t step);
  at::Tensor learn(Epoch& epoch, const StepBatch& batch);
  void left_out(Epoch& epoch, const StepBatch& batch);
  void check_state(int64_t number);
  void watch_collapse(Epoch& epoch, const at::Tensor& embeddings);
  void finish_epoch(int64_t number, double start, EpochResult& result);
  void warn_of_indecision();
  void watch_loss(const Epoch& epoch);
  void take_best_weights();
  std::vector<NamedTensor> resumable_tensors() const;

  const TrainingPlan plan_;
  const TrainingOptions& options_;
  Parts parts_;
  Model& model_;
  TrainingData& data_;
  Context& context_;
  Communicator& communicator_;
  Context silent_;  ///< for the progress of what is over in a moment
  const bool encoder_learns_;
  TrainedParameters parameters_;
  Optimizer optimizer_;
  BatchComposer composer_;
  std::unique_ptr<WeightAverage> average_;  ///< null: none
  BestEpoch best_;
  const bool decides_;  ///< whether what is monitored can be right or wrong
  CollapseWatch collapse_;
  Validator validator_;
  BatchStatistics statistics_;
  TrainingStep step_;
  History history_;
  Checkpointer checkpointer_;
  TrainReport report_;
  int64_t all_steps_ = 0;  ///< ever taken, those before a resume included
  int64_t largest_batch_ = 0;
  bool said_that_one_is_left_out_ = false;
  TrainingPosition first_;  ///< where training begins, or goes on
};

}  // namespace kindred::host
