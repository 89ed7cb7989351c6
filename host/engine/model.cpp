#include "host/engine/model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "host/engine/contracts.hpp"
#include "host/loader/guarded_call.hpp"

namespace kindred::host {
namespace {

/// What is wrong is caught where the component hands it over, not three calls later inside LibTorch.
void check_output(const at::Tensor& out, const at::Tensor& input, int64_t columns, const std::string& plugin,
                  const std::string& component) {
  const bool right = out.defined() && out.dim() == 2 && out.size(0) == input.size(0) &&
                     out.size(1) == columns && out.scalar_type() == at::kFloat &&
                     out.device() == input.device();
  if (right) return;
  throw PluginError(plugin, component, "forward",
                    fmt::format("returned {}; expected float32 ({}, {}) on {}", tensor_text(out),
                                input.size(0), columns, input.device().str()));
}

}  // namespace

at::Tensor Model::apply_heads(const at::Tensor& embeddings) const {
  at::Tensor x = embeddings;
  for (const auto& stage : heads) {
    if (stage.waits) continue;
    x = guard(stage.plugin, stage.id, "forward", [&] { return stage.head->forward(x); });
    check_output(x, embeddings, stage.head->output_dimension(), stage.plugin, stage.id);
  }
  return x;
}

int64_t Model::present_dimension() const {
  int64_t dimension = embedding_dimension;
  for (const auto& stage : heads) {
    if (!stage.waits) dimension = stage.head->output_dimension();
  }
  return dimension;
}

void Model::fit_heads(const at::Tensor& embeddings, const at::Tensor& labels) {
  at::NoGradGuard no_grad;
  at::Tensor x = embeddings;
  for (auto& stage : heads) {
    if (stage.head->needs_fit()) {
      guard(stage.plugin, stage.id, "fit", [&] { stage.head->fit(x, labels); });
    }
    stage.waits = false;
    x = guard(stage.plugin, stage.id, "forward", [&] { return stage.head->forward(x); });
    check_output(x, embeddings, stage.head->output_dimension(), stage.plugin, stage.id);
  }
}

at::Tensor Model::encode(const Batch& batch) const {
  auto out = guard(encoder_plugin, encoder_id, "forward", [&] { return encoder->encode(batch); });
  check_output(out, batch.data, embedding_dimension, encoder_plugin, encoder_id);
  return out;
}

at::Tensor Model::frozen_map(const Batch& batch, at::ScalarType dtype) const {
  at::NoGradGuard no_grad;
  auto map = guard(encoder_plugin, encoder_id, "forward", [&] {
    encoder->train(false);
    const auto input = encoder->prepare(batch, dtype);
    return first_trained == 0 ? input : encoder->run_stages(input, 0, first_trained);
  });
  if (!map.defined() || map.dim() < 2 || map.size(0) != batch.data.size(0) || map.scalar_type() != dtype ||
      map.device() != batch.data.device()) {
    throw PluginError(encoder_plugin, encoder_id, "forward",
                      fmt::format("returned {} before its stage {}; expected {} maps of a batch of {} on {}",
                                  tensor_text(map), first_trained, c10::toString(dtype), batch.data.size(0),
                                  batch.data.device().str()));
  }
  return map;
}

at::Tensor Model::encode_map(const at::Tensor& map) const {
  auto out = guard(encoder_plugin, encoder_id, "forward",
                   [&] { return encoder->run_stages(map, first_trained, stage_count); });
  check_output(out, map, embedding_dimension, encoder_plugin, encoder_id);
  return out;
}

void Model::train_heads(bool on) const {
  for (const auto& stage : heads) stage.head->train(on);
}

namespace {

std::vector<NamedTensor> of_trained_stages(const Model& model, const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> chosen;
  for (const auto& one : tensors) {
    if (model.encoder->stage_of(one.name) >= model.first_trained) chosen.push_back(one);
  }
  return chosen;
}

}  // namespace

std::vector<NamedTensor> trained_encoder_tensors(const Model& model) {
  return of_trained_stages(model, module_tensors(*model.encoder));
}

std::vector<NamedTensor> trained_encoder_parameters(const Model& model) {
  return of_trained_stages(model, model.encoder->parameters());
}

std::vector<NamedTensor> head_tensors(const Model& model) {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < model.heads.size(); ++i) {
    for (auto& one : module_tensors(*model.heads[i].head)) {
      all.push_back({std::to_string(i) + "." + one.name, one.tensor});
    }
  }
  return all;
}

void move_to(const std::vector<NamedTensor>& tensors, at::Device device) {
  at::NoGradGuard no_grad;
  for (const auto& one : tensors) {
    if (one.tensor.device() != device) const_cast<at::Tensor&>(one.tensor).set_data(one.tensor.to(device));
  }
}

std::vector<NamedTensor> snapshot(const std::vector<NamedTensor>& tensors) {
  at::NoGradGuard no_grad;
  std::vector<NamedTensor> copies;
  for (const auto& one : tensors) copies.push_back({one.name, one.tensor.detach().clone()});
  return copies;
}

void restore(const std::vector<NamedTensor>& target, const std::vector<NamedTensor>& source) {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < target.size(); ++i) {
    // fit() may have given a buffer its size only later.
    if (target[i].tensor.sizes() != source[i].tensor.sizes()) {
      const_cast<at::Tensor&>(target[i].tensor).set_data(source[i].tensor.clone());
    } else {
      target[i].tensor.detach().copy_(source[i].tensor);
    }
  }
}

std::string model_summary(const Model& model) {
  std::string text = fmt::format("{:<44} {:>20} {:>12}  {}\n", "tensor", "shape", "numbers", "trained");
  int64_t total = 0, trained = 0;
  const auto row = [&](const std::string& name, const at::Tensor& tensor, bool trains, bool show) {
    total += tensor.numel();
    if (trains) trained += tensor.numel();
    if (show) {
      text += fmt::format("{:<44} {:>20} {:>12}  {}\n", name, shape_text(tensor), tensor.numel(),
                          trains ? "yes" : "no");
    }
  };
  text += fmt::format("{} ({})\n", model.encoder_name, model.encoder_id);
  const auto stages = model.encoder->stages();
  for (int64_t stage = 0; stage < model.stage_count; ++stage) {
    const bool trains = stage >= model.first_trained;
    int64_t numbers = 0;
    size_t count = 0;
    for (const auto& one : model.encoder->parameters()) {
      if (model.encoder->stage_of(one.name) != stage) continue;
      row(one.name, one.tensor, trains, false);
      numbers += one.tensor.numel();
      ++count;
    }
    text += fmt::format("{:<44} {:>20} {:>12}  {}\n", "  " + stages[static_cast<size_t>(stage)],
                        fmt::format("{} tensors", count), numbers,
                        count == 0 ? "-"
                        : trains   ? "yes"
                                   : "no");
  }
  for (size_t i = 0; i < model.heads.size(); ++i) {
    const auto& stage = model.heads[i];
    const auto prefix = "head " + std::to_string(i) + " (" + stage.id + ") ";
    for (const auto& one : stage.head->parameters()) row(prefix + one.name, one.tensor, true, true);
    for (const auto& one : stage.head->buffers()) row(prefix + one.name, one.tensor, false, true);
    if (module_tensors(*stage.head).empty()) text += fmt::format("{:<44} {:>20} {:>12}  -\n", prefix, "-", 0);
  }
  text +=
      fmt::format("{} numbers, {} trained; embeddings of {} numbers", total, trained, model.output_dimension);
  return text;
}

}  // namespace kindred::host
