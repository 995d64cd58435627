#include "app/chart/room.hpp"

#include <algorithm>
#include <cmath>

#include "app/chart/text.hpp"

namespace qlab::chart {
bool overlap(const Rectangle& a, const Rectangle& b) {
  return a.corner.x < b.right() && b.corner.x < a.right() && a.corner.y < b.bottom() && b.corner.y < a.bottom();
}

Room::Room(const Rectangle& plot, const std::vector<Shape>& shapes, std::size_t first)
    : plot_(plot),
      columns_(static_cast<std::size_t>(std::max(plot.width, 0.0) / cell) + 1),
      rows_(static_cast<std::size_t>(std::max(plot.height, 0.0) / cell) + 1),
      inked_(columns_ * rows_) {
  for (std::size_t i = first; i < shapes.size(); ++i) see(shapes[i]);
}

void Room::see(const Shape& shape) {
  if (const auto* area = std::get_if<Rectangle>(&shape)) fill(*area);
  if (const auto* circle = std::get_if<Circle>(&shape)) {
    const double r = circle->radius;
    fill({{circle->center.x - r, circle->center.y - r}, 2 * r, 2 * r, {}});
  }
  if (const auto* polygon = std::get_if<Polygon>(&shape)) fill(polygon->points);
  if (const auto* label = std::get_if<Label>(&shape)) take(bounds(*label));
  if (const auto* line = std::get_if<Polyline>(&shape)) {
    for (std::size_t i = 0; i + 1 < line->points.size(); ++i) {
      const Point a = line->points[i], b = line->points[i + 1];
      const auto steps = static_cast<int>(std::ceil(std::hypot(b.x - a.x, b.y - a.y) / (cell * 0.7))) + 1;
      for (int step = 0; step <= steps; ++step) {
        const double share = static_cast<double>(step) / steps;
        dot({a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)});
      }
    }
  }
}

void Room::dot(Point point) {
  const double column = (point.x - plot_.corner.x) / cell, row = (point.y - plot_.corner.y) / cell;
  if (column < 0 || row < 0 || column >= static_cast<double>(columns_) || row >= static_cast<double>(rows_)) return;
  inked_[static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column)] = 1;
}

void Room::fill(const Rectangle& box) {
  const double right = std::min(box.right(), plot_.right()), bottom = std::min(box.bottom(), plot_.bottom());
  for (double y = std::max(box.corner.y, plot_.corner.y); y <= bottom; y += cell) {
    for (double x = std::max(box.corner.x, plot_.corner.x); x <= right; x += cell) dot({x, y});
  }
}

void Room::fill(const std::vector<Point>& outline) {
  const auto [highest, lowest] =
      std::minmax_element(outline.begin(), outline.end(), [](Point a, Point b) { return a.y < b.y; });
  std::vector<double> crossings;
  for (double y = highest->y; y <= lowest->y; y += cell) {  // row by row, from every second crossing to the next
    crossings.clear();
    for (std::size_t i = 0; i < outline.size(); ++i) {
      const Point a = outline[i], b = outline[(i + 1) % outline.size()];
      if ((a.y <= y) != (b.y <= y)) crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      fill({{crossings[i], y}, crossings[i + 1] - crossings[i], 0, {}});
    }
  }
}

double Room::ink(const Rectangle& box) const {
  const auto index = [](double pixels, std::size_t count) {
    return static_cast<std::size_t>(std::clamp(pixels / cell, 0.0, static_cast<double>(count - 1)));
  };
  const std::size_t left = index(box.corner.x - plot_.corner.x, columns_),
                    right = index(box.right() - plot_.corner.x, columns_);
  const std::size_t top = index(box.corner.y - plot_.corner.y, rows_),
                    bottom = index(box.bottom() - plot_.corner.y, rows_);
  std::size_t inked = 0;
  for (std::size_t row = top; row <= bottom; ++row) {
    for (std::size_t column = left; column <= right; ++column) inked += inked_[row * columns_ + column];
  }
  return static_cast<double>(inked) / static_cast<double>((right - left + 1) * (bottom - top + 1));
}

bool Room::on_words(const Rectangle& box) const {
  return std::any_of(words_.begin(), words_.end(), [&](const Rectangle& word) { return overlap(box, word); });
}

bool Room::inside(const Rectangle& box) const {
  return box.corner.x >= plot_.corner.x && box.right() <= plot_.right() && box.corner.y >= plot_.corner.y &&
         box.bottom() <= plot_.bottom();
}

}  // namespace qlab::chart
