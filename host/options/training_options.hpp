#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/options/component_spec.hpp"

namespace kindred::host {

enum class OptimizerType { adam, adamw, sgd };

struct OptimizerOptions {
  OptimizerType type = OptimizerType::adam;
  double lr = 1e-3;
  double encoder_lr = 0, head_lr = 0, loss_lr = 0;  ///< 0: lr
  double weight_decay = 0;
  double momentum = 0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

enum class ScheduleType { constant, cosine, step };

/// This says how the learning rate changes over the epochs.
struct ScheduleOptions {
  ScheduleType type = ScheduleType::constant;
  int64_t warmup_epochs = 0;
  int64_t step_epochs = 10;
  double gamma = 0.1;
  double final_fraction = 0;
};

/// What is not trained in some epochs.
struct FreezeOptions {
  std::string tensors;  ///< a pattern of names
  int64_t from_epoch = 1;
  int64_t until_epoch = 0;  ///< 0: to the end
};

/// Says whether the monitored value is to fall or to rise. automatic: losses fall, metrics rise.
enum class MonitorMode { automatic, min, max };

struct EarlyStoppingOptions {
  std::string monitor;  ///< "": validation.<first metric>, or train.loss without validation
  MonitorMode mode = MonitorMode::automatic;
  int64_t patience = 0;  ///< 0: never stop early
  double min_delta = 0;
};

/// Embeddings of earlier batches that a loss also compares with.
struct MemoryOptions {
  int64_t size = 1024;
  int64_t start_step = 0;
};

/// The first numbers of an embedding, which are trained to serve as an embedding by themselves.
struct MatryoshkaOptions {
  std::vector<int64_t> dimensions;  ///< how many numbers; not empty
  std::vector<double> weights;      ///< a factor for each; empty: 1
};

/// This is one loss of the sum that is trained.
struct LossSpec : ComponentSpec {
  double weight = 1;
  std::optional<MatryoshkaOptions> matryoshka;
  ComponentSpec miner;  ///< its pointer is empty where there is none
  std::optional<MemoryOptions> memory;
};

/// The plain keys of a pipeline's train section.
struct TrainingKeys {
  int64_t epochs = 100;
  int64_t accumulate = 1;      ///< batches per step of the optimizer
  int64_t gradient_cache = 0;  ///< samples at a time; 0: whole batches
  double gradient_clip = 0;    ///< 0: no limit
  double ema = 0;              ///< 0: none
  int64_t swa_start = 0;       ///< 0: none
};

/// Everything that is said of training.
struct TrainingOptions : TrainingKeys {
  std::string file;  ///< the pipeline file, for messages
  uint64_t seed = 42;
  std::vector<LossSpec> losses;
  ComponentSpec batch_sampler;
  OptimizerOptions optimizer;
  std::map<std::string, double> lr_factors;  ///< by pattern of tensor names
  std::vector<FreezeOptions> freeze;
  ScheduleOptions schedule;
  EarlyStoppingOptions early_stopping;
};

}  // namespace kindred::host
