#include "host/run/vector_lengths.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

// Squares of such numbers, and sums and products of a few of these, are normal numbers of float32.
constexpr float kShortest = 1e-12F, kLongest = 1e12F;

/// The first row whose largest number is too large or too small; -1 where there is none. Rows of zeros have
/// no direction, and what is not finite is told elsewhere.
int64_t first_unusual(const at::Tensor& matrix) {
  constexpr int64_t kAtOnce = 4096;
  for (int64_t first = 0; first < matrix.size(0); first += kAtOnce) {
    const auto rows = matrix.slice(0, first, std::min(first + kAtOnce, matrix.size(0))).to(at::kFloat);
    const auto largest = rows.abs().amax(1);
    const auto unusual =
        at::isfinite(largest) & (largest > 0) & ((largest < kShortest) | (largest > kLongest));
    const auto found = at::nonzero(unusual);
    if (found.size(0) > 0) return first + found[0][0].item<int64_t>();
  }
  return -1;
}

bool are_alike(const at::Tensor& a, const at::Tensor& b) {
  const auto size = b.abs().max().item<float>();
  return std::isfinite(size) && (a - b).abs().max().item<float>() <= 1e-3F * size;
}

}  // namespace

void require_usual_lengths(const Dataset& dataset, const Model& model, bool trains) {
  const auto matrix = dataset.matrix();
  if (!matrix.defined() || matrix.size(1) == 0 || model.heads.stages.empty() || model.heads.needs_fit())
    return;
  const auto row = first_unusual(matrix);
  if (row < 0) return;
  const at::NoGradGuard no_gradients;
  const auto given = matrix.slice(0, row, row + 1).to(at::kFloat);
  const auto largest = given.abs().max().item<float>();
  const float scale = std::ldexp(1.0F, -std::ilogb(largest));
  model.heads.train(false);
  const auto usual = model.apply_heads(given * scale), unusual = model.apply_heads(given);
  if (are_alike(unusual, usual) || (!trains && are_alike(unusual * scale, usual))) return;
  throw Error(
      fmt::format("the vector of sample {} has numbers of up to {:.3g}, and the model's heads work with "
                  "numbers from about "
                  "{:g} to {:g}: its direction would be lost; put {{\"type\": \"l2_normalize\"}} first in "
                  "model.head, or store "
                  "the vectors with a usual length",
                  dataset.sample_name(row), largest, kShortest, kLongest));
}

}  // namespace kindred::host
