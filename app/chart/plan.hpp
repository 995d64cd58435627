// What a chart needs of its frame, read from its data before anything is placed: the range of each axis, the legend.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/chart/draft.hpp"

namespace qlab::chart {

struct AxisPlan {
  std::vector<std::string> names;  ///< not empty: places 0, 1, 2 ... with names
  bool logarithmic = false;
  bool binary = false;                    ///< logarithmic, and the data are powers of two
  double lo = 0, hi = 1;                  ///< of the data, or what the chart asks for
  bool open_lo = false, open_hi = false;  ///< this end may move out to a round number
  double room_lo = 0, room_hi = 0;        ///< pixels the axis must go on past the data, for marks and labels
};

enum class Swatch { line, box };

struct LegendEntry {
  std::string label;
  std::size_t series = 0;
};

struct Plan {
  bool drawable = false;  ///< there is a value to draw
  AxisPlan x, y;
  std::vector<LegendEntry> legend;
  Swatch swatch = Swatch::line;
};

Plan plan(const Draft& draft);

/// The names of a bar chart's places, or of a timeline's lanes.
bool has_bars(ChartKind kind);

}  // namespace qlab::chart
