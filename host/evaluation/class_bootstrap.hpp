#pragma once

#include <cstdint>
#include <vector>

#include "host/evaluation/evaluation.hpp"

namespace kindred::host {

/// The ends of an interval; both are NaN where there is none.
struct Interval {
  double low, high;
};

/// Says how surely a mean would hold for other classes of the same kind: 95 %, percentile bootstrap over
/// classes (Efron 1979; Davison and Hinkley 1997, section 3.8, on data in groups). Each resampling draws as
/// many classes as there are, with replacement, and takes the mean over all queries of those drawn, where a
/// class that was drawn twice counts twice. Queries of one class are alike, so that drawing queries alone
/// would claim more than the data tell. Classes are those with a query that counts. Undefined for fewer than
/// two of them, and for a metric of a whole set.
Interval class_interval(const MetricValue& value, const EvaluationOptions& options);

/// The same of tuned minus base, paired: both sides of a difference are taken of the same drawn classes, so
/// that what makes a class easy or hard for both cancels. Undefined, too, where the two have other classes or
/// other numbers of queries.
Interval paired_interval(const MetricValue& base, const MetricValue& tuned, const EvaluationOptions& options);

}  // namespace kindred::host
