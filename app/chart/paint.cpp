#include "app/chart/paint.hpp"

#include <cairo.h>

#include <numbers>

#include "app/chart/text.hpp"

namespace qlab::chart {
namespace {

class Painter {
 public:
  explicit Painter(cairo_t* cairo) : cairo_(cairo) {}

  void operator()(const Rectangle& shape) const {
    cairo_rectangle(cairo_, shape.corner.x, shape.corner.y, shape.width, shape.height);
    fill(shape.fill);
  }
  void operator()(const Polyline& shape) const {
    trace(shape.points);
    source(shape.stroke.color);
    cairo_set_line_width(cairo_, shape.stroke.width);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
    const std::vector<double>& dashes = shape.stroke.dashes;
    cairo_set_dash(cairo_, dashes.data(), static_cast<int>(dashes.size()), 0);
    cairo_stroke(cairo_);
  }
  void operator()(const Polygon& shape) const {
    trace(shape.points);
    cairo_close_path(cairo_);
    fill(shape.fill);
  }
  void operator()(const Circle& shape) const {
    cairo_new_sub_path(cairo_);
    cairo_arc(cairo_, shape.center.x, shape.center.y, shape.radius, 0, 2 * std::numbers::pi);
    fill(shape.fill);
  }
  void operator()(const Image& shape) const;
  void operator()(const Label& shape) const { draw_label(cairo_, shape); }

 private:
  void trace(const std::vector<Point>& points) const {
    for (const Point& point : points) cairo_line_to(cairo_, point.x, point.y);
  }
  void source(const Color& color) const { cairo_set_source_rgba(cairo_, color.r, color.g, color.b, color.a); }
  void fill(const Color& color) const {
    source(color);
    cairo_fill(cairo_);
  }

  cairo_t* cairo_;
};

void Painter::operator()(const Image& shape) const {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, shape.columns, shape.rows);
  unsigned char* row = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  const std::uint8_t* from = shape.rgba.data();
  for (int y = 0; y < shape.rows; ++y, row += stride) {
    auto* to = reinterpret_cast<std::uint32_t*>(row);
    for (int x = 0; x < shape.columns; ++x, from += 4) {
      const std::uint32_t a = from[3];
      const auto premultiplied = [a](std::uint32_t channel) { return (channel * a + 127) / 255; };
      to[x] = a << 24 | premultiplied(from[0]) << 16 | premultiplied(from[1]) << 8 | premultiplied(from[2]);
    }
  }
  cairo_surface_mark_dirty(surface);
  cairo_save(cairo_);
  cairo_rectangle(cairo_, shape.area.corner.x, shape.area.corner.y, shape.area.width, shape.area.height);
  cairo_clip(cairo_);
  cairo_translate(cairo_, shape.area.corner.x, shape.area.corner.y);
  cairo_scale(cairo_, shape.area.width / shape.columns, shape.area.height / shape.rows);
  cairo_set_source_surface(cairo_, surface, 0, 0);
  cairo_pattern_set_extend(cairo_get_source(cairo_), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter(cairo_get_source(cairo_), CAIRO_FILTER_BILINEAR);
  cairo_paint(cairo_);
  cairo_restore(cairo_);
  cairo_surface_destroy(surface);
}

}  // namespace

void paint(cairo_t* cairo, const Scene& scene) {
  const Painter painter(cairo);
  if (scene.background.a > 0) painter(Rectangle{{0, 0}, scene.width, scene.height, scene.background});
  for (const Shape& shape : scene.shapes) std::visit(painter, shape);
}

}  // namespace qlab::chart
