#pragma once

#include <cstdint>

namespace kindred::nn {

/// out = min(max(rows x weight + bias + other, low), high), all float32: rows (R, K), weight (K, N).
struct MatrixProduct {
  const float* rows;
  int64_t row_stride;   ///< numbers from one row to the next
  int64_t count;        ///< R
  int64_t depth;        ///< K
  int64_t columns;      ///< N
  const float* weight;  ///< (panels, K, columns of a panel), with zeros behind the last column
  const float* bias;    ///< as many as all panels have columns
  const float* other;   ///< null, or numbers as they lie in `out`
  float* out;           ///< may not be `rows`
  int64_t out_stride;
  float low, high;
};

/// A depthwise convolution of some rows of a map, with bias and clamp. The rows have their border: result (r,
/// c) is made of what begins at row r * stride and column c * stride.
struct StripConvolution {
  const float* in;               ///< (rows, in_columns, channels)
  int64_t in_columns, channels;  ///< channels: a multiple of kKernelLanes
  int64_t kernel, stride;        ///< kernel: 3 or 5
  const float* weight;           ///< (kernel * kernel, channels)
  const float* bias;             ///< (channels)
  float low, high;
  float* out;  ///< (rows, columns, channels)
  int64_t rows, columns;
};

/// Tiles of F(4 x 4, 3 x 3) of Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
/// section 4: 6 x 6 inputs, which overlap by 2 with those of the next tile, give 4 x 4 outputs by 36 products
/// in place of 144.
constexpr int64_t kTileOutputs = 4, kTileInputs = 6, kTilePlaces = kTileInputs * kTileInputs;

/// Some tiles of maps in (B, H, W, channels) memory that have a border of one zero. The tiles of a map begin
/// in its upper left corner.
struct TiledMap {
  int64_t height, width, channels;  ///< channels: a multiple of kKernelLanes
  int64_t rows, columns;            ///< of tiles in one map
  int64_t first, count;             ///< the tiles [first, first + count) of all maps
  int64_t place_stride;             ///< numbers from one place of the transformed tiles to the next
};
struct TiledResult {
  const float *bias, *other;  ///< (channels); null or numbers as they lie in `y`
  float low, high;
  float* y;
};

/// Channels that the kernels below take a multiple of.
constexpr int64_t kKernelLanes = 16;

enum class InstructionSet { other, avx2, avx512 };

/// What is computed by vectors, compiled for one instruction set. All of it works on the calling thread.
struct ProcessorKernels {
  using Block = void (*)(const MatrixProduct& product, int64_t row, int64_t panel);

  /// `other`: this processor, or the compiler, has neither of both, and nothing below is there.
  InstructionSet instruction_set;
  /// Rows of a block of sums that are kept in registers, halved from one kernel to the next down to one;
  /// columns of a panel, that is of two vectors.
  int64_t block_rows, panel_columns;
  Block whole[4], half[4];  ///< of both vectors of a panel; of the first alone

  void (*convolve_strip)(const StripConvolution& strip);

  /// Inputs -> (36, count, stride), B^T d B of each tile, channel by channel; the places of all of these lie
  /// `place_stride` apart.
  void (*transform_inputs)(const TiledMap& map, const float* x, int64_t stride, float* tiles);
  /// The gradient of results -> (36, count, channels), A y A^T of each tile.
  void (*transform_gradients)(const TiledMap& map, const float* gradient, float* tiles);
  /// (36, count, channels) -> the tiles of the result: A^T m A + bias + other, clamped.
  void (*transform_outputs)(const TiledMap& map, const float* tiles, const TiledResult& result);
};

/// The best for this processor. A test may put others in their place before it packs a weight.
ProcessorKernels& processor_kernels();

ProcessorKernels avx512_kernels();
ProcessorKernels avx2_kernels();

}  // namespace kindred::nn
