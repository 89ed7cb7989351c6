#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/options/cache_options.hpp"
#include "host/options/data_options.hpp"
#include "host/options/evaluation_options.hpp"
#include "host/options/model_options.hpp"
#include "host/options/training_options.hpp"

namespace kindred::host {

/// Everything that a pipeline file says, checked and with defaults filled in.
struct Pipeline {
  std::string file;
  std::string name = "run";
  uint64_t seed = 42;
  std::string device = "auto";
  ComponentSpec dataset;
  LoadingOptions loading;
  SplitOptions split;
  std::vector<ComponentSpec> transforms;
  std::vector<ComponentSpec> train_transforms;  ///< `transforms`, where the file gives none of its own
  bool has_train_transforms = false;            ///< whether it does
  std::vector<EncoderSpec> encoders;            ///< at least one, by name
  std::vector<HeadSpec> heads;
  CacheOptions cache;
  bool has_train = false;
  TrainingOptions training;
  MeasureOptions evaluation;
  std::vector<ComponentSpec> metrics;
  ComponentSpec eval_sampler;
  std::string output_directory = "runs";
  bool keep_checkpoints = false;  ///< of a run that is completed
  std::vector<ComponentSpec> trackers;
  std::vector<std::string> notes;     ///< sentences about what was chosen for the user
  std::vector<std::string> warnings;  ///< sentences about what is allowed and probably not meant
  nlohmann::json resolved;  ///< the whole pipeline with every default written out and paths absolute

  /// Says whether anything of an encoder is trained.
  bool learns() const {
    return std::any_of(encoders.begin(), encoders.end(), [](const EncoderSpec& one) { return one.learns; });
  }
};

}  // namespace kindred::host
