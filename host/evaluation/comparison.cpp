#include "host/evaluation/comparison.hpp"

#include <fmt/format.h>

#include <cmath>

namespace kindred::host {
using nlohmann::json;

json verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "worse";
    case Verdict::unclear:
      return "not to be told apart";
    case Verdict::unknown:
      break;
  }
  return nullptr;
}

namespace {

Verdict verdict_of(const Interval& difference, bool higher_is_better) {
  if (!std::isfinite(difference.low)) return Verdict::unknown;
  if (difference.low > 0) return higher_is_better ? Verdict::better : Verdict::worse;
  if (difference.high < 0) return higher_is_better ? Verdict::worse : Verdict::better;
  return Verdict::unclear;
}

std::string sentence_of(const Comparison& one, size_t units, const std::string& unit) {
  if (one.verdict == Verdict::unknown) {
    return units == 1 ? fmt::format("{}: of one test {} no interval can be told", one.metric, unit)
                      : fmt::format("{}: there is no interval of the difference", one.metric);
  }
  const auto span =
      fmt::format("{:+.4f}, 95 % of redrawn test {}: {:+.4f} to {:+.4f}", one.tuned - one.base,
                  unit == "class" ? "classes" : "groups", one.difference.low, one.difference.high);
  const auto* direction = one.higher_is_better ? "" : ", lower is better";
  if (one.verdict == Verdict::unclear) {
    return fmt::format("{}: tuned and base are not to be told apart ({}{})", one.metric, span, direction);
  }
  return fmt::format("{}: tuned is {} than base ({}{})", one.metric,
                     verdict_name(one.verdict).get<std::string>(), span, direction);
}

}  // namespace

Comparison compare_values(const MetricValue& before, const MetricValue& after,
                          const MeasureOptions& options) {
  const EvaluationOptions how{options.seed, options.bootstrap_samples, options.tile_bytes()};
  Comparison one{after.name, after.higher_is_better, before.mean, after.mean, {}, Verdict::unknown, ""};
  one.difference = paired_interval(before, after, how);
  one.verdict = verdict_of(one.difference, one.higher_is_better);
  return one;
}

std::vector<Comparison> compare(const Measured& base, const Measured& tuned, const MeasureOptions& options) {
  std::vector<Comparison> out;
  for (const auto& after : tuned.metrics) {
    for (const auto& before : base.metrics) {
      if (before.name != after.name) continue;
      auto one = compare_values(before, after, options);
      one.sentence = sentence_of(one, after.by_class.size(), tuned.unit);
      out.push_back(std::move(one));
    }
  }
  return out;
}

json comparison_json(const std::vector<Comparison>& all) {
  json out = json::object();
  for (const auto& one : all) {
    out[one.metric] = {
        {"difference", number_or_null(one.tuned - one.base)},
        {"interval_95", {number_or_null(one.difference.low), number_or_null(one.difference.high)}},
        {"higher_is_better", one.higher_is_better},
        {"verdict", verdict_name(one.verdict)},
        {"sentence", one.sentence}};
  }
  return out;
}

}  // namespace kindred::host
