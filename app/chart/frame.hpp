// Everything around the marks: title, legend, axis titles, tick labels, grid, note. SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"

namespace qlab::chart {

/// Places the frame in the draft's scene and says where the plot is. A chart with nothing to draw gets its title, its
/// note and a sentence that says so.
Frame build_frame(Draft& draft, const Plan& plan);

/// The lines marks stand on; drawn after the marks.
void draw_axis_lines(Draft& draft, const Frame& frame);

}  // namespace qlab::chart
