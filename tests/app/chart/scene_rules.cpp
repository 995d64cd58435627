#include "tests/app/chart/scene_rules.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <sstream>

#include "app/chart/text.hpp"

namespace qlab::test {
using namespace chart;

namespace {

using Corners = std::array<Point, 4>;

/// The label's box, turned with it; a little smaller than its line, so that lines of one paragraph do not touch.
Corners corners_of(const Label& label) {
  const double width = text_width(label.text, label.size, label.bold);
  const double left = label.anchor == Anchor::start ? 0 : label.anchor == Anchor::middle ? -width / 2 : -width;
  const double angle = label.rotation_degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  const double top = -0.8 * label.size, bottom = 0.22 * label.size;
  Corners corners;
  std::size_t i = 0;
  for (const auto& [x, y] : {Point{left, top}, {left + width, top}, {left + width, bottom}, {left, bottom}}) {
    corners[i++] = {label.baseline.x + x * c - y * s, label.baseline.y + x * s + y * c};
  }
  return corners;
}

/// Separating axes: two convex shapes are apart when some edge's normal parts them.
bool overlap(const Corners& a, const Corners& b) {
  for (const Corners* shape : {&a, &b}) {
    for (std::size_t i = 0; i < 4; ++i) {
      const Point from = (*shape)[i], to = (*shape)[(i + 1) % 4];
      const Point normal = {to.y - from.y, from.x - to.x};
      const auto range = [&](const Corners& corners) {
        double lo = 1e300, hi = -1e300;
        for (const Point& p : corners) {
          const double along = p.x * normal.x + p.y * normal.y;
          lo = std::min(lo, along);
          hi = std::max(hi, along);
        }
        return std::pair{lo, hi};
      };
      const auto [a_lo, a_hi] = range(a);
      const auto [b_lo, b_hi] = range(b);
      if (a_hi <= b_lo || b_hi <= a_lo) return false;
    }
  }
  return true;
}

struct Box {
  double x0 = 1e300, y0 = 1e300, x1 = -1e300, y1 = -1e300;
  void see(double x, double y) {
    x0 = std::isnan(x) ? x : std::min(x0, x);
    x1 = std::isnan(x) ? x : std::max(x1, x);
    y0 = std::isnan(y) ? y : std::min(y0, y);
    y1 = std::isnan(y) ? y : std::max(y1, y);
  }
  void see(const Rectangle& area) {
    see(area.corner.x, area.corner.y);
    see(area.right(), area.bottom());
  }
};

struct BoxOf {
  Box operator()(const Rectangle& shape) const { return around(shape); }
  Box operator()(const Image& shape) const { return around(shape.area); }
  Box operator()(const Polyline& shape) const { return around(shape.points); }
  Box operator()(const Polygon& shape) const { return around(shape.points); }
  Box operator()(const Circle& shape) const {
    return around(Rectangle{
        {shape.center.x - shape.radius, shape.center.y - shape.radius}, 2 * shape.radius, 2 * shape.radius, {}});
  }
  Box operator()(const Label& shape) const { return around(bounds(shape)); }

  static Box around(const Rectangle& area) {
    Box box;
    box.see(area);
    return box;
  }
  static Box around(const std::vector<Point>& points) {
    Box box;
    for (const Point& point : points) box.see(point.x, point.y);
    return box;
  }
};

bool within(const Box& box, const Scene& scene, double slack) {
  return box.x0 >= -slack && box.y0 >= -slack && box.x1 <= scene.width + slack && box.y1 <= scene.height + slack;
}

std::string show(const Box& box) {
  std::ostringstream out;
  out << " [" << box.x0 << ", " << box.y0 << " to " << box.x1 << ", " << box.y1 << "]";
  return out.str();
}

bool is_printed_badly(const std::string& text) {
  for (const char* bad : {"-0", "−0 ", "nan", "inf"}) {
    if (text == bad || (text.size() < 8 && text.find(bad) != std::string::npos)) return true;
  }
  return text == "−0";
}

}  // namespace

std::string broken_rule(const chart::Scene& scene) {
  static constexpr const char* kinds[] = {"rectangle", "line", "polygon", "circle", "image", "label"};
  std::vector<const Label*> labels;
  for (const Shape& shape : scene.shapes) {
    const Box box = std::visit(BoxOf(), shape);
    const auto* label = std::get_if<Label>(&shape);
    const std::string name = label != nullptr ? "label '" + label->text + "'" : kinds[shape.index()];
    // Marks at the very edge of the plot, and strokes' widths, may go on a little.
    if (!within(box, scene, label != nullptr ? 0.01 : 2)) return name + " is outside of the picture" + show(box);
    if (label == nullptr) continue;
    if (label->text.empty()) return "a label is empty";
    if (is_printed_badly(label->text)) return name + " is no number to print";
    labels.push_back(label);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Corners corners = corners_of(*labels[i]);
    for (std::size_t k = 0; k < i; ++k) {
      if (overlap(corners, corners_of(*labels[k]))) return "'" + labels[i]->text + "' is on '" + labels[k]->text + "'";
    }
  }
  const Box plot = BoxOf::around(scene.plot);
  if (!within(plot, scene, 0)) return "the plot is outside of the picture" + show(plot);
  if (scene.plot.width < scene.width / 4 || scene.plot.height < scene.height / 5)
    return "the plot is too small" + show(plot);
  for (const HoverSpot& spot : scene.hover) {
    const Box box = BoxOf::around(spot.area);
    if (!within(box, scene, 2)) return "a hover spot is outside of the picture" + show(box);
    if (!(spot.at.x >= -2 && spot.at.x <= scene.width + 2)) return "a hover spot points outside of the picture";
    if (spot.text.empty() || spot.text.back() == '\n') return "a hover spot says nothing in its last line";
  }
  return {};
}

}  // namespace qlab::test
