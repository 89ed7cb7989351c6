#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "bert_config.hpp"
#include "kindred/module.hpp"

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

  const std::vector<NamedTensor>& parameters() const { return parameters_; }

  /// Draws weights from N(0, initial_deviation), as BERT was begun; each from `seed` and its name alone.
  void draw(uint64_t seed) const;

 private:
  struct Linear {
    at::Tensor weight, bias;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  struct Norm {
    at::Tensor weight, bias;
    double epsilon = 0;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  struct Layer {
    Linear query, key, value, attended;
    Norm attended_norm;
    Linear intermediate, output;
    Norm output_norm;
  };

  at::Tensor add(const std::string& name, const std::vector<int64_t>& shape);
  Linear linear(const std::string& name, int64_t inputs, int64_t outputs);
  Norm norm(const std::string& name);

  at::Tensor attention(const Layer& layer, const at::Tensor& x, const at::Tensor& absent,
                       bool training) const;
  at::Tensor activated(const at::Tensor& x) const;

  BertConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor words_, positions_, types_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace kindred
