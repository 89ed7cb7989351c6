#include "host/run/series_results.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "host/run/series_plan.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

struct Value {
  double mean;
  double weight;
};

double weighted_mean(const std::vector<Value>& values) {
  double sum = 0, weights = 0;
  for (const auto& one : values) {
    sum += one.weight * one.mean;
    weights += one.weight;
  }
  return weights > 0 ? sum / weights : 0;
}

json spread_of(const std::vector<Value>& values) {
  if (values.size() < 2) return nullptr;
  double mean = 0, squares = 0;
  for (const auto& one : values) mean += one.mean / static_cast<double>(values.size());
  for (const auto& one : values) squares += (one.mean - mean) * (one.mean - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// One metric of one side in the runs of one variant. The values of a seed are those of its folds.
json summary_of(const std::map<std::string, std::vector<Value>>& by_seed) {
  std::vector<Value> means, all;
  json values = json::array();
  for (const auto& [seed, folds] : by_seed) {
    means.push_back({weighted_mean(folds), 1});
    for (const auto& one : folds) {
      all.push_back(one);
      values.push_back(one.mean);
    }
  }
  return {{"mean", weighted_mean(means)},
          {"standard_deviation", spread_of(means.size() > 1 ? means : all)},
          {"values", values}};
}

json metrics_of(const std::vector<const json*>& runs) {
  std::map<std::string, std::map<std::string, std::map<std::string, std::vector<Value>>>> found;
  for (const auto* run : runs) {
    const auto seed = json_text(run->value("settings", json::object()).value("seed", json()));
    for (const auto& [side, metrics] : run->at("metrics").items()) {
      for (const auto& [name, value] : metrics.items()) {
        if (!value.is_number()) continue;
        const auto queries = run->value("queries", json::object()).value(name, json());
        // A metric of the whole set has no queries; each run counts the same then.
        const double weight = queries.is_number() && queries.get<double>() > 0 ? queries.get<double>() : 1;
        found[side][name][seed].push_back({value.get<double>(), weight});
      }
    }
  }
  json out = {{"base", json::object()}, {"tuned", json::object()}};
  for (const auto& [side, metrics] : found) {
    for (const auto& [name, by_seed] : metrics) out[side][name] = summary_of(by_seed);
  }
  return out;
}

}  // namespace

void note_warnings(json& run, const json& result) {
  run["warnings"] = result.value("warnings", json::array());
}

void note_result(json& run, const json& result) {
  run["status"] = result.at("status");
  note_warnings(run, result);
  if (result.contains("error")) run["error"] = result["error"];
  if (run["status"] != "completed") return;
  run["metrics"] = result.at("metrics");
  run["queries"] = json::object();
  const auto details = result.value("metric_details", json::object()).value("tuned", json::object());
  for (const auto& [name, one] : details.items()) {
    if (one.contains("queries")) run["queries"][name] = one["queries"];
  }
}

void summarize_series(json& results) {
  std::vector<json> variants;
  std::vector<std::vector<const json*>> completed;
  bool seeds = false, folds = false;
  for (const auto& run : results.at("runs")) {
    const auto settings = run.value("settings", json::object());
    seeds = seeds || settings.contains("seed");
    folds = folds || settings.contains(kFoldKey);
    const auto variant = run.value("variant", json::object());
    if (variants.empty() || variants.back()["settings"] != variant) {
      variants.push_back({{"settings", variant}, {"runs", 0}, {"completed", 0}});
      completed.emplace_back();
    }
    auto& one = variants.back();
    one["runs"] = one["runs"].get<int64_t>() + 1;
    if (run.value("status", "") != "completed") continue;
    one["completed"] = one["completed"].get<int64_t>() + 1;
    completed.back().push_back(&run);
  }
  for (size_t i = 0; i < variants.size(); ++i) variants[i]["metrics"] = metrics_of(completed[i]);
  results["variants"] = variants;
  results["spread_over"] = seeds ? json("seeds") : folds ? json("folds") : json(nullptr);
}

}  // namespace kindred::host
