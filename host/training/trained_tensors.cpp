#include "host/training/trained_tensors.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "host/model/named_tensors.hpp"
#include "host/training/tensor_patterns.hpp"

namespace kindred::host {
namespace {

/// How many stages with trained parameters stand between each stage and the last such one, that one counted.
std::vector<int64_t> distances_to_last(const EncoderPart& part) {
  std::vector<int64_t> has(static_cast<size_t>(part.stage_count), 0);
  for (const auto& one : part.trained_parameters())
    has[static_cast<size_t>(part.encoder->stage_of(one.name))] = 1;
  auto distances = has;
  int64_t behind = 0;
  for (size_t i = has.size(); i-- > 0; behind += has[i]) distances[i] = behind;
  return distances;
}

/// The factors of trainable.lr_multipliers and lr_decay on the encoders' tensors, which come in the order of
/// `factors`.
void multiply_by_stage(std::vector<double>& factors, const std::vector<EncoderSpec>& encoders,
                       const Model& model) {
  size_t next = 0;
  for (size_t i = 0; i < model.encoders.size(); ++i) {
    const auto& encoder = model.encoders[i];
    const auto& of_stages = encoders[i].lr_multipliers;
    const auto stages = encoder.encoder->stages();
    const auto distances = distances_to_last(encoder);
    for (const auto& one : encoder.trained_parameters()) {
      const auto stage = static_cast<size_t>(encoder.encoder->stage_of(one.name));
      const auto factor = of_stages.find(stages[stage]);
      if (factor != of_stages.end()) factors[next] *= factor->second;
      factors[next] *= std::pow(encoders[i].lr_decay, static_cast<double>(distances[stage]));
      ++next;
    }
  }
}

}  // namespace

TrainedParameters trained_parameters(const TrainingOptions& options, const std::vector<EncoderSpec>& encoders,
                                     const Model& model, const TrainingLoss& loss) {
  TrainedParameters out;
  auto& groups = out.groups;
  groups.encoder = trained_encoder_parameters(model);
  groups.head = model.heads.parameters();
  groups.loss = loss.parameters();
  const auto factors_of = [&](const std::string& role, const std::vector<NamedTensor>& tensors) {
    std::vector<double> factors;
    for (const auto& one : tensors) {
      out.all.push_back({role + one.name, one.tensor});
      factors.push_back(lr_factor(options, out.all.back().name));
    }
    return factors;
  };
  groups.encoder_factors = factors_of("encoder.", groups.encoder);
  groups.head_factors = factors_of("head.", groups.head);
  groups.loss_factors = factors_of("loss.", groups.loss);
  multiply_by_stage(groups.encoder_factors, encoders, model);
  std::vector<std::string> names;
  for (const auto& one : out.all) names.push_back(one.name);
  check_patterns(options, names);
  return out;
}

void choose_learning(const TrainingOptions& options, const TrainedParameters& parameters, int64_t epoch) {
  for (const auto& one : parameters.all) {
    auto tensor = one.tensor;
    tensor.requires_grad_(!is_frozen(options, one.name, epoch));
  }
}

std::vector<NamedTensor> trained_state(const Model& model, const TrainingLoss& loss) {
  std::vector<NamedTensor> all;
  append_named(all, "encoder.", trained_encoder_tensors(model));
  append_named(all, "head.", head_tensors(model));
  append_named(all, "loss.", loss.tensors());
  return all;
}

std::vector<NamedTensor> running_statistics(const Model& model) {
  auto all = model.heads.buffers();
  for (const auto& part : model.encoders) {
    for (const auto& one : part.encoder->buffers()) {
      if (part.encoder->stage_of(one.name) >= part.first_trained) all.push_back(one);
    }
  }
  return all;
}

std::vector<NamedTensor> averaged_tensors(const TrainedParameters& parameters,
                                          const std::vector<EncoderSpec>& encoders, const Model& model) {
  const auto& groups = parameters.groups;
  const bool still = std::all_of(encoders.begin(), encoders.end(),
                                 [](const EncoderSpec& one) { return one.batch_norms_frozen; });
  auto tensors = still ? groups.encoder : trained_encoder_tensors(model);
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
