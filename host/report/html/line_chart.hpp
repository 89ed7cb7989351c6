#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// Values over a number, such as a loss over epochs. `x` ascends; where `y` is no number the line has a gap.
struct ChartLine {
  std::string name{};
  std::vector<double> x{}, y{};
  bool is_dashed = false;
};

struct ChartOptions {
  std::string title{};
  std::string x_name = "epoch";
  double mark = 0;              ///< an x that a line from top to bottom marks
  std::string mark_name{};      ///< "" where there is no mark
  bool starts_at_zero = false;  ///< whether the axis of y has a zero
};

/// Places on an axis from `low` to `high`: about `count` of them, all multiples of 1, 2 or 5 times a power of
/// ten.
std::vector<double> axis_ticks(double low, double high, int count);

/// A drawing in HTML with its legend, which also shows values where a pointer is over it. Lines that have no
/// number are left out, and "" is returned where none is left.
std::string line_chart(const std::vector<ChartLine>& lines, const ChartOptions& options);

}  // namespace kindred::host
