#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/params.hpp"

namespace kindred::host {

struct ComponentInfo;

/// The sections of a pipeline file. Each declares its keys once with the SDK's Schema, from which its
/// checks, defaults, the JSON Schema and the resolved file follow. A key whose type is nlohmann::json
/// holds something with a structure of its own, checked by the validator.
struct RootSection {
  int64_t kindred = 1;
  std::string name = "run";
  int64_t seed = 42;
  std::string device = "auto";
  std::vector<std::string> plugins;
  nlohmann::json data, model, cache, train, evaluate, output;
  static void describe(Schema<RootSection>& schema);
};

struct DataSection {
  nlohmann::json dataset, split, transforms, train_transforms;
  std::string on_error = "skip";
  double max_skipped = 0.01;
  int64_t threads = 0;
  static void describe(Schema<DataSection>& schema);
};

struct SplitSection {
  std::string by = "class";
  nlohmann::json train, validation;
  std::string test = "rest";
  static void describe(Schema<SplitSection>& schema);
};

struct TrainClassesSection {
  std::string classes_file;
  int64_t first = 0;  // 0: not given
  double fraction = 0.5;
  static void describe(Schema<TrainClassesSection>& schema);
};

struct ValidationSection {
  std::string from = "train";
  double fraction = 0.1;
  static void describe(Schema<ValidationSection>& schema);
};

struct ModelSection {
  nlohmann::json encoders, head;
  static void describe(Schema<ModelSection>& schema);
};

/// Keys of an encoder entry that the host reads; the others are the component's parameters.
struct EncoderSection {
  std::string field;  // "": the dataset's first
  nlohmann::json trainable = false;
  std::string precision = "auto";
  static void describe(Schema<EncoderSection>& schema);
};

/// The object form of an encoder's "trainable".
struct TrainableSection {
  std::string from;
  std::string batch_norm = "frozen";
  nlohmann::json lr_multipliers;
  static void describe(Schema<TrainableSection>& schema);
};

/// An entry of model.head that chooses among heads, sample by sample.
struct SwitchSection {
  std::string on;
  nlohmann::json heads;
  static void describe(Schema<SwitchSection>& schema);
};

/// Keys of a loss entry that the host reads; the others are the component's parameters.
struct LossSection {
  double weight = 1;
  nlohmann::json miner, memory;
  static void describe(Schema<LossSection>& schema);
};

/// Embeddings of earlier batches that a loss also compares with.
struct MemorySection {
  int64_t size = 1024;
  int64_t start_step = 0;
  static void describe(Schema<MemorySection>& schema);
};

struct CacheSection {
  std::string type = "auto";
  std::string directory = "cache";
  int64_t batch_size = 32;
  int64_t views = 1;
  std::string map_dtype = "float16";
  std::string embedding_dtype = "float32";
  static void describe(Schema<CacheSection>& schema);
};

struct OptimizerSection {
  std::string type = "adam";
  double lr = 1e-3;
  double encoder_lr = 0, head_lr = 0, loss_lr = 0;  // 0: lr
  double weight_decay = 0;
  double momentum = 0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  nlohmann::json lr_factors;
  static void describe(Schema<OptimizerSection>& schema);
};

struct ScheduleSection {
  std::string type = "constant";
  int64_t warmup_epochs = 0;
  int64_t step_epochs = 10;
  double gamma = 0.1;
  double final_fraction = 0;
  static void describe(Schema<ScheduleSection>& schema);
};

/// One entry of train.freeze.
struct FreezeSection {
  std::string tensors;
  int64_t from_epoch = 1;
  int64_t until_epoch = 0;  // 0: to the end
  static void describe(Schema<FreezeSection>& schema);
};

struct EarlyStoppingSection {
  std::string monitor;  // "": validation.<first metric>, or train.loss without validation
  std::string mode = "auto";
  int64_t patience = 0;  // 0: never stop early
  double min_delta = 0;
  static void describe(Schema<EarlyStoppingSection>& schema);
};

struct TrainSection {
  nlohmann::json loss, batch_sampler, optimizer, schedule, early_stopping;
  int64_t epochs = 100;
  int64_t accumulate = 1;
  int64_t gradient_cache = 0;  // samples at a time; 0: whole batches
  double gradient_clip = 0;
  double ema = 0;         // 0: none
  int64_t swa_start = 0;  // 0: none
  nlohmann::json freeze;
  static void describe(Schema<TrainSection>& schema);
};

struct EvaluateSection {
  nlohmann::json metrics, eval_sampler;
  bool baseline = true;
  std::vector<std::string> test_views = {"plain"};
  std::string pair_candidates = "obj_b";
  int64_t bootstrap_samples = 1000;
  bool per_class = false;
  int64_t tile_mebibytes = 64;
  static void describe(Schema<EvaluateSection>& schema);
};

struct OutputSection {
  std::string directory = "runs";
  nlohmann::json trackers;
  static void describe(Schema<OutputSection>& schema);
};

/// A component with checked, complete parameters; paths are absolute.
struct ComponentSpec {
  const ComponentInfo* info = nullptr;  ///< owned by the catalogue
  nlohmann::json params;
  std::string pointer;  ///< where the pipeline names it
};

struct EncoderSpec : ComponentSpec {
  std::string name;  ///< its key under model.encoders
  EncoderSection options;
  bool learns = false;
  std::string trained_from;  ///< first stage that is trained; "": all of them
  bool batch_norms_frozen = true;
  std::map<std::string, double> lr_multipliers;  ///< by stage
};

/// One place in the chain of heads: a component, or a switch between chains of components.
struct HeadSpec : ComponentSpec {
  std::string switch_on;  ///< name of an encoder; "": a component
  std::vector<std::vector<ComponentSpec>> branches;
};

/// One loss of the sum.
struct LossSpec : ComponentSpec {
  double weight = 1;
  ComponentSpec miner;  ///< its pointer is empty where there is none
  bool has_memory = false;
  MemorySection memory;
};

enum class ValidationSource { none, train_classes, test };

/// Everything a run needs to know, checked and with defaults filled in.
struct Pipeline {
  std::string file;
  RootSection root;
  DataSection data;
  ComponentSpec dataset;
  std::vector<ComponentSpec> transforms, train_transforms;
  std::vector<int64_t> train_classes;  ///< from classes_file, 0-based; empty: by train_fraction
  int64_t train_first = 0;             ///< above 0: the classes below it
  double train_fraction = 0.5;
  ValidationSource validation = ValidationSource::train_classes;
  double validation_fraction = 0.1;
  std::vector<EncoderSpec> encoders;  ///< at least one, by name
  std::vector<HeadSpec> head;
  CacheSection cache;
  bool has_train = false;
  TrainSection train;
  std::vector<LossSpec> losses;
  ComponentSpec batch_sampler;
  OptimizerSection optimizer;
  std::map<std::string, double> lr_factors;  ///< by pattern of tensor names
  std::vector<FreezeSection> freeze;
  ScheduleSection schedule;
  EarlyStoppingSection early_stopping;
  EvaluateSection evaluate;
  std::vector<ComponentSpec> metrics;
  ComponentSpec eval_sampler;
  OutputSection output;
  std::vector<ComponentSpec> trackers;
  nlohmann::json resolved;  ///< the whole pipeline with every default written out and paths absolute

  /// Whether anything of an encoder is trained.
  bool learns() const {
    return std::any_of(encoders.begin(), encoders.end(), [](const EncoderSpec& one) { return one.learns; });
  }
};

}  // namespace kindred::host
