// Colours and weights of the three looks: light for books, dark for screens, projector for the back row. Series colours
// are told apart by people who see few colours, and in grey by their marks and dashes; tests measure both.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "app/chart/scene.hpp"

namespace qlab::chart {

enum class Theme { light, dark, projector };

struct Look {
  Color background;
  Color text;   ///< title, values
  Color muted;  ///< tick labels, notes
  Color axis;
  Color grid;
  Color reference;  ///< lines that say something
  std::array<Color, 8> series;
  double type = 1;    ///< factor on the font size
  double stroke = 1;  ///< factor on line widths and marks
};

const Look& look(Theme theme);

/// The colour of a series: the eight of the look, then the same again, darker or lighter.
Color series_color(const Look& look, std::size_t series);

/// The colour for a share 0 to 1 of a range: perceptually even, from the background's side to its opposite, so that
/// "more" stands out in each theme.
Color ramp(Theme theme, double share);

/// The same as 256 colours of 8-bit red, green, blue, alpha: for fields of many samples.
class Ramp {
 public:
  explicit Ramp(Theme theme);
  const std::array<std::uint8_t, 4>& at(double share) const;

 private:
  std::array<std::array<std::uint8_t, 4>, 256> colors_;
};

/// Contrast ratio of two opaque colours, 1 to 21 (WCAG 2.2, relative luminance).
double contrast(const Color& a, const Color& b);

/// a + (b - a) * share, channel by channel.
Color mix(const Color& a, const Color& b, double share);

/// Black or white, whichever reads better on `ground`.
Color ink_on(const Color& ground);

}  // namespace qlab::chart
