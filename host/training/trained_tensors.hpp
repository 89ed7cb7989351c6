#pragma once

#include <cstdint>
#include <vector>

#include "host/model/model.hpp"
#include "host/options/model_options.hpp"
#include "host/options/training_options.hpp"
#include "host/training/low_rank.hpp"
#include "host/training/optimizer.hpp"
#include "host/training/training_loss.hpp"

namespace kindred::host {

/// These are the parameters that are trained: by role, with the factors on their learning rates, and all of
/// them under the names that checkpoints and patterns of the pipeline use ("encoder.", "head." and "loss."
/// stand before their own). An encoder with low-rank matrices learns by their factors alone.
struct TrainedParameters {
  ParameterGroups groups;
  std::vector<NamedTensor> all;
  std::vector<LowRankMatrix> low_rank;
};

/// `encoders` are what `model` was made from, with its initial weights. Throws PipelineError when a pattern
/// of the pipeline matches no parameter.
TrainedParameters trained_parameters(const TrainingOptions& options, const std::vector<EncoderSpec>& encoders,
                                     const Model& model, const TrainingLoss& loss);

/// Lets those learn in `epoch` (from 0) that train.freeze does not keep as they are.
void choose_learning(const TrainingOptions& options, TrainedParameters& parameters, int64_t epoch);

/// Returns what a trained model is, and what the best epoch keeps: parameters and buffers of the trained
/// stages, of the heads and of the loss, named as in checkpoints.
std::vector<NamedTensor> trained_state(const Model& model, const TrainingLoss& loss);

/// Returns what a resumed training needs of the low-rank matrices beside that.
std::vector<NamedTensor> factors_of(const std::vector<LowRankMatrix>& matrices);

/// Returns what training moves without a gradient: the running statistics of the trained stages, of one
/// encoder or of all of them and the heads.
std::vector<NamedTensor> running_statistics(const EncoderPart& part);
std::vector<NamedTensor> running_statistics(const Model& model);

/// Returns what a weight average covers: the parameters, of low-rank matrices the matrix itself, and the
/// running statistics that move, since they belong to the weights. Numbers before the names keep them apart.
std::vector<NamedTensor> averaged_tensors(const TrainedParameters& parameters,
                                          const std::vector<EncoderSpec>& encoders, const Model& model);

}  // namespace kindred::host
