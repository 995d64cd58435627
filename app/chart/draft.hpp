// A scene in the making: what every part of the layout reads (chart, style, look, sizes) and the shapes so far.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/chart/layout.hpp"
#include "app/chart/scale.hpp"
#include "app/chart/text.hpp"
#include "app/chart/ticks.hpp"

namespace qlab::chart {

/// A label that belongs above the reference lines, and the colour it stands on.
struct Word {
  Label label;
  Color ground;
};

/// Lengths in pixels, all in proportion to the font size.
struct Sizes {
  double font = 15;   ///< tick labels, legend, values
  double small = 13;  ///< notes, labels inside the plot
  double title = 19;
  double margin = 14;
  double line = 2;  ///< stroke of a series
  double hair = 1;  ///< stroke of axes and grid
  double mark = 4;  ///< radius of a mark
};

struct Draft {
  Draft(const Chart& chart, const Style& style);

  /// A text of the chart, clean, in the style's language.
  std::string text(const Text& text) const { return clean(text.in(style.language)); }
  /// "label (unit)", with the exponent that tick labels leave out.
  std::string axis_title(const Axis& axis, int exponent) const;
  /// "label: value unit" of a hover read-out; the category's name where the axis has names.
  std::string read_out(const Axis& axis, double value) const;
  /// "label: from – to unit".
  std::string read_out_range(const Axis& axis, double from, double to) const;

  template <class Kind>
  void add(Kind shape) {
    scene.shapes.emplace_back(std::in_place_type<Kind>, std::move(shape));
  }
  static Stroke stroke(const Color& color, double width) { return {color, width, {}}; }

  const Chart& chart;
  const Style& style;
  const Look& look;
  Sizes size;
  Scene scene;
  std::vector<Word> words;  ///< go into the scene after the reference lines

 private:
  std::string labelled(const Axis& axis, const std::string& shown) const;
};

/// The plot and how values get there.
struct Frame {
  Rectangle plot;
  Scale x, y;              ///< numbers rise to the right and upwards; names run to the right and downwards
  std::optional<Scale> z;  ///< from values to shares of the colour ramp
  Ticks z_ticks;
  bool lying = false;  ///< bars run to the right
};

/// Pixel edges of whole pixels: what is filled from edge to edge is sharp.
double snap(double pixel);
/// The middle of a pixel: where a line one pixel wide is sharp.
double snap_line(double pixel, double width);

}  // namespace qlab::chart
