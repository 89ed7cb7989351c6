#include "host/training/trained_tensors.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "host/base/random_streams.hpp"
#include "host/model/named_tensors.hpp"
#include "host/training/tensor_patterns.hpp"

namespace kindred::host {
namespace {

/// One tensor that learns, and the stage of its encoder that it belongs to.
struct OfStage {
  NamedTensor tensor;
  size_t stage;
};

/// What learns of one encoder. Low-rank matrices go to `low_rank`, and their factors stand for them.
std::vector<OfStage> learning_tensors(const EncoderPart& part, const EncoderSpec& spec, uint64_t seed,
                                      std::vector<LowRankMatrix>& low_rank) {
  std::vector<OfStage> all;
  const auto stage_of = [&](const NamedTensor& one) {
    return static_cast<size_t>(part.encoder->stage_of(one.name));
  };
  if (!spec.lora) {
    for (const auto& one : part.trained_parameters()) all.push_back({one, stage_of(one)});
    return all;
  }
  for (const auto& one : lora_targets(spec, part)) {
    low_rank.emplace_back(one, *spec.lora, random_stream(seed, Stream::lora, low_rank.size()));
    for (const auto& factor : low_rank.back().factors()) all.push_back({factor, stage_of(one)});
  }
  return all;
}

/// How many stages in which something learns stand between each stage and the last such one, that one
/// counted.
std::vector<int64_t> distances_to_last(const std::vector<OfStage>& tensors, size_t stages) {
  std::vector<int64_t> has(stages, 0);
  for (const auto& one : tensors) has[one.stage] = 1;
  auto distances = has;
  int64_t behind = 0;
  for (size_t i = has.size(); i-- > 0; behind += has[i]) distances[i] = behind;
  return distances;
}

/// The factor of trainable.lr_multipliers and lr_decay for each tensor of one encoder.
std::vector<double> factors_by_stage(const std::vector<OfStage>& tensors, const EncoderSpec& spec,
                                     const std::vector<std::string>& stages) {
  const auto distances = distances_to_last(tensors, stages.size());
  std::vector<double> factors;
  for (const auto& one : tensors) {
    const auto of_stage = spec.lr_multipliers.find(stages[one.stage]);
    factors.push_back((of_stage == spec.lr_multipliers.end() ? 1 : of_stage->second) *
                      std::pow(spec.lr_decay, static_cast<double>(distances[one.stage])));
  }
  return factors;
}

}  // namespace

TrainedParameters trained_parameters(const TrainingOptions& options, const std::vector<EncoderSpec>& encoders,
                                     const Model& model, const TrainingLoss& loss) {
  TrainedParameters out;
  auto& groups = out.groups;
  std::vector<double> by_stage;
  for (size_t i = 0; i < model.encoders.size(); ++i) {
    const auto& part = model.encoders[i];
    const auto prefix =
        model.encoders.size() > 1 ? part.name + "." : "";  // as in trained_encoder_parameters()
    const auto tensors = learning_tensors(part, encoders[i], options.seed, out.low_rank);
    for (const auto& one : tensors) groups.encoder.push_back({prefix + one.tensor.name, one.tensor.tensor});
    const auto factors = factors_by_stage(tensors, encoders[i], part.encoder->stages());
    by_stage.insert(by_stage.end(), factors.begin(), factors.end());
  }
  groups.head = model.heads.parameters();
  groups.loss = loss.parameters();
  const auto factors_by_name = [&](const std::string& role, const std::vector<NamedTensor>& tensors) {
    std::vector<double> factors;
    for (const auto& one : tensors) {
      out.all.push_back({role + one.name, one.tensor});
      factors.push_back(lr_factor(options, out.all.back().name));
    }
    return factors;
  };
  groups.encoder_factors = factors_by_name("encoder.", groups.encoder);
  groups.head_factors = factors_by_name("head.", groups.head);
  groups.loss_factors = factors_by_name("loss.", groups.loss);
  for (size_t i = 0; i < by_stage.size(); ++i) groups.encoder_factors[i] *= by_stage[i];
  std::vector<std::string> names;
  for (const auto& one : out.all) names.push_back(one.name);
  check_patterns(options, names);
  return out;
}

void choose_learning(const TrainingOptions& options, TrainedParameters& parameters, int64_t epoch) {
  for (const auto& one : parameters.all) {
    auto tensor = one.tensor;
    tensor.requires_grad_(!is_frozen(options, one.name, epoch));
  }
  for (auto& one : parameters.low_rank) one.follow_learning();
}

std::vector<NamedTensor> trained_state(const Model& model, const TrainingLoss& loss) {
  std::vector<NamedTensor> all;
  append_named(all, "encoder.", trained_encoder_tensors(model));
  append_named(all, "head.", head_tensors(model));
  append_named(all, "loss.", loss.tensors());
  return all;
}

std::vector<NamedTensor> factors_of(const std::vector<LowRankMatrix>& matrices) {
  return tensors_by_place(matrices, [](const LowRankMatrix& one) { return one.factors(); });
}

std::vector<NamedTensor> running_statistics(const EncoderPart& part) {
  std::vector<NamedTensor> all;
  for (const auto& one : part.encoder->buffers()) {
    if (part.encoder->stage_of(one.name) >= part.first_trained) all.push_back(one);
  }
  return all;
}

std::vector<NamedTensor> running_statistics(const Model& model) {
  auto all = model.heads.buffers();
  for (const auto& part : model.encoders) {
    for (auto& one : running_statistics(part)) all.push_back(std::move(one));
  }
  return all;
}

std::vector<NamedTensor> averaged_tensors(const TrainedParameters& parameters,
                                          const std::vector<EncoderSpec>& encoders, const Model& model) {
  const auto& groups = parameters.groups;
  const bool still = std::all_of(encoders.begin(), encoders.end(),
                                 [](const EncoderSpec& one) { return one.batch_norms_frozen; });
  auto tensors = still ? trained_encoder_parameters(model) : trained_encoder_tensors(model);
  for (const auto* more : {&groups.head, &groups.loss}) {
    tensors.insert(tensors.end(), more->begin(), more->end());
  }
  for (auto& one : model.heads.buffers()) tensors.push_back(one);
  tensors.erase(std::remove_if(tensors.begin(), tensors.end(),
                               [](const NamedTensor& one) { return !one.tensor.is_floating_point(); }),
                tensors.end());
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].name = std::to_string(i) + "." + tensors[i].name;
  return tensors;
}

}  // namespace kindred::host
