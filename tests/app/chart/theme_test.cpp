#include "app/chart/theme.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab::chart;

constexpr Theme themes[] = {Theme::light, Theme::dark, Theme::projector};

using Triple = std::array<double, 3>;

double to_linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

Triple linear_rgb(const Color& color) { return {to_linear(color.r), to_linear(color.g), to_linear(color.b)}; }

/// OKLab of linear sRGB (Ottosson 2020): distance 0.02 is about the least that is noticed side by side.
Triple oklab(const Triple& rgb) {
  const double l = std::cbrt(0.4122214708 * rgb[0] + 0.5363325363 * rgb[1] + 0.0514459929 * rgb[2]);
  const double m = std::cbrt(0.2119034982 * rgb[0] + 0.6806995451 * rgb[1] + 0.1073969566 * rgb[2]);
  const double s = std::cbrt(0.0883024619 * rgb[0] + 0.2817188376 * rgb[1] + 0.6299787005 * rgb[2]);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

double distance(const Triple& a, const Triple& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

/// Complete protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009, severity 1), on linear sRGB.
constexpr double dichromacies[3][3][3] = {
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

Triple seen(const Triple& rgb, int kind) {
  if (kind < 0) return rgb;
  Triple out = {};
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < 3; ++j) sum += dichromacies[kind][i][j] * rgb[j];
    out[i] = std::clamp(sum, 0.0, 1.0);
  }
  return out;
}

}  // namespace

TEST_CASE("contrast is WCAG's ratio", "[app][chart]") {
  CHECK(contrast({0, 0, 0, 1}, {1, 1, 1, 1}) == Approx(21));
  CHECK(contrast({1, 1, 1, 1}, {0, 0, 0, 1}) == Approx(21));
  CHECK(contrast({0.2, 0.4, 0.6, 1}, {0.2, 0.4, 0.6, 1}) == Approx(1));
}

TEST_CASE("text, marks and lines stand out from the background of every theme", "[app][chart]") {
  for (const Theme theme : themes) {
    const Look& colors = look(theme);
    CAPTURE(theme);
    CHECK(contrast(colors.text, colors.background) >= (theme == Theme::projector ? 15 : 7));
    CHECK(contrast(colors.muted, colors.background) >= (theme == Theme::projector ? 7 : 4.5));
    CHECK(contrast(colors.axis, colors.background) >= 3);
    CHECK(contrast(colors.reference, colors.background) >= 7);
    for (const Color& series : colors.series) CHECK(contrast(series, colors.background) >= 3);
    CHECK(contrast(colors.grid, colors.background) < 2);
  }
}

TEST_CASE("series colours are told apart with any colour vision, better than by the set they started from",
          "[app][chart]") {
  constexpr double okabe_ito = 0.076;  // the least distance within that set, measured in the same way
  for (const Theme theme : themes) {
    const auto& series = look(theme).series;
    for (int kind = -1; kind < 3; ++kind) {
      for (std::size_t i = 0; i < series.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          CAPTURE(theme, kind, i, k);
          CHECK(distance(oklab(seen(linear_rgb(series[i]), kind)), oklab(seen(linear_rgb(series[k]), kind))) >
                okabe_ito);
        }
      }
    }
  }
}

TEST_CASE("a ninth series differs from the first", "[app][chart]") {
  for (const Theme theme : themes) {
    const Color first = series_color(look(theme), 0), ninth = series_color(look(theme), 8);
    CHECK(distance(oklab(linear_rgb(first)), oklab(linear_rgb(ninth))) > 0.05);
  }
}

TEST_CASE("the ramp is even in OKLab and its lightness runs one way, from the background's side", "[app][chart]") {
  for (const Theme theme : themes) {
    constexpr int steps = 64;
    double least = 1e9, most = 0, before = 0;
    for (int i = 0; i <= steps; ++i) {
      const Triple here = oklab(linear_rgb(ramp(theme, static_cast<double>(i) / steps)));
      if (i > 0) {
        const double step = distance(here, oklab(linear_rgb(ramp(theme, static_cast<double>(i - 1) / steps))));
        least = std::min(least, step);
        most = std::max(most, step);
        CHECK((theme == Theme::dark ? here[0] > before : here[0] < before));
      }
      before = here[0];
    }
    CAPTURE(theme, least, most);
    CHECK(most < 1.4 * least);
    CHECK(contrast(ramp(theme, 1), look(theme).background) > 10);
  }
}

TEST_CASE("ink on any colour reads", "[app][chart]") {
  for (const Theme theme : themes) {
    for (const Color& series : look(theme).series) CHECK(contrast(ink_on(series), series) >= 3.5);
    for (int i = 0; i <= 100; ++i) CHECK(contrast(ink_on(ramp(theme, i / 100.0)), ramp(theme, i / 100.0)) >= 3.5);
  }
}
