#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/evaluation/class_bootstrap.hpp"
#include "host/evaluation/measure.hpp"

namespace kindred::host {

/// What tuned and base have to do with each other by one metric. unclear: the interval of their difference
/// holds 0. unknown: there is no interval, since there are too few classes, it is a metric of a whole set, or
/// one of the values is undefined.
enum class Verdict { better, worse, unclear, unknown };

struct Comparison {
  std::string metric;
  bool higher_is_better;
  double base, tuned;
  Interval difference;  ///< of tuned minus base
  Verdict verdict;
  std::string sentence;  ///< all of this, for people

  /// Says whether the tuned value alone, without its interval, is above the base value, or below it where
  /// smaller is better. False where one of them is undefined.
  bool is_ahead() const { return higher_is_better ? tuned > base : tuned < base; }
};

/// Returns "better", "worse", "not to be told apart", or null for unknown.
nlohmann::json verdict_name(Verdict verdict);

/// Compares two measurements of one metric over the same queries; what comes second is called tuned. There is
/// no sentence.
Comparison compare_values(const MetricValue& before, const MetricValue& after, const MeasureOptions& options);

/// Compares the two sides of one task by every metric that both have.
std::vector<Comparison> compare(const Measured& base, const Measured& tuned, const MeasureOptions& options);

/// Returns {metric: {difference, interval_95, higher_is_better, verdict, sentence}}.
nlohmann::json comparison_json(const std::vector<Comparison>& all);

}  // namespace kindred::host
