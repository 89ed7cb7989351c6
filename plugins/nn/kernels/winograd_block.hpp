#pragma once

#include "nn/kernels/vectors.hpp"

namespace kindred::nn {
namespace {

/// B^T of six vectors that lie `kStep` apart.
template <int kStep, typename Vector>
KINDRED_INLINE void transform_six(Vector* d) {
  const Vector a0 = d[0], a1 = d[kStep], a2 = d[2 * kStep], a3 = d[3 * kStep], a4 = d[4 * kStep],
               a5 = d[5 * kStep];
  const Vector even = a4 - 4.0F * a2, odd = a3 - 4.0F * a1;
  const Vector wide = a4 - a2, twice = 2.0F * (a3 - a1);
  d[0] = 4.0F * a0 - 5.0F * a2 + a4;
  d[kStep] = even + odd;
  d[2 * kStep] = even - odd;
  d[3 * kStep] = wide + twice;
  d[4 * kStep] = wide - twice;
  d[5 * kStep] = 4.0F * a1 - 5.0F * a3 + a5;
}

/// A^T of six vectors that lie `kStep` apart; four are left.
template <int kStep, typename Vector>
KINDRED_INLINE void shrink_six(Vector* m) {
  const Vector sum = m[kStep] + m[2 * kStep], difference = m[kStep] - m[2 * kStep];
  const Vector far_sum = m[3 * kStep] + m[4 * kStep], far_difference = m[3 * kStep] - m[4 * kStep];
  m[0] = m[0] + sum + far_sum;
  m[kStep] = difference + 2.0F * far_difference;
  m[2 * kStep] = sum + 4.0F * far_sum;
  m[3 * kStep] = difference + 8.0F * far_difference + m[5 * kStep];
}

/// A of four vectors that lie `kStep` apart; six are made.
template <int kStep, typename Vector>
KINDRED_INLINE void spread_four(Vector* m) {
  const Vector a0 = m[0], a1 = m[kStep], a2 = m[2 * kStep], a3 = m[3 * kStep];
  const Vector even = a0 + a2, odd = a1 + a3;
  const Vector far_even = a0 + 4.0F * a2, far_odd = 2.0F * a1 + 8.0F * a3;
  m[kStep] = even + odd;
  m[2 * kStep] = even - odd;
  m[3 * kStep] = far_even + far_odd;
  m[4 * kStep] = far_even - far_odd;
  m[5 * kStep] = a3;
}

/// Where a tile lies: its image, and the place of its first result.
struct TilePlace {
  int64_t image, row, column;
};
KINDRED_INLINE TilePlace place_of(const TiledMap& map, int64_t tile) {
  return {tile / (map.rows * map.columns), tile / map.columns % map.rows * kTileOutputs,
          tile % map.columns * kTileOutputs};
}

/// Loads channels of an image that begins at `image`; zeros where the place is outside of it.
template <typename Vector>
KINDRED_INLINE void load_or_zero(const TiledMap& map, const float* image, int64_t row, int64_t column,
                                 Vector& to) {
  const bool is_inside = row >= 0 && row < map.height && column >= 0 && column < map.width;
  if (is_inside)
    load(image + (row * map.width + column) * map.channels, to);
  else
    to = Vector{};
}

template <typename Vector>
void transform_inputs(const TiledMap& map, const float* x, int64_t stride, float* tiles) {
  constexpr int64_t kWidth = sizeof(Vector) / sizeof(float);
  for (int64_t tile = 0; tile < map.count; ++tile) {
    const auto place = place_of(map, map.first + tile);
    const float* image = x + place.image * map.height * map.width * map.channels;
    for (int64_t channel = 0; channel < map.channels; channel += kWidth) {
      Vector d[kTilePlaces];
      for (int64_t i = 0; i < kTileInputs; ++i) {
        const int64_t row = place.row + i - 1;
        for (int64_t j = 0; j < kTileInputs; ++j) {
          load_or_zero(map, image + channel, row, place.column + j - 1, d[i * kTileInputs + j]);
        }
      }
      for (int64_t i = 0; i < kTileInputs; ++i) transform_six<kTileInputs>(d + i);
      for (int64_t i = 0; i < kTileInputs; ++i) transform_six<1>(d + i * kTileInputs);
      for (int64_t i = 0; i < kTilePlaces; ++i)
        store(d[i], tiles + i * map.place_stride + tile * stride + channel);
    }
  }
}

template <typename Vector>
void transform_gradients(const TiledMap& map, const float* gradient, float* tiles) {
  constexpr int64_t kWidth = sizeof(Vector) / sizeof(float);
  for (int64_t tile = 0; tile < map.count; ++tile) {
    const auto place = place_of(map, map.first + tile);
    const float* image = gradient + place.image * map.height * map.width * map.channels;
    for (int64_t channel = 0; channel < map.channels; channel += kWidth) {
      Vector m[kTilePlaces];
      for (int64_t i = 0; i < kTileOutputs; ++i) {
        for (int64_t j = 0; j < kTileOutputs; ++j)
          load_or_zero(map, image + channel, place.row + i, place.column + j, m[i * kTileInputs + j]);
      }
      for (int64_t j = 0; j < kTileOutputs; ++j) spread_four<kTileInputs>(m + j);
      for (int64_t i = 0; i < kTileInputs; ++i) spread_four<1>(m + i * kTileInputs);
      for (int64_t i = 0; i < kTilePlaces; ++i)
        store(m[i], tiles + i * map.place_stride + tile * map.channels + channel);
    }
  }
}

template <typename Vector>
void transform_outputs(const TiledMap& map, const float* tiles, const TiledResult& result) {
  constexpr int64_t kWidth = sizeof(Vector) / sizeof(float);
  const Vector low = all<Vector>(result.low), high = all<Vector>(result.high);
  for (int64_t tile = 0; tile < map.count; ++tile) {
    const auto place = place_of(map, map.first + tile);
    const int64_t image = place.image * map.height * map.width * map.channels;
    const int64_t rows = least(kTileOutputs, map.height - place.row);
    const int64_t columns = least(kTileOutputs, map.width - place.column);
    for (int64_t channel = 0; channel < map.channels; channel += kWidth) {
      Vector m[kTilePlaces], bias;
      load(result.bias + channel, bias);
      for (int64_t i = 0; i < kTilePlaces; ++i)
        load(tiles + i * map.place_stride + tile * map.channels + channel, m[i]);
      for (int64_t i = 0; i < kTileInputs; ++i) shrink_six<kTileInputs>(m + i);
      for (int64_t i = 0; i < kTileOutputs; ++i) shrink_six<1>(m + i * kTileInputs);
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          const int64_t at =
              image + ((place.row + i) * map.width + place.column + j) * map.channels + channel;
          Vector more{};
          if (result.other != nullptr) load(result.other + at, more);
          store(clamped(m[i * kTileInputs + j] + bias + more, low, high), result.y + at);
        }
      }
    }
  }
}

}  // namespace
}  // namespace kindred::nn
