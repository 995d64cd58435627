// A chart as data: what is plotted, in which units, never how it looks. app/chart turns it into a picture.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/text.hpp"

namespace qlab {

enum class ChartKind {
  line,          ///< series of (x, y), joined
  staircase,     ///< series of (x, y), y held until the next x
  scatter,       ///< series of (x, y), a mark each
  grouped_bars,  ///< series of y over the categories of the x axis, side by side
  stacked_bars,  ///< the same, one on top of the other
  stacked_area,  ///< series of y over the x of the first, which rises, one on top of the other; named points are marked
  histogram,     ///< series of y over bins; x holds the bin edges, one more than y
  heat_map,      ///< grid of z over x and y, with contour lines
  timeline,      ///< spans: series whose x holds start, end, start, end ... and y the lane of each span
};

/// snake_case name of a kind, as in JSON ("grouped_bars").
const char* name_of(ChartKind kind);

/// The braces of Axis and Series keep designated initializers, which name a few members only, free of warnings.
struct Axis {
  Text label{};
  std::string unit{};  ///< "GiB", "bits/parameter", empty for a pure number
  bool logarithmic = false;
  std::optional<double> minimum{};  ///< unset: from the data
  std::optional<double> maximum{};
  std::vector<Text> categories{};  ///< names instead of numbers: bars, timeline lanes
};

struct Series {
  std::string name{};  ///< stable snake_case English
  Text label{};        ///< for the legend
  std::vector<double> x{};
  std::vector<double> y{};
  std::vector<Text> point_labels{};  ///< one a point, or empty; shown beside the mark
  bool marks = false;                ///< a mark on every point of a line
  bool joined = false;               ///< scatters: a line through the points, with marks only if `marks` says so
};

/// z over a grid: z[row * x.size() + column] belongs to (x[column], y[row]).
struct Grid {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> z;
  std::vector<double> levels{};  ///< of the contour lines; empty: where the z axis is marked
};

/// A line across the plot that says something: a bound, the present value of a slider, the memory of a card.
struct ReferenceLine {
  bool vertical = false;
  double at = 0;
  Text label;
};

struct Chart {
  std::string name;  ///< stable snake_case English, also the exported file's name
  ChartKind kind = ChartKind::line;
  Text title;
  Axis x;
  Axis y;
  Axis z;  ///< heat maps only
  std::vector<Series> series;
  Grid grid;  ///< heat maps only
  std::vector<ReferenceLine> lines;
  Text note;  ///< one line under the chart: what it does not show, which level of truth it is
};

}  // namespace qlab
