#pragma once

#include <cstdint>

#include "nn/activation.hpp"

namespace kindred {

/// How a vision transformer knows where a patch was.
enum class Positions {
  table_with_class,  ///< a learned row for the class token, then one for each patch of the trained grid
  table_of_patches,  ///< a learned row for each patch of the trained grid
  rotary             ///< rotations of queries and keys by the patch's place (RoPE, as in DINOv3)
};

/// How a table of positions is resampled for a grid of another size. All are bicubic with a = -0.75.
enum class Resampling {
  plain,        ///< as Hugging Face does for most networks
  antialiased,  ///< as timm does, and Hugging Face for DINOv2 with registers
  offset        ///< plain, its scale computed with 0.1 patches too many, as DINOv2's own code does
};

/// What becomes of the tokens behind the last norm.
enum class TokenPooling {
  cls,           ///< the class token
  mean,          ///< the mean of the patches' tokens
  cls_and_mean,  ///< both, one behind the other
  gem,           ///< the generalised mean of the patches' tokens (Radenovic et al. 2018)
  attention,     ///< what one learned query finds among all tokens, and a perceptron behind it (SigLIP)
  cls_projected  ///< the class token, times a matrix (CLIP)
};

/// This describes a vision transformer (Dosovitskiy et al. 2021) and what later ones changed in it.
struct VisionTransformerConfig {
  int64_t depth = 12, width = 768, heads = 12;
  int64_t mlp_width = 3072;  ///< hidden numbers of the perceptrons; of a gated one after the gate
  int64_t patch_size = 16;   ///< pixels; a patch is a square
  int64_t image_size = 224;  ///< pixels; the side of the square that the table of positions is for
  int64_t registers = 0;     ///< tokens behind the class token that stand for no patch (Darcet et al. 2024)
  bool class_token = true;
  bool patch_bias = true, query_bias = true, key_bias = true, value_bias = true;
  bool output_bias = true, mlp_bias = true;
  bool norm_before_blocks = false;  ///< CLIP's norm of the embedded patches
  bool layer_scale = false;         ///< each branch times a learned scale (Touvron et al. 2021)
  double initial_scale = 1;         ///< of layer scale, in a network without weights
  bool gated_mlp = false;  ///< activation(gate(x)) * fc1(x) in place of activation(fc1(x)) (Shazeer 2020)
  nn::Activation activation = nn::Activation::gelu;
  nn::Activation pooling_activation = nn::Activation::gelu;  ///< in the perceptron of attention pooling
  int64_t pooling_mlp_width = 3072;                          ///< its hidden numbers
  double epsilon = 1e-6;                                     ///< of layer norms
  Positions positions = Positions::table_with_class;
  Resampling resampling = Resampling::plain;
  double rotary_base = 100;  ///< the longest period of rotations
  TokenPooling pooling = TokenPooling::cls;
  int64_t projection = 0;  ///< numbers of the projected class token

  /// How many tokens stand before those of the patches.
  int64_t prefix_tokens() const { return (class_token ? 1 : 0) + registers; }
  /// Rows, and columns, of patches in a picture of `image_size`; pixels beyond the last whole patch are
  /// unused.
  int64_t grid_size() const { return image_size / patch_size; }
};

}  // namespace kindred
