#include "chosen_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/processor_clones.hpp"
#include "power_of_two.hpp"

namespace kindred {
namespace {

/// So many sums are made side by side, which become vectors, and so many values are added before the sums
/// are: long sums lose digits.
constexpr int64_t kLanes = 32, kBlock = 8192;

/// Calls `use(lane, j)` for the places [begin, end) of a row, whole groups of lanes first.
template <class Use>
KINDRED_INLINE void for_lanes(int64_t begin, int64_t end, const Use& use) {
  int64_t j = begin;
  for (; j + kLanes <= end; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) use(lane, j + lane);
  }
  for (int64_t lane = 0; j + lane < end; ++lane) use(lane, j + lane);
}

/// Adds up `term(j)` of all places of a row.
template <class Number, class Term>
KINDRED_INLINE Number sum_over(int64_t count, const Term& term) {
  Number sum = 0;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    Number lanes[kLanes] = {};
    for_lanes(begin, begin + kBlock < count ? begin + kBlock : count,
              [&](int64_t lane, int64_t j) { lanes[lane] += term(j); });
    for (const Number one : lanes) sum += one;
  }
  return sum;
}

/// exp(x) for x of at most zero; below the smallest normal number it is that.
KINDRED_INLINE float exponential(float x) {
  const float scaled = x * 1.44269504F;
  return power_of_two(scaled < -126 ? -126 : scaled);
}
KINDRED_INLINE double exponential(double x) { return std::exp(x); }

template <class Number>
KINDRED_INLINE Number log_sum_exp(const ChosenRow<Number>& row, Number empty, Number* weights) {
  constexpr Number kNone = -std::numeric_limits<Number>::infinity();
  if (count_of_chosen(row.chosen, row.count) == 0) {
    std::fill(weights, weights + row.count, Number{0});
    return empty;
  }
  Number largest[kLanes];
  std::fill(largest, largest + kLanes, kNone);
  for_lanes(0, row.count, [&](int64_t lane, int64_t j) {
    const Number value = row.chosen[j] ? row.values[j] : kNone;
    largest[lane] = value > largest[lane] ? value : largest[lane];
  });
  const Number top = *std::max_element(largest, largest + kLanes);
  const Number sum = sum_over<Number>(row.count, [&](int64_t j) {
    const Number below_top = row.chosen[j] ? row.values[j] - top : Number{0};
    const Number one = exponential(below_top);
    return weights[j] = row.chosen[j] ? one : Number{0};
  });
  const Number share = 1 / sum;
  for (int64_t j = 0; j < row.count; ++j) weights[j] *= share;
  return std::log(sum) + top;
}

template <class Number>
KINDRED_INLINE HingeSum<Number> hinge(const ChosenRow<Number>& row, Number sign, Number offset) {
  // Written so that what is not a number is kept.
  const auto is_active = [&](int64_t j) { return row.chosen[j] && !(sign * row.values[j] + offset <= 0); };
  const Number sum = sum_over<Number>(
      row.count, [&](int64_t j) { return is_active(j) ? sign * row.values[j] + offset : Number{0}; });
  return {sum, sum_over<int32_t>(row.count, [&](int64_t j) { return is_active(j) ? 1 : 0; })};
}

template <class Number>
KINDRED_INLINE void slopes_of_hinge(const ChosenRow<Number>& row, Number sign, Number offset, Number slope,
                                    Number* slopes) {
  for (int64_t j = 0; j < row.count; ++j) {
    const bool counts = row.chosen[j] && sign * row.values[j] + offset > 0;
    slopes[j] = counts ? slope : Number{0};
  }
}

template <class Number>
KINDRED_INLINE Number sum_of(const ChosenRow<Number>& row) {
  return sum_over<Number>(row.count, [&](int64_t j) { return row.chosen[j] ? row.values[j] : Number{0}; });
}

template <class Number>
KINDRED_INLINE void spread(const bool* chosen, int64_t count, Number share, Number* out) {
  for (int64_t j = 0; j < count; ++j) out[j] = chosen[j] ? share : Number{0};
}

}  // namespace

KINDRED_CLONES float log_sum_exp_of_chosen(const ChosenRow<float>& row, float empty, float* weights) {
  return log_sum_exp(row, empty, weights);
}
double log_sum_exp_of_chosen(const ChosenRow<double>& row, double empty, double* weights) {
  return log_sum_exp(row, empty, weights);
}

KINDRED_CLONES HingeSum<float> hinge_of_chosen(const ChosenRow<float>& row, float sign, float offset) {
  return hinge(row, sign, offset);
}
HingeSum<double> hinge_of_chosen(const ChosenRow<double>& row, double sign, double offset) {
  return hinge(row, sign, offset);
}

KINDRED_CLONES void hinge_slopes(const ChosenRow<float>& row, float sign, float offset, float slope,
                                 float* slopes) {
  slopes_of_hinge(row, sign, offset, slope, slopes);
}
void hinge_slopes(const ChosenRow<double>& row, double sign, double offset, double slope, double* slopes) {
  slopes_of_hinge(row, sign, offset, slope, slopes);
}

KINDRED_CLONES float sum_of_chosen(const ChosenRow<float>& row) { return sum_of(row); }
double sum_of_chosen(const ChosenRow<double>& row) { return sum_of(row); }

KINDRED_CLONES int64_t count_of_chosen(const bool* chosen, int64_t count) {
  return sum_over<int32_t>(count, [&](int64_t j) { return chosen[j] ? 1 : 0; });
}

KINDRED_CLONES void spread_over_chosen(const bool* chosen, int64_t count, float share, float* out) {
  spread(chosen, count, share, out);
}
void spread_over_chosen(const bool* chosen, int64_t count, double share, double* out) {
  spread(chosen, count, share, out);
}

}  // namespace kindred
