#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "position_table.hpp"
#include "token_pooling.hpp"
#include "transformer_block.hpp"
#include "vision_transformer_config.hpp"

namespace kindred {

/// A vision transformer (Dosovitskiy et al. 2021), float32. Dropout, stochastic depth and the jitter of
/// rotary positions, by which published weights were regularised, are left out, so that training mode
/// computes the same as evaluation mode.
///
/// Its stages are embed, blocks.0, blocks.1, ..., norm and pool. Maps between them are tokens (B, T, width)
/// of the input's dtype, float32 or bfloat16: the class token, registers, then the patches by rows. With
/// rotary positions one more row ends them, which begins with the rows and columns of the grid: the blocks
/// have to know them, and a cached map must say them by itself.
///
/// Its tensors are patch_embed.weight and .bias, cls_token (width), registers (registers, width), positions
/// (rows, width), pre_norm., blocks.0. (see TransformerBlock), ..., norm. and those of TokenPool. Values are
/// not set.
class VisionTransformer {
 public:
  /// Throws Error where the sizes do not fit each other.
  explicit VisionTransformer(const VisionTransformerConfig& config);

  std::vector<std::string> stages() const;
  int64_t stage_of(const std::string& name) const;
  int64_t dimension() const { return pool_.dimension(); }
  const std::vector<NamedTensor>& parameters() const { return parameters_; }

  /// As Encoder::run_stages; stage 0 takes (B, 3, H, W). Throws Error for a picture that patches do not fill,
  /// unless it is a square of the size that the network was made for.
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) const;

  /// As nn::Linear has them, of every layer.
  void prepare_for_inference();
  void undo_preparation();

  /// Draws every tensor whose name `chosen` accepts, each from `seed` and its name alone.
  void draw(uint64_t seed, bool (*chosen)(const std::string&)) const;

 private:
  at::Tensor embedded(const at::Tensor& images) const;
  at::Tensor with_positions(const at::Tensor& patches, const PatchGrid& grid) const;
  PatchGrid grid_of(const at::Tensor& images) const;
  std::vector<nn::Linear*> linears();

  VisionTransformerConfig config_;
  std::vector<NamedTensor> parameters_;
  at::Tensor patch_weight_, patch_bias_, class_token_, registers_, positions_;
  nn::LayerNorm norm_before_blocks_, norm_;
  std::vector<TransformerBlock> blocks_;
  TokenPool pool_;
};

}  // namespace kindred
