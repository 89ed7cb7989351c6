#include <set>

#include <fmt/format.h>

#include "host/report/history_line.hpp"
#include "host/report/html/html.hpp"
#include "host/report/html/line_chart.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
using nlohmann::json;
std::string curves_section(const ReportParts& parts) {
  const auto& history = parts.source.run.history;
  if (history.empty()) return "";
  ChartOptions options;
  const auto training = parts.result().value("training", json::object());
  const auto best = training.value("best_epoch", int64_t{0});
  if (best > 0) {
    options.mark = static_cast<double>(best);
    options.mark_name = fmt::format("best epoch, {}, which was kept", best);
  }
  std::string charts;
  options.title = "Loss";
  charts += line_chart({history_line("training", history, "/train/loss"_json_pointer),
                        history_line("validation", history, "/validation/loss"_json_pointer)},
                       options);
  std::vector<ChartLine> metrics;
  std::set<std::string> names;
  for (const auto& epoch : history) {
    const auto validation = epoch.value("validation", json::object());
    for (const auto& [name, unused] : validation.items()) names.insert(name);
  }
  names.erase("loss");
  for (const auto& name : names)
    metrics.push_back(history_line(name, history, json::json_pointer("/validation") / name));
  options.title = "Validation";
  charts += line_chart(metrics, options);
  options.title = "Learning rate";
  options.starts_at_zero = true;
  charts += line_chart({history_line("learning rate", history, "/learning_rate"_json_pointer)}, options);
  options.title = "Seconds of an epoch";
  charts += line_chart({history_line("whole epoch", history, "/seconds"_json_pointer),
                        history_line("its training steps", history, "/train/seconds"_json_pointer)},
                       options);
  std::string text = fmt::format("<p>{} epochs", history.size());
  if (training.value("stopped_early", false)) text += ", then it stopped early";
  if (best > 0) {
    text += fmt::format("; epoch {} is the best by {} ({})", best, escaped(training.value("monitor", "")),
                        figure(training.value("best_value", json())));
  }
  return text + ".</p>\n<div class=\"columns\">\n" + charts + "</div>\n";
}

}  // namespace kindred::host
