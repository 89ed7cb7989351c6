#include "host/model/model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/contracts/contracts.hpp"
#include "host/model/named_tensors.hpp"
#include "host/model/switch_head.hpp"

namespace kindred::host {

at::Tensor Model::base(const at::Tensor& embeddings) const {
  if (heads.stages.empty()) return embeddings;
  const auto* choice = dynamic_cast<const SwitchHead*>(heads.stages.front().head.get());
  return choice == nullptr ? embeddings : choice->rest(embeddings);
}

bool Model::learns() const {
  return std::any_of(encoders.begin(), encoders.end(), [](const EncoderPart& one) { return one.learns(); });
}

namespace {

template <class TensorsOf>
std::vector<NamedTensor> of_all(const Model& model, TensorsOf&& tensors_of) {
  if (model.encoders.size() == 1) return tensors_of(model.encoders.front());
  std::vector<NamedTensor> all;
  for (const auto& part : model.encoders) {
    append_named(all, part.name + ".", tensors_of(part));
  }
  return all;
}

}  // namespace

std::vector<NamedTensor> encoder_tensors(const Model& model) {
  return of_all(model, [](const EncoderPart& part) { return module_tensors(*part.encoder); });
}

std::vector<NamedTensor> trained_encoder_tensors(const Model& model) {
  return of_all(model, [](const EncoderPart& part) { return part.trained_tensors(); });
}

std::vector<NamedTensor> trained_encoder_parameters(const Model& model) {
  return of_all(model, [](const EncoderPart& part) { return part.trained_parameters(); });
}

std::vector<NamedTensor> head_tensors(const Model& model) {
  auto all = model.heads.parameters();
  for (auto& one : model.heads.buffers()) all.push_back(one);
  return all;
}

void prepare_for_inference(Model& model) {
  for (auto& part : model.encoders) part.encoder->prepare_for_inference(at::kFloat);
}

void move_to(std::vector<NamedTensor> tensors, at::Device device) {
  at::NoGradGuard no_grad;
  for (auto& one : tensors) {
    if (one.tensor.device() != device) one.tensor.set_data(one.tensor.to(device));
  }
}

std::vector<NamedTensor> snapshot(const std::vector<NamedTensor>& tensors) {
  at::NoGradGuard no_grad;
  std::vector<NamedTensor> copies;
  for (const auto& one : tensors) copies.push_back({one.name, one.tensor.detach().clone()});
  return copies;
}

void restore(std::vector<NamedTensor> target, const std::vector<NamedTensor>& source) {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < target.size(); ++i) {
    // fit() may have given a buffer its size only later.
    if (target[i].tensor.sizes() != source[i].tensor.sizes()) {
      target[i].tensor.set_data(source[i].tensor.clone());
    } else {
      target[i].tensor.detach().copy_(source[i].tensor);
    }
  }
}

namespace {

/// How many numbers learn of a parameter of a trained stage.
int64_t learning_numbers(const EncoderPart& part, const NamedTensor& one) {
  if (part.low_rank == 0) return one.tensor.numel();
  const auto& names = part.low_rank_matrices;
  if (std::find(names.begin(), names.end(), one.name) == names.end()) return 0;
  return part.low_rank * (one.tensor.size(0) + one.tensor.size(1));
}

}  // namespace

std::string model_summary(const Model& model) {
  std::string text = fmt::format("{:<44} {:>20} {:>12}  {}\n", "tensor", "shape", "numbers", "trained");
  int64_t total = 0, trained = 0;
  const auto row = [&](const std::string& name, const at::Tensor& tensor, bool trains) {
    total += tensor.numel();
    if (trains) trained += tensor.numel();
    text += fmt::format("{:<44} {:>20} {:>12}  {}\n", name, shape_text(tensor), tensor.numel(),
                        trains ? "yes" : "no");
  };
  for (const auto& part : model.encoders) {
    text += fmt::format("{} ({})\n", part.name, part.id);
    const auto stages = part.encoder->stages();
    for (int64_t stage = 0; stage < part.stage_count; ++stage) {
      const bool trains = stage >= part.first_trained;
      int64_t numbers = 0, learning = 0;
      size_t count = 0;
      for (const auto& one : part.encoder->parameters()) {
        if (part.encoder->stage_of(one.name) != stage) continue;
        if (trains) learning += learning_numbers(part, one);
        numbers += one.tensor.numel();
        ++count;
      }
      total += numbers;
      trained += learning;
      text += fmt::format("{:<44} {:>20} {:>12}  {}\n", "  " + stages[static_cast<size_t>(stage)],
                          fmt::format("{} tensors", count), numbers,
                          count == 0           ? "-"
                          : learning == 0      ? "no"
                          : part.low_rank == 0 ? "yes"
                                               : fmt::format("{} by rank {}", learning, part.low_rank));
    }
  }
  for (size_t i = 0; i < model.heads.stages.size(); ++i) {
    const auto& stage = model.heads.stages[i];
    const auto prefix = "head " + std::to_string(i) + " (" + stage.id + ") ";
    for (const auto& one : stage.head->parameters()) row(prefix + one.name, one.tensor, true);
    for (const auto& one : stage.head->buffers()) row(prefix + one.name, one.tensor, false);
    if (module_tensors(*stage.head).empty()) text += fmt::format("{:<44} {:>20} {:>12}  -\n", prefix, "-", 0);
  }
  text +=
      fmt::format("{} numbers, {} trained; embeddings of {} numbers", total, trained, model.output_dimension);
  return text;
}

}  // namespace kindred::host
