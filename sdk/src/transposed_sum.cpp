#include "transposed_sum.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kindred {
namespace {

constexpr int64_t kBlock = 32;

/// The blocks (top, left) and (left, top) of x + x^T.
template <class Number>
void add_blocks(const Number* x, Number* out, int64_t size, int64_t top, int64_t left) {
  const int64_t bottom = std::min(top + kBlock, size), right = std::min(left + kBlock, size);
  Number mirrored[kBlock][kBlock];
  for (int64_t j = left; j < right; ++j) {
    for (int64_t i = top; i < bottom; ++i) mirrored[i - top][j - left] = x[j * size + i];
  }
  for (int64_t i = top; i < bottom; ++i) {
    for (int64_t j = left; j < right; ++j) {
      mirrored[i - top][j - left] += x[i * size + j];
      out[i * size + j] = mirrored[i - top][j - left];
    }
  }
  for (int64_t j = left; j < right; ++j) {
    for (int64_t i = top; i < bottom; ++i) out[j * size + i] = mirrored[i - top][j - left];
  }
}

template <class Number>
void add_all(const at::Tensor& x, const at::Tensor& out) {
  const int64_t size = x.size(0), blocks = (size + kBlock - 1) / kBlock;
  const auto* from = x.data_ptr<Number>();
  auto* to = out.data_ptr<Number>();
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      // Rows from both ends have as many blocks together as any other two.
      const int64_t i = row % 2 == 0 ? row / 2 : blocks - 1 - row / 2;
      for (int64_t j = i; j < blocks; ++j) add_blocks(from, to, size, i * kBlock, j * kBlock);
    }
  });
}

}  // namespace

at::Tensor sum_with_transposed(const at::Tensor& given) {
  const bool is_known = given.scalar_type() == at::kFloat || given.scalar_type() == at::kDouble;
  // With gradients on, this is a part of a graph.
  if (!given.is_cpu() || !is_known || at::GradMode::is_enabled()) return given.add(given.t());
  const auto x = given.contiguous();
  const auto out = x.new_empty(x.sizes());
  if (x.scalar_type() == at::kFloat) {
    add_all<float>(x, out);
  } else {
    add_all<double>(x, out);
  }
  return out;
}

}  // namespace kindred
