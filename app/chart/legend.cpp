#include "app/chart/legend.hpp"

#include <algorithm>

#include "app/chart/marks.hpp"

namespace qlab::chart {
namespace {

double swatch_width(const Draft& draft, Swatch swatch) {
  return (swatch == Swatch::line ? 2.0 : 0.85) * draft.size.font;
}

/// Entries in reading order, labels no wider than `widest`; stops when the rows are full.
Legend flow(const Draft& draft, const Plan& plan, double left, double right, std::size_t max_rows, double widest) {
  const double font = draft.size.font;
  const double before_label = swatch_width(draft, plan.swatch) + 0.4 * font, between = 1.3 * font;
  Legend legend;
  legend.row_height = 1.5 * font;
  double x = left;
  std::size_t row = 0;
  for (const LegendEntry& entry : plan.legend) {
    std::string label = shorten(entry.label, font, false, std::min(widest, right - left - before_label));
    const double end = before_label + text_width(label, font, false);
    if (x > left && x + end > right) {
      x = left;
      ++row;
    }
    if (row == max_rows) break;
    legend.entries.push_back({x, row, std::move(label), entry.series, false});
    x += end + between;
  }
  legend.rows = legend.entries.empty() ? 0 : legend.entries.back().row + 1;
  return legend;
}

/// Ends the last row with "+n".
void count_the_rest(Legend& legend, const Draft& draft, const Plan& plan, double left, double right) {
  const double font = draft.size.font;
  const double before_label = swatch_width(draft, plan.swatch) + 0.4 * font;
  while (!legend.entries.empty()) {
    const PlacedEntry& last = legend.entries.back();
    const std::string rest = "+" + std::to_string(plan.legend.size() - legend.entries.size());
    const double x = last.x + before_label + text_width(last.label, font, false) + 1.3 * font;
    if (x + text_width(rest, font, false) <= right || legend.entries.size() == 1) {
      legend.entries.push_back(
          {std::min(x, std::max(left, right - text_width(rest, font, false))), last.row, rest, 0, true});
      return;
    }
    legend.entries.pop_back();
  }
}

}  // namespace

Legend place_legend(const Draft& draft, const Plan& plan, double left, double right, std::size_t max_rows) {
  if (plan.legend.empty() || max_rows == 0) return {};
  Legend legend;
  for (const double widest : {1e9, 16.0, 11.0, 8.0, 6.0}) {
    legend = flow(draft, plan, left, right, max_rows, widest * draft.size.font);
    if (legend.entries.size() == plan.legend.size()) return legend;
  }
  count_the_rest(legend, draft, plan, left, right);
  return legend;
}

void draw_legend(Draft& draft, const Legend& legend, Swatch swatch, double top) {
  const double font = draft.size.font;
  const double width = swatch_width(draft, swatch);
  for (const PlacedEntry& entry : legend.entries) {
    const double middle = top + (static_cast<double>(entry.row) + 0.5) * legend.row_height;
    double x = entry.x;
    if (!entry.rest) {
      if (swatch == Swatch::line) {
        draw_line_sample(draft, entry.series, {x, middle}, width);
      } else {
        draft.add(Rectangle{
            {snap(x), snap(middle - width / 2)}, snap(width), snap(width), series_color(draft.look, entry.series)});
      }
      x += width + 0.4 * font;
    }
    Label label;
    label.baseline = {x, middle + cap_height * font / 2};
    label.text = entry.label;
    label.size = font;
    label.color = entry.rest ? draft.look.muted : draft.look.text;
    label.role = Role::legend;
    draft.add(label);
  }
}

}  // namespace qlab::chart
