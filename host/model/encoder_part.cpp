#include "host/model/encoder_part.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "host/contracts/contracts.hpp"
#include "host/model/stage_checkpoint.hpp"

namespace kindred::host {
namespace {

std::vector<NamedTensor> of_trained_stages(const EncoderPart& part, const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> chosen;
  for (const auto& one : tensors) {
    if (part.encoder->stage_of(one.name) >= part.first_trained) chosen.push_back(one);
  }
  return chosen;
}

/// Fewer are not worth the threads' waiting for each other at the end, more fill the caches.
constexpr int64_t kLeastSamples = 2, kMostSamples = 8;

Batch part_of(const Batch& batch, int64_t first, int64_t last) {
  Batch part = batch;
  part.data = batch.data.slice(0, first, last);
  if (batch.lengths.defined()) part.lengths = batch.lengths.slice(0, first, last);
  return part;
}

/// What `run` gives for a batch, of which each thread takes parts where the encoder allows it.
template <class Run>
at::Tensor side_by_side(const EncoderPart& encoder, const Batch& batch, const Run& run) {
  const int64_t samples = batch.data.size(0), threads = at::get_num_threads();
  const bool is_shared = threads > 1 && samples >= threads * kLeastSamples && batch.data.device().is_cpu() &&
                         !at::in_parallel_region() && encoder.encoder->runs_side_by_side();
  if (!is_shared) return run(batch);
  // As many parts for each thread.
  const int64_t rounds = (samples + threads * kMostSamples - 1) / (threads * kMostSamples);
  const int64_t count = rounds * threads;
  std::vector<at::Tensor> parts(static_cast<size_t>(count));
  at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
    at::NoGradGuard no_grad;  // it is of a thread
    for (int64_t i = first; i < last; ++i)
      parts[static_cast<size_t>(i)] = run(part_of(batch, i * samples / count, (i + 1) * samples / count));
  });
  return at::cat(parts);
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

at::Tensor EncoderPart::infer(const Batch& batch) const {
  at::NoGradGuard no_grad;
  auto out = side_by_side(*this, batch, [this](const Batch& part) { return encoder->encode(part); });
  check_output(out, batch.data, dimension, plugin, id);
  return out;
}

at::Tensor EncoderPart::frozen_feature_map(const Batch& batch, at::ScalarType dtype) const {
  at::NoGradGuard no_grad;
  encoder->train(false);
  // Inputs of parts might differ in size, as tokens of texts do, and cost little.
  const auto map = first_trained == 0
                       ? encoder->prepare(batch, dtype)
                       : side_by_side(*this, batch, [&](const Batch& part) {
                           return encoder->run_stages(encoder->prepare(part, dtype), 0, first_trained);
                         });
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
  auto out = gradient_checkpointing ? run_checkpointed(encoder, map, first_trained, stage_count)
                                    : encoder->run_stages(map, first_trained, stage_count);
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
