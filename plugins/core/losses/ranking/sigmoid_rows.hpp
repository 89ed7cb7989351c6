#pragma once

#include <cstdint>

namespace kindred {

/// Rows are read so many numbers at a time; surplus ones have no weight.
constexpr int64_t kSigmoidLanes = 64;

/// A row of `count` similarities, a multiple of kSigmoidLanes, and how much each counts among the positives
/// and among the negatives.
template <class Number>
struct WeightedRow {
  const Number *values, *positive, *negative;
  int64_t count;
};

/// Sums over the row, of which each has sigma = 1 / (1 + exp(-(value - place) * sharpness)).
template <class Number>
struct SigmoidSums {
  Number positive, negative;
};
SigmoidSums<float> sum_sigmoids(const WeightedRow<float>& row, float place, float sharpness);
SigmoidSums<double> sum_sigmoids(const WeightedRow<double>& row, double place, double sharpness);

/// gradient += sharpness sigma (1 - sigma) (by.positive positive + by.negative negative), (count). Returns
/// the sum of what was added.
float add_sigmoid_slopes(const WeightedRow<float>& row, float place, float sharpness, SigmoidSums<float> by,
                         float* gradient);
double add_sigmoid_slopes(const WeightedRow<double>& row, double place, double sharpness,
                          SigmoidSums<double> by, double* gradient);

}  // namespace kindred
