#include "nn/depthwise_kernels.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "nn/processor_clones.hpp"

namespace kindred::nn {
namespace {

constexpr int64_t kLanes = kDepthwiseLanes;
// A register of AVX-512, two of AVX2; the compiler splits it.
typedef float Lanes __attribute__((vector_size(4 * kLanes)));
typedef uint32_t Bits __attribute__((vector_size(4 * kLanes)));
typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));

KINDRED_INLINE void load(const float* from, Lanes& to) { std::memcpy(&to, from, sizeof(to)); }
KINDRED_INLINE void store(const Lanes& from, float* to) { std::memcpy(to, &from, sizeof(from)); }

// Comparisons of whole vectors would be split into single numbers before the instruction set is known; loops
// over them are not.
KINDRED_INLINE void clamp(Lanes& values, float low, float high) {
  float numbers[kLanes];
  store(values, numbers);
  for (float& number : numbers) {
    number = number < low ? low : number;
    number = number > high ? high : number;
  }
  load(numbers, values);
}
/// Zero where the output was clamped.
KINDRED_INLINE void mask(Lanes& gradient, const Lanes& output, float low, float high) {
  float numbers[kLanes], outputs[kLanes];
  store(gradient, numbers);
  store(output, outputs);
  for (int64_t i = 0; i < kLanes; ++i) {
    numbers[i] = (outputs[i] > low) & (outputs[i] < high) ? numbers[i] : 0.0f;
  }
  load(numbers, gradient);
}

KINDRED_INLINE void load(const c10::BFloat16* from, Lanes& to) {
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Bits bits = __builtin_convertvector(halves, Bits) << 16;
  std::memcpy(&to, &bits, sizeof(to));
}
/// Rounds to the nearest, halves to even.
KINDRED_INLINE void store(const Lanes& from, c10::BFloat16* to) {
  Bits bits;
  std::memcpy(&bits, &from, sizeof(bits));
  const Halves halves = __builtin_convertvector((bits + (0x7fff + ((bits >> 16) & 1))) >> 16, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}

/// Maps of one group of channels with zeros around and between them, so that the sums need no bounds.
class Tile {
 public:
  Tile(int64_t rows, int64_t columns)
      : columns_(columns), values_(static_cast<size_t>(rows * columns * kLanes)) {}
  KINDRED_INLINE float* at(int64_t row, int64_t column) {
    return values_.data() + (row * columns_ + column) * kLanes;
  }

 private:
  int64_t columns_;
  std::vector<float> values_;
};

/// Room along one side for all windows and for all that is put into it.
int64_t tile_size(int64_t outputs, int64_t stride, int64_t kernel, int64_t filled) {
  return std::max((outputs - 1) * stride + kernel, filled);
}

template <int64_t kKernel>
struct Weights {
  static constexpr int64_t kCount = kKernel * kKernel;
  Lanes values[kCount];
};

/// Adds weight times window, whose upper left corner is at (row, column).
template <int64_t kKernel>
KINDRED_INLINE void weigh(Tile& tile, int64_t row, int64_t column, const Weights<kKernel>& weights,
                          Lanes& sum) {
#pragma GCC unroll 5
  for (int64_t i = 0; i < kKernel; ++i) {
#pragma GCC unroll 5
    for (int64_t j = 0; j < kKernel; ++j) {
      Lanes value;
      load(tile.at(row + i, column + j), value);
      sum += value * weights.values[i * kKernel + j];
    }
  }
}

template <typename T>
KINDRED_INLINE void fill_inputs(const DepthwiseArguments<T>& a, int64_t image, int64_t channel, Tile& tile) {
  for (int64_t row = 0; row < a.height; ++row) {
    for (int64_t column = 0; column < a.width; ++column) {
      Lanes value;
      load(a.x + ((image * a.height + row) * a.width + column) * a.channels + channel, value);
      store(value, tile.at(row + a.top, column + a.left));
    }
  }
}

template <int64_t kKernel, typename T>
KINDRED_INLINE void forward(const DepthwiseArguments<T>& a, int64_t first, int64_t last) {
  Tile tile(tile_size(a.out_height, a.stride, kKernel, a.height + a.top),
            tile_size(a.out_width, a.stride, kKernel, a.width + a.left));
  for (int64_t image = 0; image < a.batch; ++image) {
    for (int64_t channel = first * kLanes; channel < last * kLanes; channel += kLanes) {
      Weights<kKernel> weights;
      for (int64_t i = 0; i < Weights<kKernel>::kCount; ++i)
        load(a.weight + i * a.channels + channel, weights.values[i]);
      Lanes bias;
      load(a.bias + channel, bias);
      fill_inputs(a, image, channel, tile);
      T* out = a.y + image * a.out_height * a.out_width * a.channels + channel;
      for (int64_t row = 0; row < a.out_height; ++row) {
        for (int64_t column = 0; column < a.out_width; ++column, out += a.channels) {
          Lanes sum = bias;
          weigh<kKernel>(tile, row * a.stride, column * a.stride, weights, sum);
          clamp(sum, a.low, a.high);
          store(sum, out);
        }
      }
    }
  }
}

/// The output's gradient behind the clamp, spread out by the stride, so that the input's gradient is a
/// convolution of it with the flipped kernel.
template <int64_t kKernel, typename T>
KINDRED_INLINE void fill_gradients(const DepthwiseArguments<T>& a, int64_t image, int64_t channel,
                                   Tile& tile) {
  int64_t at = image * a.out_height * a.out_width * a.channels + channel;
  for (int64_t row = 0; row < a.out_height; ++row) {
    for (int64_t column = 0; column < a.out_width; ++column, at += a.channels) {
      Lanes value, output;
      load(a.grad_y + at, value);
      load(a.y + at, output);
      mask(value, output, a.low, a.high);
      store(value, tile.at(row * a.stride + kKernel - 1 - a.top, column * a.stride + kKernel - 1 - a.left));
    }
  }
}

template <int64_t kKernel, typename T>
KINDRED_INLINE void backward(const DepthwiseArguments<T>& a, int64_t first, int64_t last) {
  Tile inputs(tile_size(a.out_height, a.stride, kKernel, a.height + a.top),
              tile_size(a.out_width, a.stride, kKernel, a.width + a.left)),
      gradients(tile_size(a.out_height, a.stride, kKernel, a.height + kKernel - 1),
                tile_size(a.out_width, a.stride, kKernel, a.width + kKernel - 1));
  for (int64_t image = 0; image < a.batch; ++image) {
    for (int64_t channel = first * kLanes; channel < last * kLanes; channel += kLanes) {
      fill_inputs(a, image, channel, inputs);
      fill_gradients<kKernel>(a, image, channel, gradients);
      Weights<kKernel> sums;
      Lanes bias;
      for (int64_t i = 0; i < Weights<kKernel>::kCount; ++i)
        load(a.grad_weight + i * a.channels + channel, sums.values[i]);
      load(a.grad_bias + channel, bias);
      for (int64_t row = 0; row < a.out_height; ++row) {
        for (int64_t column = 0; column < a.out_width; ++column) {
          const int64_t top = row * a.stride, left = column * a.stride;
          Lanes gradient;
          load(gradients.at(top + kKernel - 1 - a.top, left + kKernel - 1 - a.left), gradient);
          bias += gradient;
#pragma GCC unroll 5
          for (int64_t i = 0; i < kKernel; ++i) {
#pragma GCC unroll 5
            for (int64_t j = 0; j < kKernel; ++j) {
              Lanes value;
              load(inputs.at(top + i, left + j), value);
              sums.values[i * kKernel + j] += gradient * value;
            }
          }
        }
      }
      for (int64_t i = 0; i < Weights<kKernel>::kCount; ++i)
        store(sums.values[i], a.grad_weight + i * a.channels + channel);
      store(bias, a.grad_bias + channel);
      if (a.grad_x == nullptr) continue;
      Weights<kKernel> flipped;
      for (int64_t i = 0; i < Weights<kKernel>::kCount; ++i) {
        load(a.weight + (Weights<kKernel>::kCount - 1 - i) * a.channels + channel, flipped.values[i]);
      }
      T* out = a.grad_x + image * a.height * a.width * a.channels + channel;
      for (int64_t row = 0; row < a.height; ++row) {
        for (int64_t column = 0; column < a.width; ++column, out += a.channels) {
          Lanes sum = {};
          weigh<kKernel>(gradients, row, column, flipped, sum);
          store(sum, out);
        }
      }
    }
  }
}

KINDRED_CLONES void forward_3_float(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  forward<3>(a, first, last);
}
KINDRED_CLONES void backward_3_float(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  backward<3>(a, first, last);
}
KINDRED_CLONES void forward_5_float(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  forward<5>(a, first, last);
}
KINDRED_CLONES void backward_5_float(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  backward<5>(a, first, last);
}
KINDRED_CLONES void forward_3_half(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  forward<3>(a, first, last);
}
KINDRED_CLONES void backward_3_half(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  backward<3>(a, first, last);
}
KINDRED_CLONES void forward_5_half(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  forward<5>(a, first, last);
}
KINDRED_CLONES void backward_5_half(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  backward<5>(a, first, last);
}

}  // namespace

template <>
void depthwise_forward(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  (a.kernel == 3 ? forward_3_float : forward_5_float)(a, first, last);
}
template <>
void depthwise_backward(const DepthwiseArguments<float>& a, int64_t first, int64_t last) {
  (a.kernel == 3 ? backward_3_float : backward_5_float)(a, first, last);
}
template <>
void depthwise_forward(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  (a.kernel == 3 ? forward_3_half : forward_5_half)(a, first, last);
}
template <>
void depthwise_backward(const DepthwiseArguments<c10::BFloat16>& a, int64_t first, int64_t last) {
  (a.kernel == 3 ? backward_3_half : backward_5_half)(a, first, last);
}

}  // namespace kindred::nn
