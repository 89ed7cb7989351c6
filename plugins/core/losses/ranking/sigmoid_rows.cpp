#include "sigmoid_rows.hpp"

#include <cmath>
#include <cstring>

#include "nn/processor_clones.hpp"

namespace kindred {
namespace {

/// 2^x for x from -126 to 126, to 2e-7 of it: by the nearest integer, and Taylor's series for the rest.
/// Without a call, so that loops over it become vectors.
KINDRED_INLINE float power_of_two(float x) {
  constexpr float kRounds = 12582912;  // 1.5 * 2^23: what is added to it loses its fraction
  const float whole = (x + kRounds) - kRounds, f = x - whole;
  float sum = 1.5403530e-4F;
  sum = sum * f + 1.3333558e-3F;
  sum = sum * f + 9.6181291e-3F;
  sum = sum * f + 5.5504109e-2F;
  sum = sum * f + 2.4022651e-1F;
  sum = sum * f + 6.9314718e-1F;
  sum = sum * f + 1.0F;
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return sum * scale;
}
KINDRED_INLINE double power_of_two(double x) { return std::exp2(x); }

/// exp(-(value - place) * sharpness), as far as it is a number; beyond 2^126 sigma is zero to every digit.
template <class Number>
KINDRED_INLINE Number decay(Number value, Number place, Number sharpness) {
  constexpr Number kBound = 126, kOverLn2 = static_cast<Number>(1.4426950408889634);
  Number x = (place - value) * (sharpness * kOverLn2);
  x = x < -kBound ? -kBound : x;
  x = x > kBound ? kBound : x;
  return power_of_two(x);
}

template <class Number>
KINDRED_INLINE SigmoidSums<Number> sums_of(const WeightedRow<Number>& row, Number place, Number sharpness) {
  Number positive[kSigmoidLanes] = {}, negative[kSigmoidLanes] = {};
  for (int64_t j = 0; j < row.count; j += kSigmoidLanes) {
    for (int64_t lane = 0; lane < kSigmoidLanes; ++lane) {
      const Number sigma = 1 / (1 + decay(row.values[j + lane], place, sharpness));
      positive[lane] += sigma * row.positive[j + lane];
      negative[lane] += sigma * row.negative[j + lane];
    }
  }
  SigmoidSums<Number> sums{};
  for (int64_t lane = 0; lane < kSigmoidLanes; ++lane) {
    sums.positive += positive[lane];
    sums.negative += negative[lane];
  }
  return sums;
}

template <class Number>
KINDRED_INLINE Number slopes_of(const WeightedRow<Number>& row, Number place, Number sharpness,
                                SigmoidSums<Number> by, Number* gradient) {
  Number sums[kSigmoidLanes] = {};
  for (int64_t j = 0; j < row.count; j += kSigmoidLanes) {
    for (int64_t lane = 0; lane < kSigmoidLanes; ++lane) {
      const Number sigma = 1 / (1 + decay(row.values[j + lane], place, sharpness));
      const Number weight = by.positive * row.positive[j + lane] + by.negative * row.negative[j + lane];
      const Number slope = sharpness * sigma * (1 - sigma) * weight;
      gradient[j + lane] += slope;
      sums[lane] += slope;
    }
  }
  Number sum = 0;
  for (const Number one : sums) sum += one;
  return sum;
}

}  // namespace

KINDRED_CLONES SigmoidSums<float> sum_sigmoids(const WeightedRow<float>& row, float place, float sharpness) {
  return sums_of(row, place, sharpness);
}
SigmoidSums<double> sum_sigmoids(const WeightedRow<double>& row, double place, double sharpness) {
  return sums_of(row, place, sharpness);
}

KINDRED_CLONES float add_sigmoid_slopes(const WeightedRow<float>& row, float place, float sharpness,
                                        SigmoidSums<float> by, float* gradient) {
  return slopes_of(row, place, sharpness, by, gradient);
}
double add_sigmoid_slopes(const WeightedRow<double>& row, double place, double sharpness,
                          SigmoidSums<double> by, double* gradient) {
  return slopes_of(row, place, sharpness, by, gradient);
}

}  // namespace kindred
