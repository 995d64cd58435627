// The legend: entries in rows above the plot, so that it never covers data. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/chart/draft.hpp"
#include "app/chart/plan.hpp"

namespace qlab::chart {

struct PlacedEntry {
  double x = 0;  ///< left end of the swatch
  std::size_t row = 0;
  std::string label;
  std::size_t series = 0;
  bool rest = false;  ///< "+3": a count of the entries without room, no swatch
};

struct Legend {
  std::vector<PlacedEntry> entries;
  std::size_t rows = 0;
  double row_height = 0;
  double height() const { return static_cast<double>(rows) * row_height; }
};

/// Entries from `left` to `right` in at most `max_rows` rows. Long labels are shortened before entries are left out.
Legend place_legend(const Draft& draft, const Plan& plan, double left, double right, std::size_t max_rows);

/// Draws it with its first row at `top`.
void draw_legend(Draft& draft, const Legend& legend, Swatch swatch, double top);

}  // namespace qlab::chart
