#include "app/chart/clip.hpp"

#include <algorithm>
#include <cmath>

namespace qlab::chart {
namespace {

/// Cuts a segment to the box (Liang and Barsky); false if nothing is left.
bool cut(const Rectangle& box, Point& a, Point& b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  double first = 0, last = 1;
  const auto side = [&](double p, double q) {  // inside where p * t <= q
    if (p == 0) return q >= 0;
    if (p < 0) first = std::max(first, q / p);
    if (p > 0) last = std::min(last, q / p);
    return first <= last;
  };
  if (!side(-dx, a.x - box.corner.x) || !side(dx, box.right() - a.x)) return false;
  if (!side(-dy, a.y - box.corner.y) || !side(dy, box.bottom() - a.y)) return false;
  const Point start = a;
  if (first > 0) a = {start.x + first * dx, start.y + first * dy};
  if (last < 1) b = {start.x + last * dx, start.y + last * dy};
  return true;
}

}  // namespace

bool is_gap(Point point) { return std::isnan(point.x) || std::isnan(point.y); }

std::vector<std::vector<Point>> clipped(const std::vector<Point>& path, const Rectangle& box) {
  std::vector<std::vector<Point>> pieces;
  bool open = false;  // the last piece ends where the next segment starts
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Point a = path[i], b = path[i + 1];
    if (is_gap(a) || is_gap(b) || !cut(box, a, b)) {
      open = false;
      continue;
    }
    if (!open || a.x != path[i].x || a.y != path[i].y) pieces.push_back({a});
    pieces.back().push_back(b);
    open = b.x == path[i + 1].x && b.y == path[i + 1].y;
  }
  return pieces;
}

std::vector<Point> clipped_polygon(const std::vector<Point>& outline, const Rectangle& box) {
  // One side of the box after the other (Sutherland and Hodgman); a point's distance is positive inside.
  const auto cut_side = [](const std::vector<Point>& points, auto distance) {
    std::vector<Point> kept;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point a = points[i], b = points[(i + 1) % points.size()];
      const double from = distance(a), to = distance(b);
      if (from >= 0) kept.push_back(a);
      if ((from >= 0) != (to >= 0)) {
        const double share = from / (from - to);
        kept.push_back({a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)});
      }
    }
    return kept;
  };
  auto points = cut_side(outline, [&](Point p) { return p.x - box.corner.x; });
  points = cut_side(points, [&](Point p) { return box.right() - p.x; });
  points = cut_side(points, [&](Point p) { return p.y - box.corner.y; });
  return cut_side(points, [&](Point p) { return box.bottom() - p.y; });
}

Rectangle clipped(const Rectangle& area, const Rectangle& box) {
  const double left = std::max(area.corner.x, box.corner.x), top = std::max(area.corner.y, box.corner.y);
  return {
      {left, top}, std::min(area.right(), box.right()) - left, std::min(area.bottom(), box.bottom()) - top, area.fill};
}

}  // namespace qlab::chart
