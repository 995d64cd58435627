#include "app/gui/palette.hpp"

#include "app/chart/theme.hpp"
#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;

TEST_CASE("palette: everything written can be read (WCAG AA, 4.5 to 1)", "[app][gui]") {
  const chart::Theme theme = GENERATE(chart::Theme::light, chart::Theme::dark, chart::Theme::projector);
  CAPTURE(static_cast<int>(theme));
  const Palette& palette = palette_of(theme);
  for (const chart::Color& ground : {palette.panel, palette.raised}) {
    for (const chart::Color& ink :
         {palette.text, palette.muted, palette.accent, palette.good, palette.bad, palette.doubt}) {
      CHECK(chart::contrast(ink, ground) >= 4.5);
    }
  }
  CHECK(chart::contrast(palette.text, palette.accent_soft) >= 4.5);
  CHECK(chart::contrast(palette.accent, palette.accent_soft) >= 4.5);
  CHECK(chart::contrast(palette.on_accent, palette.accent) >= 4.5);
}

TEST_CASE("palette: panels continue the charts' background", "[app][gui]") {
  const chart::Theme theme = GENERATE(chart::Theme::light, chart::Theme::dark, chart::Theme::projector);
  const chart::Color& panel = palette_of(theme).panel;
  const chart::Color& chart = chart::look(theme).background;
  CHECK(panel.r == chart.r);
  CHECK(panel.g == chart.g);
  CHECK(panel.b == chart.b);
}
