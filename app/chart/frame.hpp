// Everything around the marks: title, legend, axis titles, tick labels, grid, note. SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"

namespace qlab::chart {

/// Places the frame in the draft's scene and says where the plot is.
Frame build_frame(Draft& draft, const Plan& plan);

/// What lies above the marks: the axis line.
void finish_frame(Draft& draft, const Frame& frame, const Plan& plan);

}  // namespace qlab::chart
