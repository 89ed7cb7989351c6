#include "host/report/html/line_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "host/report/html/html.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr double kWidth = 620, kHeight = 260, kLeft = 58, kRight = 14, kTop = 10, kBottom = 40;
constexpr size_t kColours = 8;  // of report.css

/// The part of the plane that a chart shows.
struct Range {
  double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low;
  double y_low = x_low, y_high = -x_low;

  double left(double x) const { return kLeft + (x - x_low) / (x_high - x_low) * (kWidth - kLeft - kRight); }
  double top(double y) const {
    return kHeight - kBottom - (y - y_low) / (y_high - y_low) * (kHeight - kTop - kBottom);
  }
};

void take_room(double& low, double& high, double share) {
  const double room = high > low ? (high - low) * share : std::max(std::abs(high) * 0.1, 1e-6);
  low -= room;
  high += room;
}

Range range_of(const std::vector<ChartLine>& lines, const ChartOptions& options) {
  Range range;
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.y[i])) continue;
      range.x_low = std::min(range.x_low, line.x[i]);
      range.x_high = std::max(range.x_high, line.x[i]);
      range.y_low = std::min(range.y_low, line.y[i]);
      range.y_high = std::max(range.y_high, line.y[i]);
    }
  }
  if (range.x_low == range.x_high) take_room(range.x_low, range.x_high, 0);
  if (options.starts_at_zero && range.y_low > 0) range.y_low = 0;
  const bool has_floor = options.starts_at_zero && range.y_low == 0;
  take_room(range.y_low, range.y_high, 0.04);
  if (has_floor) range.y_low = 0;
  return range;
}

bool has_number(const ChartLine& line) {
  return std::any_of(line.y.begin(), line.y.end(), [](double y) { return std::isfinite(y); });
}

/// The path of a line, with a gap where there is no number. A number alone between gaps is a dot.
std::string path_of(const ChartLine& line, const Range& range) {
  std::string path;
  bool draws = false;
  for (size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i])) {
      draws = false;
      continue;
    }
    const auto place = fmt::format("{:.1f} {:.1f}", range.left(line.x[i]), range.top(line.y[i]));
    const bool is_alone = !draws && (i + 1 == line.x.size() || !std::isfinite(line.y[i + 1]));
    path += (draws ? "L" : "M") + place + (is_alone ? "h.01" : "");
    draws = true;
  }
  return path;
}

std::string axes(const Range& range, const ChartOptions& options) {
  std::string out = "<g class=\"axes\">";
  for (const auto y : axis_ticks(range.y_low, range.y_high, 5)) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\"/><text x=\"{:.1f}\" y=\"{:.1f}\">{:g}</text>",
                       kLeft, range.top(y), kWidth - kRight, kLeft - 6, range.top(y) + 4, y);
  }
  const auto steps = std::clamp(static_cast<int>(range.x_high - range.x_low), 1, 8);  // epochs have no parts
  for (const auto x : axis_ticks(range.x_low, range.x_high, steps)) {
    out += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{:.1f}\">{:g}</text>", range.left(x),
                       kHeight - kBottom + 17, x);
  }
  out += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>",
                     (kLeft + kWidth - kRight) / 2, kHeight - 5, escaped(options.x_name));
  if (options.mark_name.empty() || options.mark < range.x_low || options.mark > range.x_high) return out;
  return out + fmt::format("<path class=\"mark\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"><title>{3}</title></path>",
                           range.left(options.mark), kTop, kHeight - kBottom, escaped(options.mark_name));
}

json numbers(const std::vector<double>& values) {
  json out = json::array();
  for (const auto value : values) out.push_back(std::isfinite(value) ? json(value) : json(nullptr));
  return out;
}

std::string style_of(size_t place, const ChartLine& line) {
  return fmt::format("line c{}{}", place % kColours, line.is_dashed ? " dashed" : "");
}

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
  if (!(high > low) || !std::isfinite(high - low)) return {low};
  const double rough = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  std::vector<double> ticks;
  // A multiple is computed, not summed up, so that 0.3 is no 0.30000000000000004 and 0 is none of 1e-17.
  for (double number = std::ceil(low / step - 1e-9); number * step <= high + step * 1e-9; ++number) {
    ticks.push_back(number == 0 ? 0 : number * step);
  }
  return ticks;
}

std::string line_chart(const std::vector<ChartLine>& all, const ChartOptions& options) {
  std::vector<ChartLine> lines;
  std::copy_if(all.begin(), all.end(), std::back_inserter(lines), has_number);
  if (lines.empty()) return "";
  const auto range = range_of(lines, options);
  std::string drawn, legend;
  json data = {{"x", {range.x_low, range.x_high, kLeft, kWidth - kRight}},
               {"y", {range.y_low, range.y_high, kHeight - kBottom, kTop}},
               {"name", options.x_name},
               {"lines", json::array()}};
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[i];
    const auto name = escaped(line.name);
    drawn += fmt::format("<path class=\"{}\" d=\"{}\"><title>{}</title></path>", style_of(i, line),
                         path_of(line, range), name);
    legend += fmt::format(
        "<li><svg viewBox=\"0 0 22 8\" aria-hidden=\"true\"><path class=\"{}\" d=\"M1 4H21\"/></svg>{}</li>",
        style_of(i, line), name);
    data["lines"].push_back({{"name", line.name}, {"x", numbers(line.x)}, {"y", numbers(line.y)}});
  }
  if (!options.mark_name.empty()) {
    legend += fmt::format(
        "<li><svg viewBox=\"0 0 22 8\" aria-hidden=\"true\"><path class=\"mark\" d=\"M11 "
        "0V8\"/></svg>{}</li>",
        escaped(options.mark_name));
  }
  return fmt::format(
             "<figure class=\"chart\" tabindex=\"0\">\n<figcaption>{0}</figcaption>\n"
             "<svg class=\"plot\" viewBox=\"0 0 {1} {2}\" role=\"img\" aria-label=\"{0}\">{3}{4}</svg>\n"
             "<ul class=\"legend\">{5}</ul>\n",
             escaped(options.title), kWidth, kHeight, axes(range, options), drawn, legend) +
         script_data("chart-data", data) + "</figure>\n";
}

}  // namespace kindred::host
