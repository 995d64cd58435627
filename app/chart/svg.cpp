// A Scene as SVG with real text elements (Cairo's SVG turns text into outlines that nobody can edit or search).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "app/chart/png.hpp"
#include "core/base/check.hpp"
#include "core/base/xml.hpp"

namespace qlab::chart {
namespace {

std::string escape(const std::string& text) { return xml_escaped(clean(text)); }

/// A length in hundredths of a pixel, without trailing zeros.
std::string number(double value) {
  std::string out = fmt::format("{:.2f}", value);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

int channel(double value) { return static_cast<int>(std::lround(std::clamp(value, 0.0, 1.0) * 255)); }

std::string hex(const Color& color) {
  return fmt::format("#{:02x}{:02x}{:02x}", channel(color.r), channel(color.g), channel(color.b));
}

/// ` fill="#..."`, with an opacity only where it is not whole.
std::string paint_of(const char* what, const Color& color) {
  std::string out = fmt::format(" {}=\"{}\"", what, hex(color));
  if (color.a < 1) out += fmt::format(" {}-opacity=\"{}\"", what, number(color.a));
  return out;
}

std::string list(const std::vector<Point>& points) {
  std::string out;
  for (const Point& point : points) {
    if (!out.empty()) out += ' ';
    out += number(point.x) + ',' + number(point.y);
  }
  return out;
}

std::string base64(const std::string& bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0u; };
    const unsigned word = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += digits[word >> 18 & 63];
    out += digits[word >> 12 & 63];
    out += i + 1 < bytes.size() ? digits[word >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? digits[word & 63] : '=';
  }
  return out;
}

const char* class_of(Role role) {
  switch (role) {
    case Role::title: return "title";
    case Role::legend: return "legend";
    case Role::axis_title: return "axis-title";
    case Role::x_tick: return "x-tick";
    case Role::y_tick: return "y-tick";
    case Role::z_tick: return "z-tick";
    case Role::value: return "value";
    case Role::point: return "point";
    case Role::reference: return "reference";
    case Role::contour: return "contour";
    case Role::note: return "note";
    case Role::message: return "message";
  }
  return "";
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(const Rectangle& shape) { put("<rect{}{}/>\n", box(shape), paint_of("fill", shape.fill)); }
  void operator()(const Polyline& shape) {
    std::string dashes;
    for (const double length : shape.stroke.dashes) dashes += (dashes.empty() ? "" : " ") + number(length);
    put("<polyline points=\"{}\" fill=\"none\"{} stroke-width=\"{}\" stroke-linejoin=\"round\"{}/>\n",
        list(shape.points), paint_of("stroke", shape.stroke.color), number(shape.stroke.width),
        dashes.empty() ? "" : " stroke-dasharray=\"" + dashes + "\"");
  }
  void operator()(const Polygon& shape) {
    put("<polygon points=\"{}\"{}/>\n", list(shape.points), paint_of("fill", shape.fill));
  }
  void operator()(const Circle& shape) {
    put("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", number(shape.center.x), number(shape.center.y),
        number(shape.radius), paint_of("fill", shape.fill));
  }
  void operator()(const Image& shape);
  void operator()(const Label& shape) {
    static constexpr const char* anchors[] = {"start", "middle", "end"};
    put("<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"{}{}{}", class_of(shape.role), number(shape.baseline.x),
        number(shape.baseline.y), number(shape.size), shape.bold ? " font-weight=\"bold\"" : "",
        shape.anchor == Anchor::start ? std::string()
                                      : fmt::format(" text-anchor=\"{}\"", anchors[static_cast<int>(shape.anchor)]),
        paint_of("fill", shape.color));
    if (shape.rotation_degrees != 0) {
      put(" transform=\"rotate({} {} {})\"", number(shape.rotation_degrees), number(shape.baseline.x),
          number(shape.baseline.y));
    }
    put(">{}</text>\n", escape(shape.text));
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }
  static std::string box(const Rectangle& area) {
    return fmt::format(" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", number(area.corner.x), number(area.corner.y),
                       number(area.width), number(area.height));
  }

  std::string& out_;
};

void Writer::operator()(const Image& shape) {
  const Result<std::string> png = write_png(Pixels{shape.columns, shape.rows, shape.rgba}, {});
  QLAB_CHECK(png);  // a few hundred samples a side
  put("<image{} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{}\"/>\n", box(shape.area), base64(*png));
}

}  // namespace

std::string encode_svg(const Scene& scene, const Metadata& metadata) {
  const auto title = metadata.find("Title");
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
      "height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "xml:lang=\"{2}\" font-family=\"{3}\">\n<title>{4}</title>\n",
      number(scene.width), number(scene.height), scene.language == Language::zh ? "zh-Hans" : "en", font_families,
      escape(title == metadata.end() ? scene.title : title->second));
  if (!metadata.empty()) {
    out += "<metadata xmlns:q=\"urn:qloralab\">\n";
    for (const auto& [key, value] : metadata) {
      out += fmt::format("<q:item key=\"{}\">{}</q:item>\n", escape(key), escape(value));
    }
    out += "</metadata>\n";
  }
  Writer writer(out);
  if (scene.background.a > 0) writer(Rectangle{{0, 0}, scene.width, scene.height, scene.background});
  for (const Shape& shape : scene.shapes) std::visit(writer, shape);
  out += "</svg>\n";
  return out;
}

}  // namespace qlab::chart
