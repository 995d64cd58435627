#include "app/chart/draw.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "app/chart/layout.hpp"
#include "tests/app/chart/samples.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::chart;

const Metadata about = {{"Title", "误差 & <error>"},
                        {"Software", "qloralab 0.1.0"},
                        {"Parameters", "block_size=64"},
                        {"Command", "qloralab run nf4 --set block_size=64"}};

/// A PNG read back by libpng.
struct Png {
  png_uint_32 width = 0, height = 0, density = 0;
  int color_type = 0;
  std::map<std::string, std::string> texts;
};

Png read_png(const std::string& bytes) {
  struct Source {
    const std::string& bytes;
    std::size_t at;
  } source{bytes, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_read_fn(png, &source, [](png_structp reader, png_bytep to, png_size_t count) {
    auto* from = static_cast<Source*>(png_get_io_ptr(reader));
    if (from->at + count > from->bytes.size()) png_error(reader, "short");
    std::memcpy(to, from->bytes.data() + from->at, count);
    from->at += count;
  });
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);  // aborts the test on a broken file
  Png out;
  out.width = png_get_image_width(png, info);
  out.height = png_get_image_height(png, info);
  out.color_type = png_get_color_type(png, info);
  out.density = png_get_x_pixels_per_meter(png, info);
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(png, info, &texts, &count);
  for (int i = 0; i < count; ++i) out.texts[texts[i].key] = texts[i].text;
  png_destroy_read_struct(&png, &info, nullptr);
  return out;
}

Scene sample_scene(bool transparent = false) {
  return layout(test::samples().front(), {Theme::light, Language::zh, 640, 400, 13, transparent});
}

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// Whether tags nest and close, attributes are quoted and no bare ampersand is left: what an XML parser would refuse.
bool well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size(); ++at) {
    if (xml[at] == '&') {
      const std::size_t end = xml.find(';', at);
      const std::string name = end == std::string::npos ? "" : xml.substr(at + 1, end - at - 1);
      if (name != "amp" && name != "lt" && name != "gt" && name != "quot") return false;
    }
    if (xml[at] == '>') return false;
    if (xml[at] != '<') continue;
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos || std::count(tag.begin(), tag.end(), '"') % 2 != 0) return false;
    const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" /\n", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty();
}

}  // namespace

TEST_CASE("pixels have the scene's size times the scale, its background and its marks", "[app][chart]") {
  const Scene scene = sample_scene();
  for (const double scale : {1.0, 1.25, 2.0, 3.0}) {
    const Pixels pixels = rasterize(scene, scale);
    CHECK(pixels.width == std::lround(640 * scale));
    CHECK(pixels.height == std::lround(400 * scale));
    REQUIRE(pixels.rgba.size() == static_cast<std::size_t>(pixels.width) * pixels.height * 4);
    CHECK((pixels.rgba[0] == 255 && pixels.rgba[1] == 255 && pixels.rgba[2] == 255 && pixels.rgba[3] == 255));
    // The first series' blue is on it, exactly, in the order red, green, blue.
    const Color& blue = look(Theme::light).series[0];
    bool found = false;
    for (std::size_t i = 0; i < pixels.rgba.size() && !found; i += 4) {
      found = pixels.rgba[i] == std::lround(blue.r * 255) && pixels.rgba[i + 1] == std::lround(blue.g * 255) &&
              pixels.rgba[i + 2] == std::lround(blue.b * 255);
    }
    CHECK(found);
  }
}

TEST_CASE("a transparent picture has straight alpha: text keeps its colour where it is faint", "[app][chart]") {
  const Pixels pixels = rasterize(sample_scene(true), 1);
  CHECK(pixels.rgba[3] == 0);
  std::size_t faint = 0, clear = 0;
  for (std::size_t i = 0; i < pixels.rgba.size(); i += 4) {
    const int a = pixels.rgba[i + 3];
    if (a == 0) ++clear;
    if (a > 20 && a < 200) ++faint;
  }
  CHECK(clear > pixels.rgba.size() / 4 / 2);
  CHECK(faint > 100);
}

TEST_CASE("a PNG carries scale, density and metadata, and alpha only when it is transparent", "[app][chart]") {
  for (const double scale : {1.0, 2.0, 4.0}) {
    const auto bytes = encode_png(sample_scene(), scale, about);
    REQUIRE(bytes);
    const Png png = read_png(*bytes);
    CHECK(png.width == 640 * scale);
    CHECK(png.density == std::lround(96 / 0.0254 * scale));
    CHECK(png.color_type == PNG_COLOR_TYPE_RGB);
    CHECK(png.texts == about);
  }
  const auto clear = encode_png(sample_scene(true), 1, {});
  REQUIRE(clear);
  CHECK(read_png(*clear).color_type == PNG_COLOR_TYPE_RGBA);
  CHECK(read_png(*clear).texts.empty());
}

TEST_CASE("a PNG refuses a scale outside 1 to 4 and a side of more than 32767 pixels", "[app][chart]") {
  for (const double scale : {0.5, 4.5, -1.0, std::nan("")}) {
    const auto result = encode_png(sample_scene(), scale, {});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::bad_argument);
    CHECK(result.error().hint == "use 1 to 4");
  }
  Style huge;
  huge.width = 20000;
  CHECK_FALSE(encode_png(layout(test::samples().front(), huge), 2, {}));
}

TEST_CASE("a PDF has one page of the picture's size, its title, its metadata and no date of today", "[app][chart]") {
  const auto pdf = encode_pdf(sample_scene(), about);
  REQUIRE(pdf);
  CHECK(pdf->starts_with("%PDF-1."));
  CHECK(occurrences(*pdf, "/Type /Page ") == 1);
  CHECK(pdf->find("480 300") != std::string::npos);  // 640x400 pixels at 96 an inch, in points
  CHECK(occurrences(*pdf, "/CreationDate (20000101000000") == 1);
  CHECK(pdf->find("block_size=64") != std::string::npos);
  CHECK(pdf->find("/ModDate") == std::string::npos);
}

TEST_CASE("an SVG is well-formed, keeps texts as text and tells where it is from", "[app][chart]") {
  for (const Chart& chart : test::samples()) {
    const std::string svg = encode_svg(layout(chart, {}), about);
    CAPTURE(chart.name);
    CHECK(well_formed(svg));
    CHECK(svg.find(">" + chart.x.label.en) != std::string::npos);
    CHECK(svg.find("<title>误差 &amp; &lt;error&gt;</title>") != std::string::npos);
    CHECK(svg.find("<q:item key=\"Command\">qloralab run nf4 --set block_size=64</q:item>") != std::string::npos);
    CHECK(svg.find("Noto Sans CJK SC") != std::string::npos);
  }
  CHECK_FALSE(well_formed("<a><b></a>"));  // the check can fail
  CHECK_FALSE(well_formed("<a>&</a>"));
}

TEST_CASE("an SVG escapes whatever a name holds", "[app][chart]") {
  Chart chart = test::samples().front();
  chart.title = {"</text><script>alert('1')</script> & \"x\"\x01\xff", ""};
  chart.series[0].label = {"]]> <!-- ", ""};
  const std::string svg = encode_svg(layout(chart, {}), {{"Key", "<\x02&\">"}});
  CHECK(well_formed(svg));
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find('\x01') == std::string::npos);
}

TEST_CASE("a field's image lies in the SVG as PNG", "[app][chart]") {
  for (const Chart& chart : test::samples()) {
    if (chart.name != "contour_ht") continue;
    const std::string svg = encode_svg(layout(chart, {}), {});
    CHECK(occurrences(svg, "href=\"data:image/png;base64,iVBORw0KGgo") == 2);  // the field and the colour bar
    CHECK(svg.find("http", svg.find("http") + 1) == std::string::npos);  // only the namespace, no reference outside
  }
}

TEST_CASE("the same scene gives the same bytes, whatever was drawn before", "[app][chart]") {
  const std::vector<Chart> charts = test::samples();
  const auto bytes_of = [](const Chart& chart) {
    const Scene scene = layout(chart, {Theme::dark, Language::zh, 500, 400, 13, false});
    return std::array{*encode_png(scene, 1.5, about), *encode_pdf(scene, about), encode_svg(scene, about)};
  };
  std::vector<std::array<std::string, 3>> first;
  for (const Chart& chart : charts) first.push_back(bytes_of(chart));
  for (std::size_t i = charts.size(); i-- > 0;) {
    CAPTURE(charts[i].name);
    CHECK((bytes_of(charts[i]) == first[i]));
  }
}
