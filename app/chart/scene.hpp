// A picture as shapes and text in pixels (y down), before any library draws it. Cairo, the SVG writer and the window's
// hover read-out all start here, so the screen and the slide cannot differ.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/text.hpp"

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

  double right() const { return corner.x + width; }
  double bottom() const { return corner.y + height; }
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

/// Samples stretched over an area and blended into each other: the field of a heat map, a colour bar.
struct Image {
  Rectangle area;  ///< fill unused
  int columns = 0, rows = 0;
  std::vector<std::uint8_t> rgba;  ///< straight alpha, rows from the top
};

enum class Anchor { start, middle, end };

/// What a label is for; the SVG's class, and how tests find the labels of an axis.
enum class Role { title, legend, axis_title, x_tick, y_tick, z_tick, value, point, reference, contour, note, message };

struct Label {
  Point baseline;  ///< of the anchor point
  std::string text;
  double size = 12;  ///< font size in pixels
  bool bold = false;
  Color color;
  Anchor anchor = Anchor::start;
  double rotation_degrees = 0;  ///< around the anchor point, clockwise
  Role role = Role::message;
};

using Shape = std::variant<Rectangle, Polyline, Polygon, Circle, Image, Label>;

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
  Color background;   ///< a = 0: transparent
  std::string title;  ///< for screen readers and file properties
  Language language = Language::en;
  std::vector<Shape> shapes;
  Rectangle plot;  ///< the area inside the axes
  std::vector<HoverSpot> hover;
};

}  // namespace qlab::chart
