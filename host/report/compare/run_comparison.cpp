#include "host/report/compare/run_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>

#include "host/report/compare/matched_queries.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr size_t kQueriesKept = 20;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// What result.json says; NaN where it says nothing.
double result_value(const FinishedRun& run, const std::string& side, const std::string& metric) {
  const auto metrics = part_of(run.result, ("/metrics/" + side).c_str());
  return metrics.contains(metric) && metrics[metric].is_number() ? metrics[metric].get<double>() : kMissing;
}

bool is_higher_better(const std::vector<FinishedRun>& runs, const std::string& side,
                      const std::string& metric) {
  for (const auto& run : runs) {
    const auto details = part_of(run.result, ("/metric_details/" + side).c_str());
    if (!details.contains(metric)) continue;
    const auto direction = part_of(details[metric], "/higher_is_better");
    if (direction.is_boolean()) return direction.get<bool>();
  }
  return true;
}

/// Makes one comparison, step by step.
class Comparing {
 public:
  explicit Comparing(const std::vector<std::string>& paths) {
    read(paths);
    match();
    for (const auto* side : {"tuned", "base"}) {
      for (const auto& name : metric_names(side)) out_.metrics.push_back(compared(side, name));
    }
    note_missing_intervals();
    note_test_samples();
    for (const auto& metric : out_.metrics) {
      for (size_t k = 1; metric.side == "tuned" && k < metric.values.size(); ++k)
        out_.sentences.push_back(sentence(metric, k));
    }
    std::vector<const json*> pipelines;
    for (const auto& run : out_.runs) pipelines.push_back(&run.pipeline);
    out_.pipelines = pipeline_differences(pipelines);
    keep_different_queries();
  }

  RunComparison take() { return std::move(out_); }

 private:
  void read(const std::vector<std::string>& paths);
  void match();
  std::vector<std::string> metric_names(const std::string& side) const;
  ComparedMetric compared(const std::string& side, const std::string& name) const;
  void note_missing_intervals();
  void note_test_samples();
  static std::string sentence(const ComparedMetric& metric, size_t run);
  void keep_different_queries();
  ComparedQuery query(const std::string& metric, size_t number) const;

  const QueryTable& table_of(size_t run) const { return *tables_.at(run); }
  bool has_table(size_t run) const { return tables_.at(run).has_value(); }

  RunComparison out_;
  std::vector<std::optional<QueryTable>> tables_;  ///< by run
  std::vector<const QueryTable*> matched_tables_;  ///< of the runs that have one
  std::vector<size_t> matched_runs_;               ///< which these are
  MatchedQueries matched_;
};

void Comparing::read(const std::vector<std::string>& paths) {
  std::vector<fs::path> places;
  for (const auto& path : paths) {
    out_.runs.push_back(read_run(path));
    const auto& run = out_.runs.back();
    const auto place = fs::canonical(path);
    if (std::find(places.begin(), places.end(), place) != places.end())
      throw Error(path + " is named twice; name runs that can differ");
    places.push_back(place);
    tables_.push_back(run.has_queries ? std::optional(read_query_table(path)) : std::nullopt);
    const auto error = text_of(run.result, "/error");
    if (run.status != "completed") {
      out_.notes.push_back(fmt::format("{} is {}{}{}", run_title(out_.runs.size() - 1), run.status,
                                       error.empty() ? "" : ": ", error));
    }
  }
}

void Comparing::match() {
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (!has_table(i)) continue;
    matched_tables_.push_back(&table_of(i));
    matched_runs_.push_back(i);
  }
  out_.left_out.assign(tables_.size(), 0);
  if (matched_tables_.size() < 2) return;
  matched_ = match_queries(matched_tables_);
  out_.common_queries = matched_.count();
  for (size_t i = 0; i < matched_runs_.size(); ++i) {
    out_.left_out[matched_runs_[i]] = matched_.left_out[i];
    if (matched_.left_out[i] == 0 || matched_.count() == 0) continue;
    out_.notes.push_back(
        fmt::format("{} of {} queries of {} were left out, which are not in all runs with the same class",
                    matched_.left_out[i], matched_tables_[i]->samples.size(), run_title(matched_runs_[i])));
  }
}

/// In the order in which the first run was measured, where its table tells; then those of other runs.
std::vector<std::string> Comparing::metric_names(const std::string& side) const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto* table : matched_tables_) {
    for (const auto& metric : metrics_of_side(*table, side)) add(metric.name);
  }
  for (const auto& run : out_.runs) {
    const auto metrics = part_of(run.result, ("/metrics/" + side).c_str());
    for (const auto& [name, value] : metrics.items()) add(name);
  }
  return names;
}

ComparedMetric Comparing::compared(const std::string& side, const std::string& name) const {
  ComparedMetric metric{side, name};
  metric.higher_is_better = is_higher_better(out_.runs, side, name);
  std::vector<MetricValue> matched;
  if (has_table(0) && matched_.count() > 0)
    matched = matched_values(matched_tables_, matched_, side, name, metric.higher_is_better);
  if (!matched.empty()) metric.queries = matched.front().queries;
  size_t table = 0;
  for (size_t k = 0; k < out_.runs.size(); ++k) {
    ComparedValue one;
    const bool is_matched = !matched.empty() && has_table(k);
    const auto own = has_table(k) ? table++ : 0;
    one.value = is_matched ? matched[own].mean : result_value(out_.runs[k], side, name);
    if (k > 0 && is_matched) {
      const auto both = compare_values(matched.front(), matched[own], MeasureOptions());
      one.difference = both.tuned - both.base;
      one.interval = both.difference;
      one.verdict = both.verdict;
    } else if (k > 0) {
      one.difference = one.value - result_value(out_.runs.front(), side, name);
    }
    metric.values.push_back(one);
  }
  return metric;
}

void Comparing::note_missing_intervals() {
  for (size_t k = 0; k < out_.runs.size(); ++k) {
    if (has_table(k)) continue;
    out_.notes.push_back(
        fmt::format("{} has no queries.csv, since an earlier version wrote it or it ended before it was "
                    "measured; its values are compared "
                    "as result.json has them, and there is no interval",
                    run_title(k)));
  }
  if (matched_tables_.size() > 1 && matched_.count() == 0) {
    out_.notes.emplace_back(
        "no test query is in all runs, so that values are compared as result.json has them, of other "
        "samples; there is no "
        "interval that could say whether a difference is chance");
    return;
  }
  for (const auto& metric : out_.metrics) {
    if (!has_table(0) || matched_.count() == 0 || metric.side != "tuned") continue;
    const bool is_unknown = metric.values.size() > 1 && metric.values[1].verdict == Verdict::unknown;
    if (metric.queries == 0) {
      out_.notes.push_back(
          metric.name +
          " has no value per query in all runs, so that there is no interval of its difference");
    } else if (is_unknown && has_table(1)) {
      out_.notes.push_back(metric.name + ": an interval needs queries of two classes at least");
    }
  }
}

/// Values of one query depend on what else could be found.
void Comparing::note_test_samples() {
  std::set<std::string> counts;
  bool any_left_out = false;
  for (size_t k = 0; k < out_.runs.size(); ++k) {
    const auto samples = part_of(out_.runs[k].result, "/data/test/samples");
    if (samples.is_number_integer()) counts.insert(std::to_string(samples.get<int64_t>()));
    any_left_out = any_left_out || out_.left_out[k] > 0;
  }
  if (counts.size() < 2 && !any_left_out) return;
  out_.notes.emplace_back(
      "the runs searched among other test samples, so that a difference may come from what could be found, "
      "and not from the "
      "models; give them the same data and split to compare models");
}

std::string Comparing::sentence(const ComparedMetric& metric, size_t run) {
  const auto& one = metric.values[run];
  const auto name = run_title(run), first = run_title(0);
  const auto* direction = metric.higher_is_better ? "" : ", lower is better";
  if (!std::isfinite(one.difference))
    return fmt::format("{}: {} and {} cannot be compared, since one of them has no value", metric.name, name,
                       first);
  if (one.verdict == Verdict::unknown) {
    const bool leads = metric.higher_is_better ? one.difference > 0 : one.difference < 0;
    return fmt::format("{}: {} {} {} ({:+.4f}{}), and nothing says whether that is chance", metric.name, name,
                       one.difference == 0 ? "is level with"
                       : leads             ? "is ahead of"
                                           : "is behind",
                       first, one.difference, direction);
  }
  const auto& [low, high] = one.interval;
  if (one.difference == 0 && low == 0 && high == 0)
    return fmt::format("{}: {} and {} give the same", metric.name, name, first);
  const auto span = fmt::format("{:+.4f}, 95 % of redrawn test classes: {:+.4f} to {:+.4f}{}", one.difference,
                                low, high, direction);
  if (one.verdict == Verdict::unclear)
    return fmt::format("{}: {} and {} are not to be told apart ({}): the difference may be chance",
                       metric.name, name, first, span);
  return fmt::format("{}: {} is {} than {} ({}), which the choice of test classes does not explain",
                     metric.name, name, verdict_name(one.verdict).get<std::string>(), first, span);
}

ComparedQuery Comparing::query(const std::string& metric, size_t number) const {
  const auto& first = *matched_tables_.front();
  const auto place = matched_.places.front()[number];
  ComparedQuery out{first.samples[place], first.classes[place]};
  size_t table = 0;
  for (size_t k = 0; k < out_.runs.size(); ++k) {
    out.values.push_back(kMissing);
    out.nearest.emplace_back();
    out.nearest_class.emplace_back();
    out.distances.push_back(kMissing);
    if (!has_table(k)) continue;
    const auto at = matched_.places[table++][number];
    const auto& nearest = table_of(k).tuned_nearest;
    out.values.back() = QueryTable::find(table_of(k).tuned, metric)->values[at];
    if (!nearest.samples.empty()) out.nearest.back() = nearest.samples[at];
    if (!nearest.classes.empty()) out.nearest_class.back() = nearest.classes[at];
    if (!nearest.distances.empty()) out.distances.back() = nearest.distances[at];
  }
  return out;
}

void Comparing::keep_different_queries() {
  const auto shared = std::find_if(out_.metrics.begin(), out_.metrics.end(), [](const ComparedMetric& one) {
    return one.side == "tuned" && one.queries > 0;
  });
  if (shared == out_.metrics.end()) return;
  std::vector<std::pair<double, size_t>> spreads;  // negated, so that the largest sorts first
  for (size_t i = 0; i < matched_.count(); ++i) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (size_t t = 0; t < matched_tables_.size(); ++t) {
      const auto value =
          QueryTable::find(matched_tables_[t]->tuned, shared->name)->values[matched_.places[t][i]];
      if (!std::isfinite(value)) low = high = kMissing;
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
    if (high > low) spreads.emplace_back(low - high, i);
  }
  std::sort(spreads.begin(), spreads.end());
  if (spreads.size() > kQueriesKept) spreads.resize(kQueriesKept);
  if (!spreads.empty()) out_.query_metric = shared->name;
  for (const auto& [spread, number] : spreads) out_.queries.push_back(query(shared->name, number));
}

}  // namespace

std::string run_title(size_t place) { return fmt::format("run {}", place + 1); }

RunComparison compare_runs(const std::vector<std::string>& paths) { return Comparing(paths).take(); }

}  // namespace kindred::host
