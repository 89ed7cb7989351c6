#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/options/cache_options.hpp"
#include "host/options/data_options.hpp"
#include "host/options/evaluation_options.hpp"
#include "host/options/model_options.hpp"
#include "host/options/training_options.hpp"
#include "kindred/params.hpp"

namespace kindred::host {

/// The sections of a pipeline file. Each declares its keys once with the SDK's Schema, from which its
/// checks, defaults, the JSON Schema and the resolved file follow. Plain keys are those of the options that
/// the rooms take; a key whose type is nlohmann::json holds something with a structure of its own, which is
/// checked where it is read.
struct RootSection {
  int64_t kindred = 1;
  std::string name = "run";
  int64_t seed = 42;
  std::string device = "auto";
  std::vector<std::string> plugins;
  nlohmann::json data, model, cache, train, evaluate, output;
  nlohmann::json versions;  ///< of a run's own pipeline.json; nothing reads them
  static void describe(Schema<RootSection>& schema);
};

struct DataSection : LoadingOptions {
  nlohmann::json dataset, split, transforms, train_transforms;
  static void describe(Schema<DataSection>& schema);
};

struct SplitSection {
  std::string by = "class";
  int64_t seed = 42;
  int64_t folds = 0;  ///< 0: not given
  int64_t fold = 0;   ///< 0: each in a run of its own
  nlohmann::json train, validation;
  std::string test = "rest";
  static void describe(Schema<SplitSection>& schema);
};

struct TrainClassesSection {
  std::string classes_file;
  int64_t first = 0;  ///< 0: not given
  double fraction = 0.5;
  static void describe(Schema<TrainClassesSection>& schema);
};

struct ValidationSection {
  std::string from = "train";
  double fraction = 0.1;
  int64_t min_classes = 3;
  static void describe(Schema<ValidationSection>& schema);
};

struct ModelSection {
  nlohmann::json encoders, head;
  static void describe(Schema<ModelSection>& schema);
};

/// The keys of an encoder entry that the host reads; the others are the component's parameters.
struct EncoderSection : EncoderOptions {
  nlohmann::json trainable = false;
  static void describe(Schema<EncoderSection>& schema);
};

/// The object form of an encoder's "trainable".
struct TrainableSection {
  std::string from;
  BatchNormMode batch_norm = BatchNormMode::frozen;
  nlohmann::json lr_multipliers;
  double lr_decay = 1;
  nlohmann::json lora;
  static void describe(Schema<TrainableSection>& schema);
};

struct LoraSection : LoraOptions {
  static void describe(Schema<LoraSection>& schema);
};

/// An entry of model.head that chooses among heads, sample by sample.
struct SwitchSection {
  std::string on;
  nlohmann::json heads;
  static void describe(Schema<SwitchSection>& schema);
};

/// The keys of a loss entry that the host reads; the others are the component's parameters.
struct LossSection {
  double weight = 1;
  nlohmann::json miner, memory, matryoshka;
  static void describe(Schema<LossSection>& schema);
};

struct MatryoshkaSection : MatryoshkaOptions {
  static void describe(Schema<MatryoshkaSection>& schema);
};

struct MemorySection : MemoryOptions {
  static void describe(Schema<MemorySection>& schema);
};

struct CacheSection : CacheOptions {
  static void describe(Schema<CacheSection>& schema);
};

struct OptimizerSection : OptimizerOptions {
  nlohmann::json lr_factors;
  static void describe(Schema<OptimizerSection>& schema);
};

struct ScheduleSection : ScheduleOptions {
  static void describe(Schema<ScheduleSection>& schema);
};

struct FreezeSection : FreezeOptions {
  static void describe(Schema<FreezeSection>& schema);
};

struct EarlyStoppingSection : EarlyStoppingOptions {
  static void describe(Schema<EarlyStoppingSection>& schema);
};

struct TrainSection : TrainingKeys {
  nlohmann::json loss, batch_sampler, optimizer, schedule, early_stopping, freeze;
  static void describe(Schema<TrainSection>& schema);
};

struct EvaluateSection : EvaluationKeys {
  nlohmann::json metrics, eval_sampler;
  std::vector<std::string> test_views = {"plain"};
  static void describe(Schema<EvaluateSection>& schema);
};

struct OutputSection {
  std::string directory = "runs";
  bool keep_checkpoints = false;
  nlohmann::json trackers;
  static void describe(Schema<OutputSection>& schema);
};

}  // namespace kindred::host
