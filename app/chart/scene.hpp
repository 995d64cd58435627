// A picture as shapes and text in pixels (y down), before any library draws it. Cairo, the SVG writer and the window's
// hover read-out all start here, so the screen and the slide cannot differ.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace qlab::chart {

struct Color {
  double r = 0, g = 0, b = 0, a = 1;  ///< 0 to 1
};

struct Point {
  double x = 0, y = 0;
};

struct Stroke {
  Color color;
  double width = 1;
  std::vector<double> dashes;  ///< lengths on, off, on ...; empty: solid
};

struct Rectangle {
  Point corner;
  double width = 0, height = 0;
  Color fill;
};

struct Polyline {
  std::vector<Point> points;
  Stroke stroke;
};

struct Polygon {
  std::vector<Point> points;
  Color fill;
};

struct Circle {
  Point center;
  double radius = 0;
  Color fill;
};

enum class Anchor { start, middle, end };

struct Label {
  Point baseline;  ///< of the anchor point
  std::string text;
  double size = 12;  ///< font size in pixels
  bool bold = false;
  Color color;
  Anchor anchor = Anchor::start;
  double rotation_degrees = 0;  ///< around the anchor point, clockwise
};

using Shape = std::variant<Rectangle, Polyline, Polygon, Circle, Label>;

/// A place that answers when the pointer is over it.
struct HoverSpot {
  Rectangle area;    ///< fill unused
  Point at;          ///< where a cross-hair goes
  std::string text;  ///< lines of "label: value unit"
  std::size_t series = 0;
  std::size_t point = 0;
};

struct Scene {
  double width = 0, height = 0;
  Color background;  ///< a = 0: transparent
  std::vector<Shape> shapes;
  Rectangle plot;  ///< the area inside the axes
  std::vector<HoverSpot> hover;
};

}  // namespace qlab::chart
