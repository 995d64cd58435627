// The part of a path inside a rectangle. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "app/chart/scene.hpp"

namespace qlab::chart {

/// The pieces of a path that lie in the box, in order. A NaN point is a gap.
std::vector<std::vector<Point>> clipped(const std::vector<Point>& path, const Rectangle& box);

/// The part of a filled outline inside the box; the outline has no gaps.
std::vector<Point> clipped_polygon(const std::vector<Point>& outline, const Rectangle& box);

/// The part of a rectangle in the box; nothing is left when its width or height is not positive.
Rectangle clipped(const Rectangle& area, const Rectangle& box);

bool is_gap(Point point);

}  // namespace qlab::chart
