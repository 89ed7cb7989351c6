#include "host/report/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/skip_log.hpp"
#include "host/report/sample_object.hpp"

namespace kindred::host {
using nlohmann::json;

json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset) {
  const auto names = dataset.class_names();
  const auto side = [&](const Measured& measured) {
    json out = json::object();
    for (const auto& metric : measured.metrics) {
      for (const auto& [label, mean] : metric.by_class) out[metric.name][class_title(names, label)] = mean;
    }
    return out;
  };
  return {{"base", side(base)}, {"tuned", side(tuned)}};
}

std::string metrics_table(const json& result, const std::vector<std::string>& known) {
  const auto& metrics = result.at("metrics");
  const auto compared = result.value("comparison", json::object());
  const auto cell = [](const json& value) {
    return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
  };
  std::string text = fmt::format("{:<28} {:>8} {:>8} {:>8}\n", "unseen classes", "base", "tuned", "ratio");
  for (const auto& [name, tuned] : metrics.at("tuned").items()) {
    const auto base = metrics.at("base").value(name, json());
    const bool ratio = base.is_number() && tuned.is_number() && base.get<double>() > 0;
    const bool falls = compared.contains(name) && !compared[name].at("higher_is_better").get<bool>();
    const auto shown = falls ? name + " (lower is better)" : name;
    text += fmt::format("{:<28} {:>8} {:>8} {:>8}\n", shown, cell(base), cell(tuned),
                        ratio ? fmt::format("{:.2f}x", tuned.get<double>() / base.get<double>()) : "-");
  }
  for (const auto& one : compared) text += one.at("sentence").get<std::string>() + "\n";
  for (const auto& warning : result.value("warnings", json::array())) {
    const auto line = warning.get<std::string>();
    const bool is_known = std::find(known.begin(), known.end(), line) != known.end();
    if (!is_known && line.rfind(kSkippedSample, 0) != 0) text += "warning: " + line + "\n";
  }
  return text;
}

std::string refinement_table(const json& result) {
  if (!result.contains("refinement")) return "";
  const auto& metrics = result.at("metrics");
  const auto& costs = result.at("refinement");
  std::string text = fmt::format("\nwith {}\n{:<28} {:>9} {:>9} {:>8}\n", costs.at("text").get<std::string>(),
                                 "", "tuned", "refined", "ratio");
  const auto line = [&](const std::string& name, const json& tuned, const json& refined, int digits) {
    const auto cell = [&](const json& value) {
      return value.is_number() ? fmt::format("{:.{}f}", value.get<double>(), digits) : "-";
    };
    const bool ratio = tuned.is_number() && refined.is_number() && tuned.get<double>() > 0;
    text += fmt::format("{:<28} {:>9} {:>9} {:>8}\n", name, cell(tuned), cell(refined),
                        ratio ? fmt::format("{:.2f}x", refined.get<double>() / tuned.get<double>()) : "-");
  };
  for (const auto& [name, refined] : metrics.at("refined").items())
    line(name, metrics.at("tuned").at(name), refined, 4);
  const auto& bytes = costs.at("bytes_per_item");
  const auto& times = costs.at("microseconds_per_query");
  line("bytes per item", bytes.at("tuned"), bytes.at("refined"), 0);
  line("microseconds per query", times.at("tuned"), times.at("refined"), 0);
  return text;
}

}  // namespace kindred::host
