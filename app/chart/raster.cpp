// Pixels of a Scene: the window's texture and the first step of a PNG.
#include <cairo.h>

#include <cmath>
#include <cstring>

#include "app/chart/draw.hpp"
#include "app/chart/paint.hpp"
#include "core/base/check.hpp"

namespace qlab::chart {

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
  for (int y = 0; y < pixels.height; ++y, row += stride) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(row);
    for (int x = 0; x < pixels.width; ++x, to += 4) {
      const std::uint32_t pixel = from[x];
      std::uint32_t r = pixel >> 16 & 255, g = pixel >> 8 & 255, b = pixel & 255;
      const std::uint32_t a = pixel >> 24;
      if (!opaque && a != 0 && a != 255) {
        const auto straight = [a](std::uint32_t channel) { return (channel * 255 + a / 2) / a; };
        r = straight(r);
        g = straight(g);
        b = straight(b);
      }
      to[0] = static_cast<std::uint8_t>(r);
      to[1] = static_cast<std::uint8_t>(g);
      to[2] = static_cast<std::uint8_t>(b);
      to[3] = static_cast<std::uint8_t>(a);
    }
  }
  cairo_destroy(cairo);
  cairo_surface_destroy(surface);
  return pixels;
}

}  // namespace qlab::chart
