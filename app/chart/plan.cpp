#include "app/chart/plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/chart/axis.hpp"
#include "app/chart/heat_map.hpp"
#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

constexpr std::size_t most_lying = 60;  // more names would not fit a page whichever way they run

/// The range of the values seen so far.
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
void give_extent(AxisPlan& plan) {
  const double largest = std::max(std::abs(plan.lo), std::abs(plan.hi));
  if (plan.logarithmic) {
    if (plan.hi / plan.lo < 1 + 1e-9) {
      plan.lo = std::max(plan.lo / 2, 1e-301);
      plan.hi = plan.hi * 2;
    }
  } else if (largest == 0) {
    plan.hi = 1;
  } else if (plan.hi - plan.lo < 1e-9 * largest) {
    plan.lo -= largest / 10;
    plan.hi += largest / 10;
  }
}

/// The range of an axis from its data and the chart's wishes; a wish that is no number, or leaves nothing between the
/// ends, is not granted.
AxisPlan span(const Axis& axis, const Range& data, bool with_zero) {
  AxisPlan plan;
  plan.axis = &axis;
  plan.logarithmic = axis.logarithmic;
  plan.open_lo = plan.open_hi = true;
  plan.lo = data.empty() ? 1 : data.lo;
  plan.hi = data.empty() ? 1 : data.hi;
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

AxisPlan places(const Axis& axis, std::vector<std::string> names) {
  AxisPlan plan;
  plan.axis = &axis;
  if (names.empty()) names.emplace_back();
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

AxisPlan span_or_places(const Draft& draft, const Axis& axis, const Range& data, bool with_zero) {
  return axis.categories.empty() ? span(axis, data, with_zero) : places(axis, names_of(draft, axis));
}

/// Whether an axis that starts near zero should start at it: the distance from zero then says something.
bool near_zero(const Range& data) { return data.lo >= 0 && data.lo < 0.35 * data.hi; }

class Planner {
 public:
  explicit Planner(const Draft& draft) : draft_(draft), chart_(draft.chart) {}

  Plan make() {
    switch (chart_.kind) {
      case ChartKind::line:
      case ChartKind::staircase:
      case ChartKind::scatter: points(); break;
      case ChartKind::grouped_bars:
      case ChartKind::stacked_bars: bars(); break;
      case ChartKind::stacked_area: areas(); break;
      case ChartKind::histogram: histogram(); break;
      case ChartKind::heat_map: heat_map(); break;
      case ChartKind::timeline: timeline(); break;
    }
    if (!plan_.z) legend();
    return std::move(plan_);
  }

 private:
  /// A value as the axis can show it; what it leaves out is counted, undefined values are gaps on purpose.
  double shown(double value, const Axis& axis) {
    const double tamed = tame(value, axis.logarithmic);
    if (std::isnan(tamed) && !std::isnan(value)) ++(std::isinf(value) ? plan_.infinite : plan_.not_positive);
    return tamed;
  }

  void see_references(Range& x, Range& y) const {
    for (const ReferenceLine& line : chart_.lines) {
      const Axis& axis = line.vertical ? chart_.x : chart_.y;
      (line.vertical ? x : y).see(tame(line.at, axis.logarithmic));
    }
  }

  void points() {
    Range x, y;
    bool binary = chart_.x.logarithmic;
    for (const Series& series : chart_.series) {
      for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
        const double at_x = shown(series.x[i], chart_.x), at_y = shown(series.y[i], chart_.y);
        if (std::isnan(at_x) || std::isnan(at_y)) continue;
        x.see(at_x);
        y.see(at_y);
        binary = binary && is_power_of_two(at_x);
      }
    }
    plan_.drawable = !x.empty();
    if (plan_.drawable) see_references(x, y);
    const bool scatter = chart_.kind == ChartKind::scatter;
    plan_.x = span_or_places(draft_, chart_.x, x, false);
    plan_.y = span_or_places(draft_, chart_.y, y, near_zero(y));
    plan_.x.binary = binary && x.hi >= 4 * x.lo;
    if (scatter) {
      const bool named = std::any_of(chart_.series.begin(), chart_.series.end(),
                                     [](const Series& series) { return !series.point_labels.empty(); });
      const double room = named ? 2 * draft_.size.font : 3 * draft_.size.mark;
      plan_.x.room_lo = plan_.y.room_lo = plan_.y.room_hi = room;
      plan_.x.room_hi = named ? 4 * draft_.size.font : room;
    } else {
      plan_.x.open_lo = plan_.x.open_hi = false;  // a line fills the width
    }
  }

  /// Names of the places; a place without a name gets the series' x, or counts from 1.
  std::vector<std::string> bar_names() const {
    std::vector<std::string> names = names_of(draft_, chart_.x);
    for (const Series& series : chart_.series) {
      for (std::size_t i = names.size(); i < series.y.size(); ++i) {
        names.push_back(i < series.x.size() ? figure(series.x[i], 4) : std::to_string(i + 1));
      }
    }
    return names;
  }

  /// Rows of names read better than slanted names, as long as every row has its height.
  bool better_lying(const std::vector<std::string>& names) const {
    if (names.size() > most_lying) return false;
    const double font = draft_.size.font;
    const double row = chart_.kind == ChartKind::grouped_bars
                           ? std::max(line_spacing * font, 0.5 * font * static_cast<double>(chart_.series.size()))
                           : line_spacing * font;
    if (row * static_cast<double>(names.size()) > 0.62 * draft_.scene.height) return false;
    const double slot = 0.86 * draft_.scene.width / static_cast<double>(names.size());
    return place_names(names, slot, font, 0.3 * draft_.scene.height).slanted;
  }

  void bars() {
    Range y, ends;
    std::vector<double> above, below;  // sums of a stack
    std::size_t widest = 0;
    for (const Series& series : chart_.series) {
      widest = std::max(widest, series.y.size());
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        const double value = shown(series.y[i], chart_.y);
        if (std::isnan(value)) continue;
        y.see(value);
        ends.see(value);
        if (chart_.kind != ChartKind::stacked_bars) continue;
        std::vector<double>& sums = value < 0 ? below : above;
        sums.resize(std::max(sums.size(), i + 1));
        sums[i] = tame(sums[i] + value, false);
      }
    }
    for (const double sum : above) ends.see(tame(sum, chart_.y.logarithmic));
    for (const double sum : below) ends.see(sum);
    plan_.drawable = !ends.empty();
    Range with_lines = ends, unused;
    if (plan_.drawable) see_references(unused, with_lines);

    AxisPlan names = places(chart_.x, bar_names());
    AxisPlan values = span(chart_.y, with_lines, true);
    stand_on_decade(values);
    plan_.lying = better_lying(names.names);
    const double label = plan_.lying ? value_label_width(y) : 1.4 * draft_.size.font;
    // Room for the labels past the bars, not past a reference line that lies farther out.
    if (ends.hi > 0 && ends.hi >= with_lines.hi) values.room_hi = label;
    if (ends.lo < 0 && ends.lo <= with_lines.lo) values.room_lo = label;
    plan_.x = plan_.lying ? std::move(values) : std::move(names);
    plan_.y = plan_.lying ? std::move(names) : std::move(values);
    plan_.swatch = Swatch::box;
  }

  void areas() {
    Range x, sums;
    const std::size_t count = chart_.series.empty() ? 0 : chart_.series.front().x.size();
    for (std::size_t i = 0; i < count; ++i) {
      const double at = shown(chart_.series.front().x[i], chart_.x);
      if (std::isnan(at)) continue;
      double sum = 0;
      for (const Series& series : chart_.series) {
        const double value = i < series.y.size() ? shown(series.y[i], chart_.y) : 0;
        if (value > 0) sum = tame(sum + value, false);
      }
      x.see(at);
      sums.see(tame(sum, chart_.y.logarithmic));
    }
    plan_.drawable = !x.empty() && !sums.empty();
    if (plan_.drawable) see_references(x, sums);
    plan_.x = span_or_places(draft_, chart_.x, x, false);
    plan_.x.open_lo = plan_.x.open_hi = false;
    plan_.y = span_or_places(draft_, chart_.y, sums, true);
    plan_.y.room_hi = 1.6 * draft_.size.font;  // for the words of reference lines
    stand_on_decade(plan_.y);
    plan_.swatch = Swatch::box;
  }

  double value_label_width(const Range& values) const {
    const double size = draft_.size.small;
    double width = 0;
    for (const double value : {values.lo, values.hi, (values.lo + values.hi) / 3}) {
      width = std::max(width, text_width(figure(value, 4), size, true));
    }
    return width + 0.8 * size;
  }

  /// A bar needs a foot: on a logarithmic axis the decade below the smallest.
  static void stand_on_decade(AxisPlan& plan) {
    if (!plan.logarithmic || !plan.open_lo) return;
    plan.lo = std::max(std::pow(10, std::floor(std::log10(plan.lo) - 0.05)), 1e-301);
    plan.open_lo = false;
  }

  void histogram() {
    Range x, y;
    for (const Series& series : chart_.series) {
      for (std::size_t i = 0; i < series.y.size() && i + 1 < series.x.size(); ++i) {
        const double left = shown(series.x[i], chart_.x), right = tame(series.x[i + 1], chart_.x.logarithmic);
        const double height = tame(series.y[i], chart_.y.logarithmic);
        if (std::isinf(series.y[i])) ++plan_.infinite;
        if (std::isnan(left) || std::isnan(right)) continue;
        x.see(left);
        x.see(right);
        y.see(height);
      }
    }
    plan_.drawable = !x.empty() && !y.empty();
    if (plan_.drawable) see_references(x, y);
    plan_.x = span(chart_.x, x, false);
    plan_.x.open_lo = plan_.x.open_hi = false;
    plan_.y = span(chart_.y, y, true);
    stand_on_decade(plan_.y);
    plan_.swatch = Swatch::box;
  }

  void heat_map() {
    const Grid& grid = chart_.grid;
    plan_.drawable = is_sound(chart_);
    Range x, y, z;
    if (plan_.drawable) {
      const Extents extents = extents_of(chart_);
      x = {extents.x.front(), extents.x.back()};
      y = {extents.y.front(), extents.y.back()};
      for (const double value : grid.z) z.see(shown(value, chart_.z));
      plan_.drawable = !z.empty();
    }
    plan_.x = span_or_places(draft_, chart_.x, x, false);
    plan_.y = span_or_places(draft_, chart_.y, y, false);
    plan_.x.open_lo = plan_.x.open_hi = plan_.y.open_lo = plan_.y.open_hi = false;
    plan_.x.binary = all_powers_of_two(chart_.x, grid.x);
    plan_.y.binary = all_powers_of_two(chart_.y, grid.y);
    plan_.z = span(chart_.z, z, false);
    plan_.z->open_lo = plan_.z->open_hi = false;
  }

  static bool all_powers_of_two(const Axis& axis, const std::vector<double>& values) {
    return axis.logarithmic && values.size() > 2 && std::all_of(values.begin(), values.end(), is_power_of_two);
  }

  void timeline() {
    Range x;
    std::size_t lanes = chart_.y.categories.size();
    for (const Series& series : chart_.series) {
      for (std::size_t i = 0; i < series.y.size() && 2 * i + 1 < series.x.size(); ++i) {
        const double start = shown(series.x[2 * i], chart_.x), end = shown(series.x[2 * i + 1], chart_.x);
        if (std::isnan(start) || std::isnan(end) || !(series.y[i] >= 0 && series.y[i] < most_lanes)) continue;
        lanes = std::max(lanes, static_cast<std::size_t>(series.y[i]) + 1);
        x.see(start);
        x.see(end);
      }
    }
    plan_.drawable = !x.empty();
    Range unused;
    if (plan_.drawable) see_references(x, unused);
    plan_.x = span(chart_.x, x, near_zero(x));
    plan_.x.open_lo = plan_.x.open_hi = false;
    std::vector<std::string> names = names_of(draft_, chart_.y);
    while (names.size() < lanes) names.push_back(std::to_string(names.size() + 1));
    plan_.y = places(chart_.y, std::move(names));
    plan_.swatch = Swatch::box;
  }

  void legend() {
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      std::string label = draft_.text(chart_.series[i].label);
      if (!label.empty()) plan_.legend.push_back({std::move(label), i});
    }
    // One series needs no legend where the axis, the title or the names of its points say what it is.
    if (chart_.series.size() == 1 && !plan_.legend.empty() &&
        (!chart_.series[0].point_labels.empty() || plan_.legend[0].label == draft_.text(chart_.y.label) ||
         plan_.legend[0].label == draft_.text(chart_.title))) {
      plan_.legend.clear();
    }
  }

  static constexpr double most_lanes = 1000;

  const Draft& draft_;
  const Chart& chart_;
  Plan plan_;
};

}  // namespace

Plan plan(const Draft& draft) { return Planner(draft).make(); }

}  // namespace qlab::chart
