// What a chart needs of its frame, read from its data before anything is placed: the range of each axis, the legend.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/chart/draft.hpp"

namespace qlab::chart {

struct AxisPlan {
  const Axis* axis = nullptr;      ///< whose label and unit it carries
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
  bool drawable = false;      ///< there is a value to draw
  bool lying = false;         ///< bars run to the right, their names in rows: where names are long
  AxisPlan x, y;              ///< as drawn: of lying bars, x carries the chart's y
  std::optional<AxisPlan> z;  ///< the colours of a heat map
  std::vector<LegendEntry> legend;
  Swatch swatch = Swatch::line;
  std::size_t infinite = 0;      ///< values left out because they are infinite
  std::size_t not_positive = 0;  ///< values left out because their axis is logarithmic
};

Plan plan(const Draft& draft);

}  // namespace qlab::chart
