#pragma once

#include <cstdint>
#include <cstring>

#include "nn/kernels/vectors.hpp"

namespace kindred::nn {
namespace {

constexpr int kPanelVectors = 2;

/// Copies the first numbers of a row of sums; 8 at a time, since a call for each row would cost more than the
/// copy.
KINDRED_INLINE void copy_some(const float* from, int64_t count, float* to) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) std::memcpy(to + i, from + i, 8 * sizeof(float));
  for (; i < count; ++i) to[i] = from[i];
}

/// Sums of `kRows` rows and the first `kVectors` of the two vectors of a panel, in registers.
template <typename Vector, int kRows, int kVectors>
__attribute__((noinline)) void multiply_block(const MatrixProduct& p, int64_t row, int64_t panel) {
  constexpr int64_t kWidth = sizeof(Vector) / sizeof(float), kColumns = kVectors * kWidth;
  constexpr int64_t kPanel = kPanelVectors * kWidth;
  const int64_t column = panel * kPanel, left = p.columns - column;
  const float* a = p.rows + row * p.row_stride;
  const float* weight = p.weight + column * p.depth;
  const int64_t depth = p.depth, stride = p.row_stride;
  float* out = p.out + row * p.out_stride + column;
  const float* other = p.other == nullptr ? nullptr : p.other + row * p.out_stride + column;
  // They are needed at the end, and lie so far apart that the processor does not foresee it.
  for (int r = 0; r < kRows; ++r) {
    for (int64_t v = 0; v < kColumns; v += 16) {
      __builtin_prefetch(out + r * p.out_stride + v, 1);
      if (other != nullptr) __builtin_prefetch(other + r * p.out_stride + v, 0);
    }
  }
  Vector sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) load(p.bias + column + v * kWidth, sums[r][v]);
  }
  // Places that the processor adds up from few registers: five rows from one base, by one, two, three and
  // four steps.
  const char* at[3];
  const int64_t step = stride * static_cast<int64_t>(sizeof(float)), three = 3 * step;
  for (int i = 0; i < 3; ++i) at[i] = reinterpret_cast<const char*>(a) + 5 * i * step;
  for (int64_t k = 0; k < depth; ++k, weight += kPanel) {
    Vector weights[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) load(weight + v * kWidth, weights[v]);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      float number;
      std::memcpy(&number, at[r / 5] + (r % 5 == 3 ? three : r % 5 * step), sizeof(number));
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] += number * weights[v];
    }
    for (int i = 0; i < 3; ++i) at[i] += sizeof(float);
  }
  // What follows works from memory: it needs registers, which the sums above would have to leave.
  float numbers[kRows][kColumns];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) store(sums[r][v], &numbers[r][v * kWidth]);
  }
  const Vector low = all<Vector>(p.low), high = all<Vector>(p.high);
#pragma GCC unroll 1
  for (int r = 0; r < kRows; ++r, out += p.out_stride) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = v * kWidth, valid = left - at;
      Vector sum, more{};
      load(&numbers[r][at], sum);
      if (valid >= kWidth) {
        if (other != nullptr) load(other + r * p.out_stride + at, more);
        store(clamped(sum + more, low, high), out + at);
      } else if (valid > 0) {
        float some[kWidth] = {};
        if (other != nullptr) copy_some(other + r * p.out_stride + at, valid, some);
        load(some, more);
        store(clamped(sum + more, low, high), some);
        copy_some(some, valid, out + at);
      }
    }
  }
}

}  // namespace
}  // namespace kindred::nn
