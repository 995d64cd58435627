#include "app/chart/theme.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qlab::chart {
namespace {

// The series colours start from the hues of Okabe and Ito's set; lightness and chroma were then searched for the
// largest distance between any two in OKLab, as seen with normal vision and with each of the three dichromacies, under
// at least 3:1 of contrast with the background. theme_test.cpp measures both.

constexpr Color rgb(unsigned hex) {
  return {static_cast<double>(hex >> 16 & 255) / 255, static_cast<double>(hex >> 8 & 255) / 255,
          static_cast<double>(hex & 255) / 255, 1};
}

constexpr Look light = {
    .background = rgb(0xffffff),
    .text = rgb(0x1c2128),
    .muted = rgb(0x57606a),
    .axis = rgb(0x6e7781),
    .grid = rgb(0xe4e7eb),
    .reference = rgb(0x3d444d),
    .series = {rgb(0x23568c), rgb(0xe27212), rgb(0x2c8471), rgb(0x7b0f44), rgb(0x249bda), rgb(0x776109), rgb(0x705cbe),
               rgb(0x89939e)},
    .type = 1,
    .stroke = 1,
};

constexpr Look dark = {
    .background = rgb(0x15181d),
    .text = rgb(0xf0f2f5),
    .muted = rgb(0xa9b1bb),
    .axis = rgb(0x7d8590),
    .grid = rgb(0x30363f),
    .reference = rgb(0xd0d6dd),
    .series = {rgb(0x379be3), rgb(0xe87a22), rgb(0x9cf59a), rgb(0xac5189), rgb(0x72d0e2), rgb(0xe3be31), rgb(0x715fd4),
               rgb(0xe8eeff)},
    .type = 1,
    .stroke = 1,
};

constexpr Look projector = {
    .background = rgb(0xffffff),
    .text = rgb(0x000000),
    .muted = rgb(0x24292f),
    .axis = rgb(0x24292f),
    .grid = rgb(0xcdd2d8),
    .reference = rgb(0x000000),
    .series = {rgb(0x154d9a), rgb(0xc05c0c), rgb(0x358a74), rgb(0x760d43), rgb(0x2b94da), rgb(0x734e0a), rgb(0x340064),
               rgb(0x606071)},
    .type = 1.25,
    .stroke = 1.6,
};

double linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double gamma(double channel) {
  return channel <= 0.0031308 ? channel * 12.92 : 1.055 * std::pow(channel, 1 / 2.4) - 0.055;
}

/// OKLab (Bjoern Ottosson, 2020): equal steps look equally far apart.
struct Oklab {
  double l, a, b;
};

Color color_of(const Oklab& lab) {
  const auto cube = [](double x) { return x * x * x; };
  const double l = cube(lab.l + 0.3963377774 * lab.a + 0.2158037573 * lab.b);
  const double m = cube(lab.l - 0.1055613458 * lab.a - 0.0638541728 * lab.b);
  const double s = cube(lab.l - 0.0894841775 * lab.a - 1.2914855480 * lab.b);
  const auto channel = [](double x) { return gamma(std::clamp(x, 0.0, 1.0)); };
  return {channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s), 1};
}

double luminance(const Color& color) {
  return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b);
}

}  // namespace

const Look& look(Theme theme) {
  switch (theme) {
    case Theme::dark: return dark;
    case Theme::projector: return projector;
    case Theme::light: break;
  }
  return light;
}

Color series_color(const Look& look, std::size_t series) {
  const Color& color = look.series[series % look.series.size()];
  const std::size_t round = series / look.series.size();
  return round == 0 ? color : mix(color, look.text, std::min(0.6, 0.3 * static_cast<double>(round)));
}

Color ramp(Theme theme, double share) {
  // Lightness runs evenly from dark violet to pale yellow while the hue turns through blue and green, so the order
  // survives in grey and for every kind of colour vision.
  const double t = std::clamp(theme == Theme::dark ? share : 1 - share, 0.0, 1.0);
  const double lightness = 0.27 + 0.68 * t;
  const double hue = (300 - 195 * t) * std::numbers::pi / 180;
  const double chroma = 0.098 + 0.04 * (2 * t - 1) * (2 * t - 1);  // just inside sRGB all the way
  return color_of({lightness, chroma * std::cos(hue), chroma * std::sin(hue)});
}

Ramp::Ramp(Theme theme) {
  const auto byte = [](double channel) { return static_cast<std::uint8_t>(std::lround(channel * 255)); };
  for (std::size_t i = 0; i < colors_.size(); ++i) {
    const Color color = ramp(theme, static_cast<double>(i) / (static_cast<double>(colors_.size()) - 1));
    colors_[i] = {byte(color.r), byte(color.g), byte(color.b), 255};
  }
}

const std::array<std::uint8_t, 4>& Ramp::at(double share) const {
  return colors_[static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * 255 + 0.5)];
}

double contrast(const Color& a, const Color& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

Color mix(const Color& a, const Color& b, double share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share, a.a + (b.a - a.a) * share};
}

Color ink_on(const Color& ground) {
  // On saturated middle tones white reads better than the ratio of luminances says, so it goes first where it is
  // enough.
  constexpr Color black = {0, 0, 0, 1}, white = {1, 1, 1, 1};
  return contrast(white, ground) >= 3.5 ? white : black;
}

}  // namespace qlab::chart
