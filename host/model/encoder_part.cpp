#include "host/model/encoder_part.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "host/contracts/contracts.hpp"

namespace kindred::host {
namespace {

std::vector<NamedTensor> of_trained_stages(const EncoderPart& part, const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> chosen;
  for (const auto& one : tensors) {
    if (part.encoder->stage_of(one.name) >= part.first_trained) chosen.push_back(one);
  }
  return chosen;
}

}  // namespace

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

at::Tensor EncoderPart::encode(const Batch& batch) const {
  auto out = encoder->encode(batch);
  check_output(out, batch.data, dimension, plugin, id);
  return out;
}

at::Tensor EncoderPart::frozen_feature_map(const Batch& batch, at::ScalarType dtype) const {
  at::NoGradGuard no_grad;
  encoder->train(false);
  auto map = encoder->prepare(batch, dtype);
  if (first_trained > 0) map = encoder->run_stages(map, 0, first_trained);
  const bool tokens = first_trained == 0 && object_kind == ObjectKind::text;
  if (!map.defined() || map.dim() < 2 || map.size(0) != batch.data.size(0) ||
      (map.scalar_type() != dtype && !tokens) || map.device() != batch.data.device()) {
    throw PluginError(plugin, id, "forward",
                      fmt::format("returned {} before its stage {}; expected {} maps of a batch of {} on {}",
                                  tensor_text(map), first_trained, c10::toString(dtype), batch.data.size(0),
                                  batch.data.device().str()));
  }
  return map;
}

at::Tensor EncoderPart::encode_feature_map(const at::Tensor& map) const {
  auto out = encoder->run_stages(map, first_trained, stage_count);
  check_output(out, map, dimension, plugin, id);
  return out;
}

std::vector<NamedTensor> EncoderPart::trained_tensors() const {
  return of_trained_stages(*this, module_tensors(*encoder));
}

std::vector<NamedTensor> EncoderPart::trained_parameters() const {
  return of_trained_stages(*this, encoder->parameters());
}

}  // namespace kindred::host
