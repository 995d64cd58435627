// Pixels of a Scene: the window's texture and the first step of a PNG.
#include <cairo.h>

#include <cmath>
#include <cstddef>

#include "app/chart/draw.hpp"
#include "app/chart/paint.hpp"
#include "core/base/check.hpp"

namespace qlab::chart {
namespace {

/// From Cairo's 0xAARRGGBB in the machine's byte order to bytes r, g, b, a.
void copy_opaque(const std::uint32_t* from, int count, std::uint8_t* to) {
  for (int x = 0; x < count; ++x) {
    const std::uint32_t pixel = from[x];
    to[4 * x] = static_cast<std::uint8_t>(pixel >> 16);
    to[4 * x + 1] = static_cast<std::uint8_t>(pixel >> 8);
    to[4 * x + 2] = static_cast<std::uint8_t>(pixel);
    to[4 * x + 3] = 255;
  }
}

/// The same, and channels that Cairo has multiplied by alpha divided by it again.
void copy_straight(const std::uint32_t* from, int count, std::uint8_t* to) {
  for (int x = 0; x < count; ++x) {
    const std::uint32_t pixel = from[x], a = pixel >> 24;
    const auto straight = [a](std::uint32_t channel) {
      return static_cast<std::uint8_t>(a == 0 ? 0 : ((channel & 255) * 255 + a / 2) / a);
    };
    to[4 * x] = straight(pixel >> 16);
    to[4 * x + 1] = straight(pixel >> 8);
    to[4 * x + 2] = straight(pixel);
    to[4 * x + 3] = static_cast<std::uint8_t>(a);
  }
}

}  // namespace

Pixels rasterize(const Scene& scene, double scale) {
  QLAB_CHECK(scale > 0);
  Pixels pixels;
  pixels.width = static_cast<int>(std::lround(scene.width * scale));
  pixels.height = static_cast<int>(std::lround(scene.height * scale));
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, pixels.width, pixels.height);
  QLAB_CHECK(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS);
  cairo_t* cairo = cairo_create(surface);
  cairo_scale(cairo, pixels.width / scene.width, pixels.height / scene.height);
  paint(cairo, scene);
  QLAB_CHECK(cairo_status(cairo) == CAIRO_STATUS_SUCCESS);
  cairo_surface_flush(surface);

  pixels.rgba.resize(static_cast<std::size_t>(pixels.width) * pixels.height * 4);
  const unsigned char* row = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  std::uint8_t* to = pixels.rgba.data();
  const bool opaque = scene.background.a >= 1;
  for (int y = 0; y < pixels.height; ++y, row += stride, to += 4 * static_cast<std::ptrdiff_t>(pixels.width)) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(row);
    if (opaque) {
      copy_opaque(from, pixels.width, to);
    } else {
      copy_straight(from, pixels.width, to);
    }
  }
  cairo_destroy(cairo);
  cairo_surface_destroy(surface);
  return pixels;
}

}  // namespace qlab::chart
