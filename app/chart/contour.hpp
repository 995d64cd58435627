// Contour lines by marching squares. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "app/chart/scene.hpp"

namespace qlab::chart {

/// A function sampled where columns and rows cross, in pixels.
struct Field {
  std::vector<double> x, y;  ///< at least two each, strictly monotone
  std::vector<double> z;     ///< z[row * x.size() + column]; NaN: undefined there
};

/// The lines on which the field, taken as linear along the edges of its cells, is `level`. A closed line ends where it
/// starts. Cells with an undefined corner have no line; in a saddle the centre decides which corners belong together.
std::vector<std::vector<Point>> contour(const Field& field, double level);

}  // namespace qlab::chart
