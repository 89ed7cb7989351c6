#include "chosen_rows.hpp"

#include <algorithm>
#include <limits>

#include "power_of_two.hpp"

namespace kindred {
namespace {

/// So many sums are made side by side, which become vectors.
constexpr int64_t kLanes = 32;

/// Calls `use(lane, j)` for all places of a row, whole blocks of lanes first.
template <class Use>
KINDRED_INLINE void for_lanes(int64_t count, const Use& use) {
  int64_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) use(lane, j + lane);
  }
  for (int64_t lane = 0; j + lane < count; ++lane) use(lane, j + lane);
}

template <class Number>
KINDRED_INLINE Number total(const Number* lanes) {
  Number sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
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
  Number largest[kLanes];
  std::fill(largest, largest + kLanes, kNone);
  for_lanes(row.count, [&](int64_t lane, int64_t j) {
    const Number value = row.chosen[j] ? row.values[j] : kNone;
    largest[lane] = value > largest[lane] ? value : largest[lane];
  });
  const Number top = *std::max_element(largest, largest + kLanes);
  Number sums[kLanes] = {};
  const bool is_empty = count_of_chosen(row.chosen, row.count) == 0;
  if (is_empty) {
    std::fill(weights, weights + row.count, Number{0});
    return empty;
  }
  for_lanes(row.count, [&](int64_t lane, int64_t j) {
    const Number one = exponential(row.values[j] - top);
    weights[j] = row.chosen[j] ? one : Number{0};
    sums[lane] += weights[j];
  });
  const Number sum = total(sums), share = 1 / sum;
  for (int64_t j = 0; j < row.count; ++j) weights[j] *= share;
  return std::log(sum) + top;
}

template <class Number>
KINDRED_INLINE HingeSum<Number> hinge(const ChosenRow<Number>& row, Number sign, Number offset) {
  Number sums[kLanes] = {};
  int32_t active[kLanes] = {};
  for_lanes(row.count, [&](int64_t lane, int64_t j) {
    const Number gap = sign * row.values[j] + offset;
    // Written so that what is not a number is kept.
    const bool counts = row.chosen[j] && !(gap <= 0);
    sums[lane] += counts ? gap : Number{0};
    active[lane] += counts ? 1 : 0;
  });
  return {total(sums), total(active)};
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
  Number sums[kLanes] = {};
  for_lanes(row.count,
            [&](int64_t lane, int64_t j) { sums[lane] += row.chosen[j] ? row.values[j] : Number{0}; });
  return total(sums);
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
  int32_t counts[kLanes] = {};
  for_lanes(count, [&](int64_t lane, int64_t j) { counts[lane] += chosen[j] ? 1 : 0; });
  return total(counts);
}

KINDRED_CLONES void spread_over_chosen(const bool* chosen, int64_t count, float share, float* out) {
  spread(chosen, count, share, out);
}
void spread_over_chosen(const bool* chosen, int64_t count, double share, double* out) {
  spread(chosen, count, share, out);
}

}  // namespace kindred
