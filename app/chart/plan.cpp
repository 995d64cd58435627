#include "app/chart/plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

/// The range of tame values seen so far.
struct Range {
  double lo = std::numeric_limits<double>::infinity();
  double hi = -std::numeric_limits<double>::infinity();
  bool empty() const { return lo > hi; }
  void see(double value) {
    if (std::isnan(value)) return;
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
};

bool is_power_of_two(double value) {
  int exponent = 0;
  return value > 0 && std::frexp(value, &exponent) == 0.5;
}

/// Widens a range without extent, and one so thin that its ticks would not differ in print.
void give_extent(AxisPlan& axis) {
  const double largest = std::max(std::abs(axis.lo), std::abs(axis.hi));
  if (axis.logarithmic) {
    if (axis.hi / axis.lo < 1 + 1e-9) {
      axis.lo /= 2;
      axis.hi *= 2;
    }
  } else if (largest == 0) {
    axis.hi = 1;
  } else if (axis.hi - axis.lo < 1e-9 * largest) {
    axis.lo -= largest / 10;
    axis.hi += largest / 10;
  }
}

/// The range of an axis from its data and the chart's wishes; a wish that is no number, or leaves nothing between the
/// ends, is not granted.
AxisPlan span(const Axis& axis, const Range& data, bool with_zero) {
  AxisPlan plan;
  plan.logarithmic = axis.logarithmic;
  plan.open_lo = plan.open_hi = true;
  if (data.empty()) {
    if (plan.logarithmic) plan.lo = 0.1;
    return plan;
  }
  plan.lo = data.lo;
  plan.hi = data.hi;
  if (with_zero && !plan.logarithmic) {
    plan.lo = std::min(plan.lo, 0.0);
    plan.hi = std::max(plan.hi, 0.0);
  }
  const auto wish = [&](const std::optional<double>& value) {
    return value ? tame(*value, axis.logarithmic) : std::nan("");
  };
  const double lo = wish(axis.minimum), hi = wish(axis.maximum);
  const double kept_lo = std::isnan(lo) ? plan.lo : lo, kept_hi = std::isnan(hi) ? plan.hi : hi;
  if (kept_lo < kept_hi) {
    plan.lo = kept_lo;
    plan.hi = kept_hi;
    plan.open_lo = std::isnan(lo);
    plan.open_hi = std::isnan(hi);
  }
  give_extent(plan);
  return plan;
}

AxisPlan places(std::vector<std::string> names) {
  AxisPlan plan;
  plan.lo = -0.5;
  plan.hi = static_cast<double>(names.size()) - 0.5;
  plan.names = std::move(names);
  return plan;
}

std::vector<std::string> names_of(const Draft& draft, const Axis& axis) {
  std::vector<std::string> names;
  for (const Text& name : axis.categories) names.push_back(draft.text(name));
  return names;
}

/// Names of a bar chart's places; places without a name get the series' x, or count from 1.
std::vector<std::string> bar_names(const Draft& draft) {
  std::vector<std::string> names = names_of(draft, draft.chart.x);
  for (const Series& series : draft.chart.series) {
    for (std::size_t i = names.size(); i < series.y.size(); ++i) {
      names.push_back(i < series.x.size() ? figure(series.x[i], 4) : std::to_string(i + 1));
    }
  }
  return names;
}

/// Whether an axis that starts near zero should start at it: the distance from zero then says something.
bool near_zero(const Range& data) { return data.lo >= 0 && data.lo < 0.35 * data.hi; }

void plan_points(const Draft& draft, Plan& plan) {
  const Chart& chart = draft.chart;
  Range x, y;
  bool binary = chart.x.logarithmic;
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
      const double at_x = tame(series.x[i], chart.x.logarithmic), at_y = tame(series.y[i], chart.y.logarithmic);
      if (std::isnan(at_x) || std::isnan(at_y)) continue;
      x.see(at_x);
      y.see(at_y);
      binary = binary && is_power_of_two(at_x);
    }
  }
  plan.drawable = !x.empty();
  if (plan.drawable) {
    for (const ReferenceLine& line : chart.lines) {
      if (line.vertical) x.see(tame(line.at, chart.x.logarithmic));
      if (!line.vertical) y.see(tame(line.at, chart.y.logarithmic));
    }
  }
  plan.x = chart.x.categories.empty() ? span(chart.x, x, false) : places(names_of(draft, chart.x));
  plan.x.binary = binary && x.hi >= 4 * x.lo;
  plan.y = chart.y.categories.empty() ? span(chart.y, y, near_zero(y)) : places(names_of(draft, chart.y));
  if (chart.kind == ChartKind::scatter) {
    plan.x.room_lo = plan.x.room_hi = 3 * draft.size.mark;
    plan.y.room_lo = plan.y.room_hi = 3 * draft.size.mark;
  } else {
    plan.x.open_lo = plan.x.open_hi = false;  // a line fills the width
  }
}

void plan_bars(const Draft& draft, Plan& plan) {
  const Chart& chart = draft.chart;
  Range y;
  std::vector<double> above, below;  // sums of a stack
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double value = tame(series.y[i], chart.y.logarithmic);
      if (std::isnan(value)) continue;
      y.see(value);
      if (chart.kind != ChartKind::stacked_bars) continue;
      std::vector<double>& sums = value < 0 ? below : above;
      sums.resize(std::max(sums.size(), i + 1));
      sums[i] = tame(sums[i] + value, false);
    }
  }
  for (const double sum : above) y.see(tame(sum, chart.y.logarithmic));
  for (const double sum : below) y.see(sum);
  plan.drawable = !y.empty();
  for (const ReferenceLine& line : chart.lines) {
    if (!line.vertical && plan.drawable) y.see(tame(line.at, chart.y.logarithmic));
  }
  plan.x = places(bar_names(draft));
  plan.y = span(chart.y, y, true);
  if (plan.y.logarithmic && plan.y.open_lo) {  // a bar needs a foot: the decade below the smallest
    plan.y.lo = std::pow(10, std::floor(std::log10(plan.y.lo) - 0.05));
    plan.y.open_lo = false;
  }
  const double value_label = draft.size.font * 1.4;
  if (y.hi > 0 || plan.y.logarithmic) plan.y.room_hi = value_label;
  if (y.lo < 0) plan.y.room_lo = value_label;
  plan.swatch = Swatch::box;
}

void plan_histogram(const Draft& draft, Plan& plan) {
  const Chart& chart = draft.chart;
  Range x, y;
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size() && i + 1 < series.x.size(); ++i) {
      const double left = tame(series.x[i], chart.x.logarithmic), right = tame(series.x[i + 1], chart.x.logarithmic);
      const double count = tame(series.y[i], chart.y.logarithmic);
      if (std::isnan(left) || std::isnan(right) || std::isnan(count)) continue;
      x.see(left);
      x.see(right);
      y.see(count);
    }
  }
  plan.drawable = !x.empty();
  plan.x = span(chart.x, x, false);
  plan.x.open_lo = plan.x.open_hi = false;
  plan.y = span(chart.y, y, true);
  if (plan.y.logarithmic && plan.y.open_lo) {
    plan.y.lo = std::pow(10, std::floor(std::log10(plan.y.lo) - 0.05));
    plan.y.open_lo = false;
  }
  plan.swatch = Swatch::box;
}

}  // namespace

Plan plan(const Draft& draft) {
  Plan plan;
  switch (draft.chart.kind) {
    case ChartKind::line:
    case ChartKind::staircase:
    case ChartKind::scatter: plan_points(draft, plan); break;
    case ChartKind::grouped_bars:
    case ChartKind::stacked_bars: plan_bars(draft, plan); break;
    case ChartKind::histogram: plan_histogram(draft, plan); break;
    case ChartKind::heat_map:
    case ChartKind::timeline: break;
  }
  for (std::size_t i = 0; i < draft.chart.series.size(); ++i) {
    std::string label = draft.text(draft.chart.series[i].label);
    if (!label.empty()) plan.legend.push_back({std::move(label), i});
  }
  if (draft.chart.series.size() == 1 && draft.text(draft.chart.series[0].label) == draft.text(draft.chart.y.label)) {
    plan.legend.clear();  // the axis says it already
  }
  return plan;
}

}  // namespace qlab::chart
