#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kindred/encoder.hpp"
#include "kindred/head.hpp"

namespace kindred::host {

struct HeadStage {
  std::string id;      ///< component id, for messages
  std::string plugin;  ///< plugin id, for messages
  std::shared_ptr<Head> head;
  bool waits = false;  ///< for its fit; until then embeddings pass it by
};

/// Encoder and the heads behind it.
struct Model {
  std::string encoder_name;
  std::string encoder_id, encoder_plugin;  ///< for messages
  std::shared_ptr<Encoder> encoder;
  int64_t stage_count = 1;    ///< of the encoder
  int64_t first_trained = 1;  ///< stages from here on are trained: 0 all, stage_count none
  std::vector<HeadStage> heads;
  int64_t embedding_dimension = 0;  ///< D of the encoder's embeddings
  int64_t output_dimension = 0;     ///< D of what the last head gives

  /// float32 (B, D) -> float32 (B, D'); without heads the input itself. Checks the shapes at each head:
  /// throws PluginError.
  at::Tensor apply_heads(const at::Tensor& embeddings) const;

  /// D of what apply_heads() gives now: heads that wait for their fit do not count.
  int64_t present_dimension() const;

  /// Heads that need it are fitted in order, each on what the ones before it make of `embeddings`
  /// float32 (N, D), `labels` int64 (N).
  void fit_heads(const at::Tensor& embeddings, const at::Tensor& labels);

  /// Batch -> float32 (B, D) with the shape checked. Throws PluginError.
  at::Tensor encode(const Batch& batch) const;

  /// The same in two parts, cut before the first trained stage: the frozen stages in `dtype`, in evaluation
  /// mode and without gradients; then the trained ones.
  at::Tensor frozen_map(const Batch& batch, at::ScalarType dtype) const;
  at::Tensor encode_map(const at::Tensor& map) const;

  void train_heads(bool on) const;
};

/// Parameters and buffers of all heads, named "<place>.<name>".
std::vector<NamedTensor> head_tensors(const Model& model);

/// Parameters and buffers of the stages of the encoder that are trained; only the parameters.
std::vector<NamedTensor> trained_encoder_tensors(const Model& model);
std::vector<NamedTensor> trained_encoder_parameters(const Model& model);

/// Moves tensors to a device in place.
void move_to(const std::vector<NamedTensor>& tensors, at::Device device);

/// Deep copies, and copying them back by position.
std::vector<NamedTensor> snapshot(const std::vector<NamedTensor>& tensors);
void restore(const std::vector<NamedTensor>& target, const std::vector<NamedTensor>& source);

/// A table for people: module, tensor shapes, parameters, whether trained.
std::string model_summary(const Model& model);

}  // namespace kindred::host
