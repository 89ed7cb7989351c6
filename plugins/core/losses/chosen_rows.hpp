#pragma once

#include <cstdint>

namespace kindred {

/// A row of `count` values, of which a mask chooses some. What is not chosen may be anything, also no number.
template <class Number>
struct ChosenRow {
  const Number* values;
  const bool* chosen;
  int64_t count;
};

/// The sum of the values above zero of sign * value + offset, and how many they are.
template <class Number>
struct HingeSum {
  Number sum;
  int64_t active;
};

/// log sum exp of the chosen values, or `empty`. weights (count): the derivatives, zero where none is chosen.
float log_sum_exp_of_chosen(const ChosenRow<float>& row, float empty, float* weights);
double log_sum_exp_of_chosen(const ChosenRow<double>& row, double empty, double* weights);

/// See HingeSum; of the chosen values.
HingeSum<float> hinge_of_chosen(const ChosenRow<float>& row, float sign, float offset);
HingeSum<double> hinge_of_chosen(const ChosenRow<double>& row, double sign, double offset);
/// slopes (count): `slope` where a chosen value is above zero in hinge_of_chosen(), else zero.
void hinge_slopes(const ChosenRow<float>& row, float sign, float offset, float slope, float* slopes);
void hinge_slopes(const ChosenRow<double>& row, double sign, double offset, double slope, double* slopes);

/// The sum of the chosen values.
float sum_of_chosen(const ChosenRow<float>& row);
double sum_of_chosen(const ChosenRow<double>& row);
int64_t count_of_chosen(const bool* chosen, int64_t count);
/// out (count): `share` where chosen, else zero.
void spread_over_chosen(const bool* chosen, int64_t count, float share, float* out);
void spread_over_chosen(const bool* chosen, int64_t count, double share, double* out);

}  // namespace kindred
