#pragma once

#include <cstdint>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::host {

/// Exponential moving average of weights (Polyak, Juditsky 1992, in the form of Tarvainen, Valpola 2017):
///   average <- d average + (1 - d) weight,   d = min(decay, (1 + t) / (10 + t)) at update t,
/// so that the first steps do not hang on to the initial weights. Or the mean of some states with equal
/// weight (Izmailov et al. 2018, eq. 2).
class WeightAverage {
 public:
  /// Starts at `weights`, which stay the owner's. `decay` is that of the exponential average.
  WeightAverage(std::vector<NamedTensor> weights, double decay);

  /// Updates the exponential average; it is called after each optimizer step.
  void update();
  /// Makes the average the mean of the weights at all calls of this.
  void add_to_mean();
  /// Exchanges the weights and their average.
  void swap();
  /// Puts the average into the model, to be measured or saved; take_out() gives the model its weights back.
  /// Nothing happens before the first update, and nothing where it is done already.
  void put_in();
  void take_out();

  /// A checkpoint saves and restores these.
  const std::vector<NamedTensor>& average() const { return average_; }
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }

 private:
  std::vector<NamedTensor> weights_, average_;
  double decay_;
  int64_t updates_ = 0;
  bool is_in_ = false;  ///< the model has the average, and average_ the weights
};

}  // namespace kindred::host
