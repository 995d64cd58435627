// What the plan of a heat map reads from its grid. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/report/chart.hpp"

namespace qlab::chart {

/// Whether the grid can be drawn: z for every (x, y), coordinates finite and rising (positive on logarithmic axes).
bool is_sound(const Chart& chart);

/// Whether the grid samples a function of two numbers, drawn as one smooth field with contour lines; else it is a
/// table of separate cells.
bool is_field(const Chart& chart);

/// Where columns and rows begin and end: the coordinates themselves for a field, the middles between them for cells.
struct Extents {
  std::vector<double> x, y;
};
Extents extents_of(const Chart& chart);

}  // namespace qlab::chart
