#include "host/report/history_line.hpp"

#include <limits>

namespace kindred::host {
using nlohmann::json;

ChartLine history_line(const std::string& name, const std::vector<json>& history,
                       const json::json_pointer& place) {
  ChartLine line{name};
  for (const auto& epoch : history) {
    const auto number = epoch.value("epoch", json()), value = epoch.value(place, json());
    if (!number.is_number()) continue;
    line.x.push_back(number.get<double>());
    line.y.push_back(value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN());
  }
  return line;
}

}  // namespace kindred::host
