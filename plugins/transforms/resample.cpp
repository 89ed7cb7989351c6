#include "resample.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred {
namespace {

constexpr int kPrecisionBits = 22;  // 32 bits less 8 of the pixel and 2 for overshoot of the bicubic kernel

double kernel(Interpolation interpolation, double x) {
  x = std::abs(x);
  if (interpolation == Interpolation::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// These are, for each output position, the inputs that it reads and their weights.
struct Weights {
  int64_t taps = 0;  // entries per output, the rest zero
  std::vector<int64_t> first, count;
  std::vector<int32_t> values;  // (outputs, taps)
};

Weights weights_for(int64_t inputs, int64_t outputs, Interpolation interpolation) {
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  const double widening = std::max(scale, 1.0);
  const double support = (interpolation == Interpolation::bilinear ? 1.0 : 2.0) * widening;
  Weights weights;
  weights.taps = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  weights.values.resize(static_cast<size_t>(outputs * weights.taps));
  std::vector<double> row(static_cast<size_t>(weights.taps));
  for (int64_t i = 0; i < outputs; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): Pillow rounds in this way
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const auto last = std::min<int64_t>(inputs, static_cast<int64_t>(center + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    double sum = 0;
    for (int64_t j = first; j < last; ++j) {
      auto& value = row[static_cast<size_t>(j - first)];
      value = kernel(interpolation, (static_cast<double>(j) - center + 0.5) / widening);
      sum += value;
    }
    for (int64_t j = 0; j < last - first; ++j) {
      const double value = row[static_cast<size_t>(j)] / (sum != 0 ? sum : 1) * (1 << kPrecisionBits);
      weights.values[static_cast<size_t>(i * weights.taps + j)] = static_cast<int32_t>(std::lround(value));
    }
    weights.first.push_back(first);
    weights.count.push_back(last - first);
  }
  return weights;
}

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

at::Tensor along_rows(const at::Tensor& image, int64_t width, Interpolation interpolation) {
  const int64_t height = image.size(0), inputs = image.size(1);
  const auto weights = weights_for(inputs, width, interpolation);
  auto out = at::empty({height, width, 3}, at::kByte);
  const auto* from = image.data_ptr<uint8_t>();
  auto* to = out.data_ptr<uint8_t>();
  for (int64_t y = 0; y < height; ++y, from += inputs * 3) {
    for (int64_t x = 0; x < width; ++x, to += 3) {
      const auto* weight = weights.values.data() + x * weights.taps;
      const auto* pixel = from + weights.first[static_cast<size_t>(x)] * 3;
      int32_t red = kHalf, green = kHalf, blue = kHalf;
      for (int64_t j = 0; j < weights.count[static_cast<size_t>(x)]; ++j, pixel += 3) {
        red += weight[j] * pixel[0];
        green += weight[j] * pixel[1];
        blue += weight[j] * pixel[2];
      }
      to[0] = rounded(red);
      to[1] = rounded(green);
      to[2] = rounded(blue);
    }
  }
  return out;
}

at::Tensor along_columns(const at::Tensor& image, int64_t height, Interpolation interpolation) {
  const int64_t inputs = image.size(0), row = image.size(1) * 3;
  const auto weights = weights_for(inputs, height, interpolation);
  auto out = at::empty({height, image.size(1), 3}, at::kByte);
  std::vector<int32_t> sums(static_cast<size_t>(row));
  auto* to = out.data_ptr<uint8_t>();
  for (int64_t y = 0; y < height; ++y, to += row) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t j = 0; j < weights.count[static_cast<size_t>(y)]; ++j) {
      const int32_t weight = weights.values[static_cast<size_t>(y * weights.taps + j)];
      const auto* from = image.data_ptr<uint8_t>() + (weights.first[static_cast<size_t>(y)] + j) * row;
      for (int64_t x = 0; x < row; ++x) sums[static_cast<size_t>(x)] += weight * from[x];
    }
    for (int64_t x = 0; x < row; ++x) to[x] = rounded(sums[static_cast<size_t>(x)]);
  }
  return out;
}

}  // namespace

at::Tensor resample(const at::Tensor& image, int64_t height, int64_t width, Interpolation interpolation) {
  auto out = image.contiguous();
  if (width != out.size(1)) out = along_rows(out, width, interpolation);
  if (height != out.size(0)) out = along_columns(out, height, interpolation);
  return out;
}

}  // namespace kindred
