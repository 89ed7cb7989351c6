#pragma once

#include <cstdint>
#include <cstring>

#include "nn/kernels/processor_kernels.hpp"
#include "nn/processor_clones.hpp"

// What includes this is compiled once for each instruction set, by files with compiler options of their own.
// It is in an anonymous namespace and calls nothing of the standard library but memcpy: of an inline function
// the linker keeps one copy, which must not be one that other processors cannot run.

namespace kindred::nn {
namespace {

template <typename Vector>
KINDRED_INLINE void load(const float* from, Vector& to) {
  std::memcpy(&to, from, sizeof(to));
}
template <typename Vector>
KINDRED_INLINE void store(const Vector& from, float* to) {
  std::memcpy(to, &from, sizeof(from));
}
template <typename Vector>
KINDRED_INLINE Vector clamped(const Vector& values, const Vector& low, const Vector& high) {
  const Vector above = values < low ? low : values;
  return above > high ? high : above;
}
/// A vector of one number.
template <typename Vector>
KINDRED_INLINE Vector all(float number) {
  return number - Vector{};
}
KINDRED_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace
}  // namespace kindred::nn
