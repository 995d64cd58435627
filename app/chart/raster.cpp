// Pixels of a Scene: the window's texture and the first step of a PNG.
#include <cairo.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "app/chart/draw.hpp"
#include "app/chart/paint.hpp"
#include "core/base/check.hpp"

namespace qlab::chart {
namespace {

/// From Cairo's 0xAARRGGBB in the machine's byte order to bytes r, g, b, a. Whole words, so that it vectorizes: byte by
/// byte this took three quarters of a picture's time.
void copy_opaque(const std::uint32_t* __restrict from, int count, std::uint8_t* __restrict to) {
  for (int x = 0; x < count; ++x) {
    const std::uint32_t pixel = from[x];
    const std::uint32_t word = std::endian::native == std::endian::little
                                   ? 0xff000000u | (pixel & 0xff00u) | (pixel >> 16 & 0xffu) | (pixel & 0xffu) << 16
                                   : pixel << 8 | 0xffu;
    std::memcpy(to + 4 * static_cast<std::ptrdiff_t>(x), &word, 4);
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

/// The surface to paint on, kept for the next picture of the same size: a slider asks for many, and fresh pages of
/// memory cost as much as drawing a chart.
class Canvas {
 public:
  Canvas() = default;
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  ~Canvas() { cairo_surface_destroy(surface_); }

  cairo_surface_t* of(int width, int height) {
    if (surface_ != nullptr && cairo_image_surface_get_width(surface_) == width &&
        cairo_image_surface_get_height(surface_) == height) {
      return surface_;
    }
    cairo_surface_destroy(surface_);
    surface_ = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    QLAB_CHECK(cairo_surface_status(surface_) == CAIRO_STATUS_SUCCESS);
    return surface_;
  }
  void forget_if_large() {
    constexpr int most_kept = 4'000'000;  // pixels
    if (cairo_image_surface_get_width(surface_) <= most_kept / cairo_image_surface_get_height(surface_)) return;
    cairo_surface_destroy(surface_);
    surface_ = nullptr;
  }

 private:
  cairo_surface_t* surface_ = nullptr;
};

}  // namespace

Pixels rasterize(const Scene& scene, double scale) {
  QLAB_CHECK(scale > 0);
  Pixels pixels;
  pixels.width = static_cast<int>(std::lround(scene.width * scale));
  pixels.height = static_cast<int>(std::lround(scene.height * scale));
  thread_local Canvas canvas;
  cairo_surface_t* surface = canvas.of(pixels.width, pixels.height);
  cairo_t* cairo = cairo_create(surface);
  const bool opaque = scene.background.a >= 1;
  if (!opaque) {
    cairo_set_operator(cairo, CAIRO_OPERATOR_CLEAR);
    cairo_paint(cairo);
    cairo_set_operator(cairo, CAIRO_OPERATOR_OVER);
  }
  cairo_scale(cairo, pixels.width / scene.width, pixels.height / scene.height);
  paint(cairo, scene);
  QLAB_CHECK(cairo_status(cairo) == CAIRO_STATUS_SUCCESS);
  cairo_surface_flush(surface);

  pixels.rgba.resize(static_cast<std::size_t>(pixels.width) * pixels.height * 4);
  const unsigned char* row = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  std::uint8_t* to = pixels.rgba.data();
  for (int y = 0; y < pixels.height; ++y, row += stride, to += 4 * static_cast<std::ptrdiff_t>(pixels.width)) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(row);
    if (opaque) {
      copy_opaque(from, pixels.width, to);
    } else {
      copy_straight(from, pixels.width, to);
    }
  }
  cairo_destroy(cairo);
  canvas.forget_if_large();
  return pixels;
}

}  // namespace qlab::chart
