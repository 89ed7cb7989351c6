#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "bert_config.hpp"
#include "kindred/module.hpp"
#include "nn/attention.hpp"
#include "nn/linear.hpp"
#include "nn/norms/layer_norm.hpp"

namespace kindred {

/// The encoder of BERT (Devlin et al. 2018), float32, with the tensors' names of Hugging Face's BertModel.
/// Its values are not set.
class BertNetwork {
 public:
  explicit BertNetwork(const BertConfig& config);

  /// ids: int64 (B, T), T <= positions; present: bool (B, T), false where ids are padding, true at the first
  /// place. Returns the states (B, T, hidden); those of padding are of no use. The others do not depend on
  /// it.
  at::Tensor operator()(const at::Tensor& ids, const at::Tensor& present, bool training) const;

  /// As nn::Linear has them, of every layer.
  void prepare_for_inference();
  void undo_preparation();

  const std::vector<NamedTensor>& parameters() const { return parameters_; }

  /// Draws weights from N(0, initial_deviation), as BERT was begun; each from `seed` and its name alone.
  void draw(uint64_t seed) const;

 private:
  struct Layer {
    nn::MultiHeadAttention attention;
    nn::LayerNorm attended_norm;
    nn::Linear intermediate, output;
    nn::LayerNorm output_norm;
  };

  std::vector<nn::Linear*> linears();
  at::Tensor add_table(const std::string& name, int64_t rows);
  nn::Linear add_linear(const std::string& name, int64_t inputs, int64_t outputs);
  nn::LayerNorm add_norm(const std::string& name);
  Layer add_layer(const std::string& name);

  BertConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor words_, positions_, types_;
  nn::LayerNorm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace kindred
