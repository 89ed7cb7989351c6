#pragma once

#include <cstdint>

namespace kindred::nn {

/// F(4 x 4, 3 x 3) of Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4:
/// tiles of 6 x 6 inputs, 2 apart from each other's middle, give 4 x 4 outputs by 36 products in place of
/// 144.
constexpr int64_t kTileOutputs = 4, kTileInputs = 6, kTilePlaces = kTileInputs * kTileInputs;

/// Maps in (B, H, W, channels) memory, cut into tiles from the upper left corner of each; a border of one
/// zero.
struct TiledMap {
  int64_t height, width, channels;  ///< channels: a multiple of 16
  int64_t rows, columns;            ///< of tiles in one map
};

/// (36, count, stride) of the tiles [first, first + count), channel by channel: B^T d B.
void transform_inputs(const TiledMap& map, const float* x, int64_t first, int64_t count, int64_t stride,
                      float* tiles);

/// The same tiles of the result from (36, count, channels): A^T m A + bias + other, clamped. `other` may be
/// null.
void transform_outputs(const TiledMap& map, const float* tiles, int64_t first, int64_t count,
                       const float* bias, const float* other, float low, float high, float* y);

/// weight (3, 3) of one input and one output -> its 36 numbers, G g G^T.
void transform_weight(const float* weight, float* numbers);

}  // namespace kindred::nn
