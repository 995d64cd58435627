// Words inside the plot: what reference lines say and the names of points, set where they cover nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"
#include "app/chart/room.hpp"

namespace qlab::chart {

/// The lines as drawn, without labels.
std::vector<Polyline> reference_lines(const Draft& draft, const Frame& frame);

void draw_reference_lines(Draft& draft, const Frame& frame);

/// The draft's words, lifted off the lines that cross them.
void draw_words(Draft& draft, const Frame& frame);

/// Each label beside its line, in the emptiest of the places along it; left out where no place is free of other words.
void label_reference_lines(Draft& draft, const Frame& frame, Room& room);

/// Each name around its point, with a leader when the free place is farther off; left out where there is none (the
/// hover read-out still has it).
void label_points(Draft& draft, const Frame& frame, Room& room);

}  // namespace qlab::chart
