// What each kind of chart draws inside its frame, and the shapes they share. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"

namespace qlab::chart {

void draw_points(Draft& draft, const Frame& frame);  ///< lines, staircases, scatters
void draw_bars(Draft& draft, const Frame& frame);    ///< grouped and stacked
void draw_areas(Draft& draft, const Frame& frame);   ///< stacked
void draw_histogram(Draft& draft, const Frame& frame);
void draw_heat_map(Draft& draft, const Frame& frame);
void draw_timeline(Draft& draft, const Frame& frame);

/// The mark of a series, eight different shapes; `rimmed` with the background's colour, which parts marks that overlap.
void draw_mark(Draft& draft, std::size_t series, Point at, double radius, bool rimmed);

/// A piece of the series' line with its mark, for the legend; `left` is its left end.
void draw_line_sample(Draft& draft, std::size_t series, Point left, double width);

/// The stroke of a series: its colour, and dashes where its points carry no marks.
Stroke series_stroke(const Draft& draft, std::size_t series);

/// Whether the points of a series carry marks: because it says so, or because there are few.
bool has_marks(const Draft& draft, std::size_t series);

}  // namespace qlab::chart
