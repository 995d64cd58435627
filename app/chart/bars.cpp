// Grouped and stacked bars, and histograms.
#include <algorithm>
#include <cmath>

#include "app/chart/marks.hpp"
#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

constexpr double share_of_slot = 0.72;  // the rest parts the groups

/// Pixels of the foot all bars stand on: zero, or the low end of a logarithmic axis.
double foot_of(const Frame& frame) {
  return frame.y.logarithmic ? frame.plot.bottom() : std::clamp(frame.y(0), frame.plot.corner.y, frame.plot.bottom());
}

double into_plot(const Frame& frame, double y) { return std::clamp(y, frame.plot.corner.y, frame.plot.bottom()); }

Label value_label(const Draft& draft, double value, Point baseline, const Color& color) {
  Label label;
  label.baseline = baseline;
  label.text = figure(value, 4);
  label.size = draft.size.small;
  label.color = color;
  label.anchor = Anchor::middle;
  label.role = Role::value;
  return label;
}

std::string place_name(const Draft& draft, std::size_t place) {
  const std::vector<Text>& names = draft.chart.x.categories;
  return place < names.size() ? draft.text(names[place]) : std::to_string(place + 1);
}

void add_hover(Draft& draft, const Rectangle& area, std::size_t series, std::size_t place) {
  HoverSpot spot;
  spot.area = area;
  spot.at = {area.corner.x + area.width / 2, area.corner.y};
  const std::string name = draft.text(draft.chart.series[series].label);
  spot.text = place_name(draft, place);
  if (!name.empty()) spot.text += "\n" + name;
  spot.text += "\n" + draft.read_out(draft.chart.y, draft.chart.series[series].y[place]);
  spot.series = series;
  spot.point = place;
  draft.scene.hover.push_back(std::move(spot));
}

/// One bar between two heights, as whole pixels; at least a pixel where there is a value.
Rectangle bar(double left, double right, double y0, double y1, const Color& color) {
  const double top = snap(std::min(y0, y1)), bottom = std::max(snap(std::max(y0, y1)), top + 1);
  return {{snap(left), top}, std::max(1.0, snap(right) - snap(left)), bottom - top, color};
}

void draw_grouped(Draft& draft, const Frame& frame) {
  const std::size_t groups = static_cast<std::size_t>(std::lround(frame.x.hi - frame.x.lo));
  const std::size_t count = draft.chart.series.size();
  const double slot = frame.plot.width / static_cast<double>(groups);
  const double width = std::min(slot * share_of_slot / static_cast<double>(count), 6 * draft.size.font);
  const double gap = width > 6 ? 1 : 0;
  const double foot = foot_of(frame);
  std::vector<Label> labels;
  bool labels_fit = true;
  for (std::size_t s = 0; s < count; ++s) {
    const Series& series = draft.chart.series[s];
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double value = tame(series.y[i], frame.y.logarithmic);
      if (std::isnan(value)) continue;
      const double left =
          frame.x(static_cast<double>(i)) + (static_cast<double>(s) - static_cast<double>(count) / 2) * width;
      const double y = into_plot(frame, frame.y(value));
      const Rectangle area = bar(left, left + width - gap, foot, y, series_color(draft.look, s));
      draft.add(area);
      add_hover(draft, area, s, i);
      const double above = value < 0 ? y + (ascent + 0.1) * draft.size.small : y - 0.35 * draft.size.small;
      labels.push_back(value_label(draft, series.y[i], {left + (width - gap) / 2, above}, draft.look.text));
      const Rectangle box = bounds(labels.back());
      labels_fit = labels_fit && box.width <= std::max(width, count == 1 ? slot * 0.95 : 0.0) - 2 &&
                   box.corner.y > frame.plot.corner.y - draft.size.font * 0.5 && box.bottom() < frame.plot.bottom() + 1;
    }
  }
  if (labels_fit) {
    for (const Label& label : labels) draft.add(label);
  }
}

void draw_stacked(Draft& draft, const Frame& frame) {
  const std::size_t places = static_cast<std::size_t>(std::lround(frame.x.hi - frame.x.lo));
  const double slot = frame.plot.width / static_cast<double>(places);
  const double width = std::min(slot * share_of_slot, 8 * draft.size.font);
  std::vector<Label> totals;
  bool totals_fit = true;
  for (std::size_t i = 0; i < places; ++i) {
    double above = 0, below = 0, total = 0;
    std::size_t parts = 0;
    const double left = frame.x(static_cast<double>(i)) - width / 2;
    for (std::size_t s = 0; s < draft.chart.series.size(); ++s) {
      const Series& series = draft.chart.series[s];
      const double value = i < series.y.size() ? tame(series.y[i], false) : std::nan("");
      if (std::isnan(value) || value == 0) continue;
      double& base = value < 0 ? below : above;
      const auto pixel = [&](double sum) {
        const double tamed = tame(sum, frame.y.logarithmic);
        return std::isnan(tamed) ? frame.plot.bottom() : into_plot(frame, frame.y(tamed));
      };
      const Rectangle area = bar(left, left + width, pixel(base), pixel(base + value), series_color(draft.look, s));
      base = tame(base + value, false);
      total += value;
      ++parts;
      draft.add(area);
      add_hover(draft, area, s, i);
      Label label = value_label(draft, value, {}, ink_on(area.fill));
      label.baseline = {left + width / 2, area.corner.y + area.height / 2 + cap_height * label.size / 2};
      if (area.height > 1.3 * label.size && bounds(label).width < width - 4) draft.add(label);
    }
    if (parts < 2 || below < 0) continue;
    const double top = into_plot(frame, frame.y(tame(above, frame.y.logarithmic)));
    Label label = value_label(draft, total, {left + width / 2, top - 0.35 * draft.size.small}, draft.look.text);
    label.bold = true;
    totals_fit = totals_fit && bounds(label).width <= slot - 3;
    totals.push_back(label);
  }
  if (totals_fit) {
    for (const Label& label : totals) draft.add(label);
  }
}

}  // namespace

void draw_bars(Draft& draft, const Frame& frame) {
  if (draft.chart.kind == ChartKind::stacked_bars) {
    draw_stacked(draft, frame);
  } else {
    draw_grouped(draft, frame);
  }
}

void draw_histogram(Draft& draft, const Frame& frame) {
  const double foot = foot_of(frame);
  for (std::size_t s = 0; s < draft.chart.series.size(); ++s) {
    const Series& series = draft.chart.series[s];
    for (std::size_t i = 0; i < series.y.size() && i + 1 < series.x.size(); ++i) {
      const double left = frame.x(tame(series.x[i], frame.x.logarithmic)),
                   right = frame.x(tame(series.x[i + 1], frame.x.logarithmic));
      const double count = tame(series.y[i], frame.y.logarithmic);
      if (std::isnan(left) || std::isnan(right) || std::isnan(count) || count == 0) continue;
      const double gap = right - left > 5 ? 1 : 0;
      const Rectangle area =
          bar(left, right - gap, foot, into_plot(frame, frame.y(count)), series_color(draft.look, s));
      draft.add(area);
    }
  }
}

}  // namespace qlab::chart
