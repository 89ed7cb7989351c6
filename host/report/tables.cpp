#include "host/report/tables.hpp"

#include <fmt/format.h>

namespace kindred::host {
using nlohmann::json;

json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset) {
  const auto names = dataset.class_names();
  const auto side = [&](const Measured& measured) {
    json out = json::object();
    for (const auto& metric : measured.metrics) {
      for (const auto& [label, mean] : metric.by_class) {
        const auto index = static_cast<size_t>(label);
        out[metric.name][index < names.size() ? names[index] : std::to_string(label)] = mean;
      }
    }
    return out;
  };
  return {{"base", side(base)}, {"tuned", side(tuned)}};
}

std::string metrics_table(const json& metrics) {
  const auto cell = [](const json& value) {
    return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
  };
  std::string text = fmt::format("{:<28} {:>8} {:>8} {:>8}\n", "unseen classes", "base", "tuned", "ratio");
  for (const auto& [name, tuned] : metrics.at("tuned").items()) {
    const auto base = metrics.at("base").value(name, json());
    const bool ratio = base.is_number() && tuned.is_number() && base.get<double>() > 0;
    text += fmt::format("{:<28} {:>8} {:>8} {:>8}\n", name, cell(base), cell(tuned),
                        ratio ? fmt::format("{:.2f}x", tuned.get<double>() / base.get<double>()) : "-");
  }
  return text;
}

}  // namespace kindred::host
