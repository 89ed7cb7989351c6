#include "sigmoid_rows.hpp"

#include "core/losses/power_of_two.hpp"
#include "nn/processor_clones.hpp"

namespace kindred {
namespace {

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
