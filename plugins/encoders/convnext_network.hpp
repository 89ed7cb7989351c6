#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "biased_convolution.hpp"
#include "convnext_block.hpp"
#include "convnext_config.hpp"
#include "nn/norms/layer_norm.hpp"
#include "nn/pooling.hpp"
#include "nn/tensor_list.hpp"

namespace kindred {

/// A ConvNeXt, float32, under timm's names. Its stages are stem, stages.0.blocks.0, stages.0.blocks.1, ...,
/// and pool; the first block of a stage behind the first one begins with halving the map. Maps between them
/// are (B, C, H, W) of the input's dtype, float32 or bfloat16. Values are not set.
class ConvNextNetwork {
 public:
  ConvNextNetwork(const ConvNextConfig& config, nn::PlacePooling pooling);

  std::vector<std::string> stages() const;
  /// As Encoder::stage_of.
  int64_t stage_of(const std::string& name) const;
  int64_t dimension() const { return config_.widths.back(); }

  /// All but those of the pooling, which most files of weights lack.
  const nn::TensorList& tensors() const { return list_; }
  const std::vector<NamedTensor>& pooling_tensors() const { return of_pooling_; }

  /// As Encoder::run_stages; stage 0 takes (B, 3, H, W). Throws Error for a picture that is too small.
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) const;

  void prepare_for_inference(at::ScalarType dtype);
  void undo_preparation();

  /// Draws every tensor from `seed` and its name alone, as the authors do.
  void draw(uint64_t seed) const;

 private:
  /// What halves the map between two stages, or makes the first map of a picture. `norm_first`: the norm
  /// stands in front of the convolution.
  struct Reduction {
    bool norm_first = false;
    nn::LayerNorm norm{};
    BiasedConvolution convolution{};
    at::Tensor operator()(const at::Tensor& x) const;
  };

  int64_t pool_stage() const { return 1 + static_cast<int64_t>(blocks_.size()); }

  ConvNextConfig config_;
  nn::TensorList list_;
  std::vector<NamedTensor> of_pooling_;
  std::vector<Reduction> reductions_;  ///< the stem, then one in front of each other stage
  std::vector<ConvNextBlock> blocks_;  ///< of all stages
  std::vector<size_t> stage_ends_;     ///< how many blocks there are up to the end of each stage
  nn::GlobalPool pool_;
  nn::LayerNorm norm_;
};

}  // namespace kindred
