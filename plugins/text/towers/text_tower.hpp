#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "nn/linear.hpp"
#include "nn/norms/layer_norm.hpp"
#include "text_tower_config.hpp"

namespace kindred {

/// A transformer with norms before its branches, float32: the text tower of CLIP and SigLIP, with the
/// tensors' names of Hugging Face's whole models. Its values are not set.
///
/// Stages are embed, layers.0 and so on, norm and pool. Between them a map has a row for each of `positions`
/// tokens, and one more that says where the pooled token stands, unless that is always the last one.
class TextTower {
 public:
  explicit TextTower(const TextTowerConfig& config);

  std::vector<std::string> stages() const;
  int64_t stage_of(const std::string& name) const;

  /// Stage 0 takes tokens, int64 (B, T), T <= positions, kNoToken behind the end of a text; `padding` fills
  /// them up. The last stage gives float32 (B, dimension).
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last, int64_t padding) const;

  /// As nn::Linear has them, of every layer.
  void prepare_for_inference();
  void undo_preparation();

  const std::vector<NamedTensor>& parameters() const { return parameters_; }

  /// Draws weights from N(0, initial_deviation); each from `seed` and its name alone.
  void draw(uint64_t seed) const;

 private:
  struct Layer {
    nn::LayerNorm norm1, norm2;
    nn::Linear query, key, value, output, fc1, fc2;
  };

  std::vector<nn::Linear*> linears();
  at::Tensor add_table(const std::string& name, int64_t rows);
  nn::Linear add_linear(const std::string& name, int64_t inputs, int64_t outputs, bool bias = true);
  nn::LayerNorm add_norm(const std::string& name);
  Layer add_layer(const std::string& name);

  bool has_place_row() const { return config_.pooling != TowerPooling::last; }
  at::Tensor places_of(const at::Tensor& tokens) const;
  at::Tensor embedded(const at::Tensor& tokens, int64_t padding) const;
  at::Tensor through(const Layer& layer, const at::Tensor& x) const;
  at::Tensor pooled_states(const at::Tensor& states, const at::Tensor& places) const;
  at::Tensor whole(const at::Tensor& tokens, int64_t padding) const;

  TextTowerConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor words_, positions_;
  std::vector<Layer> layers_;
  nn::LayerNorm norm_;
  nn::Linear projection_;
};

}  // namespace kindred
