#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/context.hpp"
#include "host/evaluation/evaluation.hpp"
#include "host/model/model.hpp"
#include "host/options/evaluation_options.hpp"
#include "host/options/model_options.hpp"
#include "host/options/training_options.hpp"
#include "host/training/optimizer.hpp"
#include "host/training/trackers.hpp"
#include "host/training/training_loss.hpp"
#include "host/training/weight_average.hpp"
#include "host/training_data/training_data.hpp"
#include "kindred/batch_sampler.hpp"

namespace kindred::host {

struct TrainReport {
  int64_t epochs = 0;      ///< epochs completed, those before a resume included
  int64_t best_epoch = 0;  ///< 1-based; 0 when no epoch was completed
  double best_value = 0;
  std::string monitor;
  bool stopped_early = false;
  bool interrupted = false;
  std::vector<double> epoch_seconds;
  double train_seconds = 0;
  int64_t steps = 0;        ///< of this execution
  double step_seconds = 0;  ///< that they took, validation left out
  std::vector<std::string> warnings;
};

/// The training loop (trainer.cpp), the work of one batch (trainer_step.cpp), validation and the choice of
/// the best epoch (trainer_validation.cpp), and what is written while it goes, or when something fails
/// (trainer_checkpoint.cpp). It sees embeddings, so a frozen encoder costs it nothing; a learning encoder is
/// behind TrainingData.
class Trainer {
 public:
  struct Parts {
    std::shared_ptr<TrainingLoss> loss;
    std::shared_ptr<BatchSampler> sampler;
    std::vector<std::shared_ptr<Metric>> metrics;
    Trackers* trackers = nullptr;  ///< must outlive the trainer
  };

  /// `encoders`: what `model` was made from. `folder`: the run's folder; history.jsonl and checkpoints/ are
  /// written there. Everything given by reference must outlive the trainer.
  Trainer(const TrainingOptions& options, const std::vector<EncoderSpec>& encoders,
          const MeasureOptions& measuring, Parts parts, Model& model, TrainingData& data, at::Device device,
          std::string folder, Context& context);

  /// Continues from checkpoints/ of `folder` when it holds any.
  void resume();

  /// Epochs that were completed before.
  int64_t first_epoch() const { return first_.epoch; }

  /// Trains, then puts the best epoch's weights into the model. Throws Error on a loss that is not finite.
  /// Whatever it throws, resume() goes on from a checkpoint of what was trained before.
  TrainReport train();

 private:
  struct EpochResult {
    double train_loss = 0, step_seconds = 0, loss_sum = 0;
    int64_t steps = 0, steps_now = 0;  // of the epoch; without those before a resume
    std::map<std::string, double> validation;
  };
  /// Of one batch.
  struct Learned {
    at::Tensor embeddings;
    double loss;
    bool has_gradient;
  };
  struct Place {
    int64_t epoch, step;
    double loss_sum = 0;  ///< of the epoch's steps so far
  };
  /// What a checkpoint holds.
  struct Checkpoint {
    Place place;
    std::vector<NamedTensor> tensors, best, average;
    std::string optimizer;  ///< the bytes of its file; "": as it is now
    int64_t all_steps, average_updates, since_best, best_epoch;
    double best_value;
  };
  void run_epochs();
  bool out_of_patience() const;
  bool run_steps(int64_t epoch, EpochResult& result);
  ParameterGroups parameter_groups();
  void average_weights(const ParameterGroups& groups);
  void swap_average();
  Learned learn(const at::Tensor& rows, const TrainingData::Step& batch, Place place, double factor);
  void show_class_means();
  void take_pairs();
  at::Tensor step_loss(const at::Tensor& batch, const TrainingData::Step& step, const at::Tensor& embeddings);
  double validation_loss(const at::Tensor& embeddings);
  [[noreturn]] void throw_not_finite(double loss, const at::Tensor& embeddings, int64_t epoch,
                                     int64_t step) const;
  void update_weights(int64_t epoch, int64_t step);
  void validate(EpochResult& result);
  bool note_result(int64_t epoch, const EpochResult& result);
  double monitored(const EpochResult& result) const;
  void warn_when_collapsed(const at::Tensor& embeddings);
  void keep_history_until(int64_t epoch);
  Checkpoint present(const Place& place) const;
  void keep(const Place& place);
  void write(const Checkpoint& checkpoint);
  void save_checkpoint(int64_t epoch, int64_t step, double loss_sum) {
    write(present({epoch, step, loss_sum}));
  }
  void save_after_failure() noexcept;
  void track(int64_t epoch, const EpochResult& result) const;
  void append_history(int64_t epoch, const EpochResult& result, double seconds, bool best);
  std::vector<NamedTensor> state() const;
  std::vector<NamedTensor> checkpointed() const;

  const TrainingOptions& options_;
  const std::vector<EncoderSpec>& encoders_;
  const MeasureOptions& measuring_;
  Parts parts_;
  Model& model_;
  TrainingData& data_;
  at::Device device_;
  std::string folder_;
  Context& context_;
  Context silent_;  ///< for the progress of what is over in a moment
  bool minimise_, encoder_learns_;
  TrainReport report_;
  std::vector<NamedTensor> trained_;  ///< every parameter, named as in checkpoints
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;  ///< null: none
  std::unique_ptr<PairBatches> pairs_;      ///< null unless the dataset gives pairs
  std::vector<NamedTensor> best_;
  at::Tensor class_means_;  ///< float32 (C, D) that the sampler saw last; undefined when it looks at none
  int64_t all_steps_ = 0;   ///< ever taken, those before a resume included
  int64_t since_best_ = 0, largest_batch_ = 0;
  Place first_{0, 0};               ///< where training begins, or goes on
  Place saved_{0, 0};               ///< of the checkpoint on disk
  std::optional<Place> whole_;      ///< what the tensors are the state of; nothing in the middle of a step
  std::optional<Checkpoint> kept_;  ///< in memory: of a completed epoch
  double kept_at_ = 0, keep_seconds_ = 0, last_checkpoint_ = 0;
  bool collapse_noted_ = false, swapped_ = false;
};

/// Whether what is monitored is a loss, which is to fall.
bool is_loss_name(const std::string& monitor);

}  // namespace kindred::host
