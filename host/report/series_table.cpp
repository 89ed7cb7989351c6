#include "host/report/series_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "host/data/skip_log.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// "lr=0.0003 margin=0.2": the last word of each key is enough where no two have the same.
std::string variant_name(const json& settings) {
  std::set<std::string> words;
  const auto last_word = [](const std::string& key) {
    const auto dot = key.rfind('.');
    return dot == std::string::npos ? key : key.substr(dot + 1);
  };
  for (const auto& [key, value] : settings.items()) words.insert(last_word(key));
  std::string name;
  for (const auto& [key, value] : settings.items()) {
    name += (name.empty() ? "" : " ") + (words.size() == settings.size() ? last_word(key) : key) + "=" +
            (value.is_string() ? value.get<std::string>() : json_text(value));
  }
  return name.empty() ? "all" : name;
}

std::string cell(const json& value) {
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
}

std::string row(const std::string& metric, size_t width, const json& variant) {
  const auto of_side = [&](const char* side) {
    return variant.at("metrics").at(side).value(metric, json::object());
  };
  const auto base = of_side("base"), tuned = of_side("tuned");
  const auto mean = [](const json& one) { return one.value("mean", json()); };
  const bool ratio = mean(base).is_number() && mean(tuned).is_number() && mean(base).get<double>() > 0;
  return fmt::format(
      "  {:<{}} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8}\n", variant_name(variant.at("settings")), width,
      fmt::format("{}/{}", variant.at("completed").get<int64_t>(), variant.at("runs").get<int64_t>()),
      cell(mean(base)), cell(base.value("standard_deviation", json())), cell(mean(tuned)),
      cell(tuned.value("standard_deviation", json())),
      ratio ? fmt::format("{:.2f}x", mean(tuned).get<double>() / mean(base).get<double>()) : "-");
}

/// Each warning once, in the order in which they were said first. Samples that were skipped stand in the
/// result of their run.
std::string warnings_text(const json& runs, const std::vector<std::string>& known) {
  std::vector<std::pair<std::string, size_t>> counts;
  for (const auto& run : runs) {
    std::set<std::string> said;  // by this run
    for (const auto& warning : run.value("warnings", json::array())) {
      const auto line = warning.get<std::string>();
      const bool is_known = std::find(known.begin(), known.end(), line) != known.end();
      if (is_known || line.rfind(kSkippedSample, 0) == 0 || !said.insert(line).second) continue;
      const auto same = [&](const auto& one) { return one.first == line; };
      const auto found = std::find_if(counts.begin(), counts.end(), same);
      if (found == counts.end())
        counts.emplace_back(line, 1);
      else
        ++found->second;
    }
  }
  std::string text;
  for (const auto& [line, count] : counts)
    text += fmt::format("warning ({} of {} runs): {}\n", count, runs.size(), line);
  return text;
}

}  // namespace

std::string series_table(const json& results, const std::vector<std::string>& known) {
  const auto& variants = results.at("variants");
  size_t width = 7;
  std::set<std::string> metrics;
  for (const auto& variant : variants) {
    width = std::max(width, variant_name(variant.at("settings")).size());
    for (const auto& [name, unused] : variant.at("metrics").at("tuned").items()) metrics.insert(name);
  }
  std::string text;
  for (const auto& metric : metrics) {
    text += fmt::format("{}\n  {:<{}} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8}\n", metric, "variant", width,
                        "runs", "base", "sd", "tuned", "sd", "ratio");
    for (const auto& variant : variants) text += row(metric, width, variant);
  }
  const auto& over = results.at("spread_over");
  if (over.is_string() && !metrics.empty()) {
    text += over == "folds" ? "sd: the standard deviation over the folds, whose test classes differ\n"
                            : "sd: the standard deviation over the seeds, which test the same classes\n";
  }
  for (const auto& run : results.at("runs")) {
    if (run.at("status") != "failed") continue;
    text += fmt::format("{} failed: {}\n", run.at("folder").get<std::string>(), run.value("error", ""));
  }
  text += warnings_text(results.at("runs"), known);
  return text;
}

}  // namespace kindred::host
