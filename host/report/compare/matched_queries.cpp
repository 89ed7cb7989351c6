#include "host/report/compare/matched_queries.hpp"

#include <cmath>
#include <limits>
#include <unordered_map>

namespace kindred::host {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kTwice = std::numeric_limits<size_t>::max();

using Places = std::unordered_map<std::string, size_t>;

Places places_by_name(const QueryTable& table) {
  Places places;
  for (size_t i = 0; i < table.samples.size(); ++i) {
    const auto [found, is_new] = places.emplace(table.samples[i], i);
    if (!is_new) found->second = kTwice;
  }
  return places;
}

/// What is compared of a metric over the queries that count, with the class of each; the rest is undefined.
MetricValue value_of(const std::vector<double>& values, const std::vector<int64_t>& labels,
                     const std::string& metric, bool higher_is_better) {
  double sum = 0;
  std::map<int64_t, double> sums;
  std::map<int64_t, int64_t> counts;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    sums[labels[i]] += values[i];
    ++counts[labels[i]];
  }
  for (auto& [label, one] : sums) one /= static_cast<double>(counts[label]);
  MetricValue value{
      metric,     sum / static_cast<double>(values.size()), kUndefined, kUndefined,      kUndefined,
      kUndefined, static_cast<int64_t>(values.size()),      0,          std::move(sums), std::move(counts)};
  value.higher_is_better = higher_is_better;
  return value;
}

}  // namespace

MatchedQueries match_queries(const std::vector<const QueryTable*>& tables) {
  MatchedQueries matched;
  matched.places.resize(tables.size());
  std::vector<Places> by_name;
  for (const auto* table : tables) by_name.push_back(places_by_name(*table));
  const size_t queries = tables.empty() ? 0 : tables.front()->samples.size();
  for (size_t i = 0; i < queries; ++i) {
    std::vector<size_t> places;
    for (size_t t = 0; t < tables.size(); ++t) {
      const auto found = by_name[t].find(tables.front()->samples[i]);
      if (found == by_name[t].end() || found->second == kTwice) break;
      if (tables[t]->classes[found->second] != tables.front()->classes[i]) break;
      places.push_back(found->second);
    }
    if (places.size() != tables.size()) continue;
    for (size_t t = 0; t < tables.size(); ++t) matched.places[t].push_back(places[t]);
  }
  for (const auto* table : tables) matched.left_out.push_back(table->samples.size() - matched.count());
  return matched;
}

const std::vector<QueryMetric>& metrics_of_side(const QueryTable& table, const std::string& side) {
  return side == "base" ? table.base : table.tuned;
}

std::vector<MetricValue> matched_values(const std::vector<const QueryTable*>& tables,
                                        const MatchedQueries& matched, const std::string& side,
                                        const std::string& metric, bool higher_is_better) {
  std::vector<const QueryMetric*> metrics;
  for (const auto* table : tables) {
    metrics.push_back(QueryTable::find(metrics_of_side(*table, side), metric));
    if (metrics.back() == nullptr) return {};
  }
  std::vector<std::vector<double>> values(tables.size());
  std::vector<int64_t> labels;
  for (size_t i = 0; i < matched.count(); ++i) {
    std::vector<double> each;
    for (size_t t = 0; t < tables.size(); ++t) each.push_back(metrics[t]->values[matched.places[t][i]]);
    bool is_defined = true;
    for (const double one : each) is_defined = is_defined && std::isfinite(one);
    if (!is_defined) continue;
    labels.push_back(tables.front()->labels[matched.places.front()[i]]);
    for (size_t t = 0; t < tables.size(); ++t) values[t].push_back(each[t]);
  }
  std::vector<MetricValue> out;
  if (labels.empty()) return out;
  for (const auto& one : values) out.push_back(value_of(one, labels, metric, higher_is_better));
  return out;
}

}  // namespace kindred::host
