#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/report/html/line_chart.hpp"

namespace kindred::host {

/// One value over the epochs of `history`, the lines of history.jsonl: what stands at `place` in each; a gap
/// where an epoch has no number there.
ChartLine history_line(const std::string& name, const std::vector<nlohmann::json>& history,
                       const nlohmann::json::json_pointer& place);

}  // namespace kindred::host
