// Lines, staircases and scatters.
#include <algorithm>
#include <cmath>

#include "app/chart/clip.hpp"
#include "app/chart/marks.hpp"
#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

constexpr std::size_t few_points = 24;  // a line of so few carries marks of its own

bool holds(const Rectangle& box, Point p) {
  constexpr double edge = 0.5;
  return p.x >= box.corner.x - edge && p.x <= box.right() + edge && p.y >= box.corner.y - edge &&
         p.y <= box.bottom() + edge;
}

bool same(Point a, Point b) { return a.x == b.x && a.y == b.y; }

/// Pixels of the points of a series; NaN where there is a gap.
std::vector<Point> pixels_of(const Frame& frame, const Series& series) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
    points.push_back(
        {frame.x(tame(series.x[i], frame.x.logarithmic)), frame.y(tame(series.y[i], frame.y.logarithmic))});
  }
  return points;
}

/// Of the neighbours that share a column of pixels the first, lowest, highest and last: the same picture, at most four
/// points a column.
std::vector<Point> thinned(const std::vector<Point>& points) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < points.size();) {
    std::size_t end = i + 1;
    if (!is_gap(points[i])) {
      const double column = std::floor(points[i].x);
      while (end < points.size() && !is_gap(points[end]) && std::floor(points[end].x) == column) ++end;
    }
    if (end - i <= 4) {
      out.insert(out.end(), points.begin() + static_cast<std::ptrdiff_t>(i),
                 points.begin() + static_cast<std::ptrdiff_t>(end));
    } else {
      std::size_t low = i, high = i;
      for (std::size_t k = i; k < end; ++k) {
        if (points[k].y < points[low].y) low = k;
        if (points[k].y > points[high].y) high = k;
      }
      for (const std::size_t k : {i, std::min(low, high), std::max(low, high), end - 1}) {
        if (out.empty() || !same(out.back(), points[k])) out.push_back(points[k]);
      }
    }
    i = end;
  }
  return out;
}

/// y held until the next x.
std::vector<Point> stairs(const std::vector<Point>& points) {
  std::vector<Point> out;
  for (const Point& point : points) {
    if (!out.empty() && !is_gap(point) && !is_gap(out.back())) out.push_back({point.x, out.back().y});
    out.push_back(point);
  }
  return out;
}

bool is_joined(const Draft& draft, std::size_t series) {
  return draft.chart.kind != ChartKind::scatter || draft.chart.series[series].joined;
}

void draw_path(Draft& draft, const Frame& frame, const std::vector<Point>& path, const Stroke& stroke) {
  for (std::vector<Point>& piece : clipped(path, frame.plot)) draft.add(Polyline{std::move(piece), stroke});
}

/// Marks that do not hide each other: a cloud of a hundred thousand is drawn once, not layer over layer.
void draw_marks(Draft& draft, const Frame& frame, std::size_t series, const std::vector<Point>& points) {
  const bool crowd = points.size() > 2000;
  const double cell = crowd ? std::max(1.0, 0.75 * draft.size.mark) : 1;
  const auto columns = static_cast<std::size_t>(frame.plot.width / cell) + 2;
  const auto rows = static_cast<std::size_t>(frame.plot.height / cell) + 2;
  std::vector<bool> taken(columns * rows);
  for (const Point& point : points) {
    if (is_gap(point) || !holds(frame.plot, point)) continue;
    const auto column = static_cast<std::size_t>((point.x - frame.plot.corner.x) / cell + 0.5);
    const auto row = static_cast<std::size_t>((point.y - frame.plot.corner.y) / cell + 0.5);
    if (taken[row * columns + column]) continue;
    taken[row * columns + column] = true;
    draw_mark(draft, series, point, draft.size.mark, !crowd);
  }
}

/// A lone point between gaps shows as a mark where the line has none.
std::vector<Point> lone(const std::vector<Point>& points) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool before = i > 0 && !is_gap(points[i - 1]), after = i + 1 < points.size() && !is_gap(points[i + 1]);
    if (!is_gap(points[i]) && !before && !after) out.push_back(points[i]);
  }
  return out;
}

/// A strip from half way to the neighbour before to half way to the one after, over the plot's height: anywhere in the
/// plot the nearest line answers.
void add_hover(Draft& draft, const Frame& frame, std::size_t index, const std::vector<Point>& points) {
  const Series& series = draft.chart.series[index];
  const std::string name = draft.text(series.label);
  const bool scatter = draft.chart.kind == ChartKind::scatter;
  double last_x = -1e9;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point at = points[i];
    if (is_gap(at) || !holds(frame.plot, at)) continue;
    if (points.size() > 1000 && std::abs(at.x - last_x) < 2) continue;
    last_x = at.x;
    HoverSpot spot;
    const double reach = 2.5 * draft.size.font;
    double left = at.x - reach, right = at.x + reach;
    if (!scatter) {
      if (i > 0 && !is_gap(points[i - 1])) left = std::min(left, (points[i - 1].x + at.x) / 2);
      if (i + 1 < points.size() && !is_gap(points[i + 1])) right = std::max(right, (points[i + 1].x + at.x) / 2);
    }
    left = std::max(left, frame.plot.corner.x - draft.size.mark);
    right = std::min(right, frame.plot.right() + draft.size.mark);
    const double top = scatter ? at.y - reach : frame.plot.corner.y,
                 bottom = scatter ? at.y + reach : frame.plot.bottom();
    spot.area = {{left, top}, right - left, bottom - top, {}};
    spot.at = at;
    if (!name.empty()) spot.text = name + "\n";
    if (i < series.point_labels.size() && !series.point_labels[i].empty())
      spot.text += draft.text(series.point_labels[i]) + "\n";
    spot.text += draft.read_out(draft.chart.x, series.x[i]) + "\n" + draft.read_out(draft.chart.y, series.y[i]);
    spot.series = index;
    spot.point = i;
    draft.scene.hover.push_back(std::move(spot));
  }
}

}  // namespace

bool has_marks(const Draft& draft, std::size_t index) {
  const Series& series = draft.chart.series[index];
  switch (draft.chart.kind) {
    case ChartKind::scatter: return series.marks || !series.joined;
    case ChartKind::line: return series.marks || series.x.size() <= few_points;
    case ChartKind::staircase: return series.marks;
    default: return false;
  }
}

Stroke series_stroke(const Draft& draft, std::size_t series) {
  static const std::vector<double> patterns[] = {
      {}, {5, 2}, {1.6, 1.6}, {6, 2, 1.6, 2}, {9, 2.5}, {3, 3}, {6, 2, 1.6, 2, 1.6, 2}, {2, 4}};
  Stroke stroke = draft.stroke(series_color(draft.look, series), draft.size.line);
  if (has_marks(draft, series)) return stroke;
  for (const double length : patterns[series % std::size(patterns)]) stroke.dashes.push_back(length * draft.size.line);
  return stroke;
}

void draw_mark(Draft& draft, std::size_t series, Point at, double radius, bool rimmed) {
  const Color color = series_color(draft.look, series);
  const auto polygon = [&](double scale, const Color& fill, std::initializer_list<Point> corners) {
    Polygon shape{{}, fill};
    for (const Point& corner : corners)
      shape.points.push_back({at.x + corner.x * radius * scale, at.y + corner.y * radius * scale});
    draft.add(std::move(shape));
  };
  const auto shape = [&](double scale, const Color& fill) {
    switch (series % 8) {
      case 0: draft.add(Circle{at, radius * scale, fill}); break;
      case 1: polygon(scale, fill, {{-0.88, -0.88}, {0.88, -0.88}, {0.88, 0.88}, {-0.88, 0.88}}); break;
      case 2: polygon(scale, fill, {{0, -1.2}, {1.1, 0.8}, {-1.1, 0.8}}); break;
      case 3: polygon(scale, fill, {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}}); break;
      case 4: polygon(scale, fill, {{0, 1.2}, {-1.1, -0.8}, {1.1, -0.8}}); break;
      case 5:
        polygon(scale, fill,
                {{-0.4, -1.15},
                 {0.4, -1.15},
                 {0.4, -0.4},
                 {1.15, -0.4},
                 {1.15, 0.4},
                 {0.4, 0.4},
                 {0.4, 1.15},
                 {-0.4, 1.15},
                 {-0.4, 0.4},
                 {-1.15, 0.4},
                 {-1.15, -0.4},
                 {-0.4, -0.4}});
        break;
      case 6: polygon(scale, fill, {{0, -1.2}, {1.14, -0.37}, {0.71, 0.97}, {-0.71, 0.97}, {-1.14, -0.37}}); break;
      default: polygon(scale, fill, {{-1.2, -0.6}, {1.2, -0.6}, {1.2, 0.6}, {-1.2, 0.6}}); break;
    }
  };
  if (rimmed && !draft.style.transparent) shape(1.35, draft.look.background);
  shape(1, color);
}

void draw_line_sample(Draft& draft, std::size_t series, Point left, double width) {
  if (is_joined(draft, series)) draft.add(Polyline{{left, {left.x + width, left.y}}, series_stroke(draft, series)});
  if (has_marks(draft, series)) draw_mark(draft, series, {left.x + width / 2, left.y}, draft.size.mark, true);
}

void draw_points(Draft& draft, const Frame& frame) {
  for (std::size_t i = 0; i < draft.chart.series.size(); ++i) {
    const std::vector<Point> points = pixels_of(frame, draft.chart.series[i]);
    const Stroke stroke = series_stroke(draft, i);
    if (is_joined(draft, i)) {
      const bool stepped = draft.chart.kind == ChartKind::staircase;
      draw_path(draft, frame, thinned(stepped ? stairs(points) : points), stroke);
    }
    draw_marks(draft, frame, i, has_marks(draft, i) ? points : lone(points));
    add_hover(draft, frame, i, points);
  }
}

}  // namespace qlab::chart
