// Text as Pango sets it: how wide it is, where lines break, what must be shortened. Layout and drawing share one
// shaping, so what was measured is what is drawn.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/chart/scene.hpp"

using cairo_t = struct _cairo;  // NOLINT(bugprone-reserved-identifier): Cairo's own name

namespace qlab::chart {

/// The first that is installed; the Chinese face covers Latin too, so a machine with only that one shows every label.
inline constexpr const char* font_families = "Noto Sans, Noto Sans CJK SC, DejaVu Sans, sans-serif";

// Heights as shares of the font size, roomy enough for every face above.
inline constexpr double ascent = 0.93;
inline constexpr double descent = 0.27;
inline constexpr double cap_height = 0.72;
inline constexpr double line_spacing = 1.3;

/// Width in pixels of a text as Pango sets it; proportional to the size.
double text_width(const std::string& text, double size, bool bold);

/// How many characters no installed font can show (they would be boxes).
int count_unknown_glyphs(const std::string& text);

/// Valid UTF-8 on one line: broken bytes become U+FFFD, control characters become spaces.
std::string clean(const std::string& text);

/// Breaks a clean text at the places Unicode allows (between Chinese characters, not before their punctuation) into at
/// most `max_lines` lines no wider than `width`; what does not fit ends in an ellipsis. A word wider than the line is
/// cut. Empty when not even the ellipsis fits.
std::vector<std::string> wrap(const std::string& text, double size, bool bold, double width, std::size_t max_lines);

/// wrap() to one line; an empty string when nothing fits.
std::string shorten(const std::string& text, double size, bool bold, double width);

/// The box around a label, upright even when the label is rotated.
Rectangle bounds(const Label& label);

/// Draws the label on a Cairo context.
void draw_label(cairo_t* cairo, const Label& label);

}  // namespace qlab::chart
