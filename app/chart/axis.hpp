// One axis at a given length: its scale, its ticks, and tick labels that have room. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"
#include "app/chart/ticks.hpp"

namespace qlab::chart {

/// Where the axis runs; y axes from the bottom up.
struct AxisPlace {
  double from = 0, to = 1;
  bool horizontal = true;
};

struct PlacedAxis {
  Scale scale;
  Ticks ticks;
};

/// The scale of the plan between these pixels, moved out to round numbers where that costs little, and the densest
/// ticks whose labels do not touch. Axes with names have no ticks.
PlacedAxis place_axis(const AxisPlan& plan, const AxisPlace& place, double font);

/// Names under a horizontal axis: in up to three lines each, else slanted, else only every n-th. Names that are numbers
/// are never slanted.
struct NameLabels {
  std::vector<std::vector<std::string>> lines;  ///< one a name; empty where the name is left out
  bool slanted = false;
  double height = 0;  ///< pixels below the axis
};
NameLabels place_names(const std::vector<std::string>& names, double slot, double font, double max_height);

/// Slanted labels lean by this much, their end at the tick.
inline constexpr double slant_degrees = -40;

}  // namespace qlab::chart
