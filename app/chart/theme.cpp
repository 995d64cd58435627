#include "app/chart/theme.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qlab::chart {
namespace {

constexpr Color rgb(unsigned hex) {
  return {static_cast<double>(hex >> 16 & 255) / 255, static_cast<double>(hex >> 8 & 255) / 255,
          static_cast<double>(hex & 255) / 255, 1};
}

constexpr Look light = {rgb(0xffffff),
                        rgb(0x1c2128),
                        rgb(0x57606a),
                        rgb(0x6e7781),
                        rgb(0xe4e7eb),
                        rgb(0x3d444d),
                        {rgb(0x0072b2), rgb(0xd55e00), rgb(0x008f68), rgb(0xb5508f), rgb(0x3a93cc), rgb(0xa87900),
                         rgb(0x4d4f9c), rgb(0x6b6b6b)},
                        1,
                        1};

constexpr Look dark = {rgb(0x15181d),
                       rgb(0xf0f2f5),
                       rgb(0xa9b1bb),
                       rgb(0x7d8590),
                       rgb(0x2b3038),
                       rgb(0xd0d6dd),
                       {rgb(0x56b4e9), rgb(0xf0824a), rgb(0x2fc39a), rgb(0xe08bc0), rgb(0x4a8fe0), rgb(0xe8b93a),
                        rgb(0xa79bf0), rgb(0xb0b0b0)},
                       1,
                       1};

constexpr Look projector = {rgb(0xffffff),
                            rgb(0x000000),
                            rgb(0x24292f),
                            rgb(0x24292f),
                            rgb(0xd0d5db),
                            rgb(0x000000),
                            {rgb(0x005a9e), rgb(0xc24a00), rgb(0x00714f), rgb(0x9c2f78), rgb(0x2a83bd), rgb(0x8a6100),
                             rgb(0x3b3c8f), rgb(0x555555)},
                            1.25,
                            1.6};

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
  const double chroma = 0.115 + 0.05 * std::sin(std::numbers::pi * t);
  return color_of({lightness, chroma * std::cos(hue), chroma * std::sin(hue)});
}

double contrast(const Color& a, const Color& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

Color mix(const Color& a, const Color& b, double share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share, a.a + (b.a - a.a) * share};
}

Color ink_on(const Color& ground) {
  constexpr Color black = {0, 0, 0, 1}, white = {1, 1, 1, 1};
  return contrast(black, ground) >= contrast(white, ground) ? black : white;
}

}  // namespace qlab::chart
