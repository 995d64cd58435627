// Colours of the window in the three themes; the charts' own colours stand in app/chart/theme.hpp and these go with
// them. SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/layout.hpp"

namespace qlab::gui {

struct Palette {
  chart::Color panel;   ///< what texts and controls stand on; the charts' background
  chart::Color raised;  ///< fields, cards and buttons on a panel
  chart::Color line;    ///< borders, tracks of sliders
  chart::Color text;
  chart::Color muted;        ///< labels, units, sources
  chart::Color accent;       ///< what can be moved, links, the current lesson
  chart::Color accent_soft;  ///< ground of what is selected
  chart::Color on_accent;    ///< text on accent
  chart::Color good;
  chart::Color bad;
  chart::Color doubt;  ///< a claim that does not hold
};

const Palette& palette_of(chart::Theme theme);

}  // namespace qlab::gui
