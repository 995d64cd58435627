#include "app/chart/draw.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "app/chart/layout.hpp"
#include "tests/app/chart/samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/xml.hpp"

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
  return layout(test::sample_charts().front(), {Theme::light, Language::zh, 640, 400, 13, transparent});
}

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// Every element below `root`, itself included, of a name.
void collect(const test::XmlElement& root, const std::string& name, std::vector<const test::XmlElement*>& found) {
  if (root.name == name) found.push_back(&root);
  for (const test::XmlElement& child : root.children) collect(child, name, found);
}

std::vector<const test::XmlElement*> elements(const test::XmlElement& root, const std::string& name) {
  std::vector<const test::XmlElement*> found;
  collect(root, name, found);
  return found;
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
  CHECK_FALSE(encode_png(layout(test::sample_charts().front(), huge), 2, {}));
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
  for (const Chart& chart : test::sample_charts()) {
    CAPTURE(chart.name);
    const Scene scene = layout(chart, {});
    const test::XmlElement svg = test::parse_xml(encode_svg(scene, about));
    CHECK(svg.attributes.at("viewBox") == "0 0 900 600");
    CHECK(svg.attributes.at("font-family").find("Noto Sans CJK SC") != std::string::npos);
    CHECK(elements(svg, "title").at(0)->text == "误差 & <error>");
    Metadata items;
    for (const test::XmlElement* item : elements(svg, "q:item")) items[item->attributes.at("key")] = item->text;
    CHECK(items == about);
    // The same labels at the same places as Cairo draws them.
    const auto texts = elements(svg, "text");
    std::size_t next = 0;
    for (const Shape& shape : scene.shapes) {
      const auto* label = std::get_if<Label>(&shape);
      if (label == nullptr) continue;
      REQUIRE(next < texts.size());
      CHECK(texts[next]->text == label->text);
      CHECK(std::stod(texts[next]->attributes.at("x")) == Approx(label->baseline.x).margin(0.006));
      ++next;
    }
    CHECK(next == texts.size());
  }
}

TEST_CASE("an SVG escapes whatever a name holds", "[app][chart]") {
  Chart chart = test::sample_charts().front();
  chart.title = {"</text><script>alert('1')</script> & \"x\"\x01\xff", ""};
  chart.series[0].label = {"]]> <!-- ", ""};
  const test::XmlElement svg = test::parse_xml(encode_svg(layout(chart, {}), {{"Key", "<\x02&\">"}}));
  CHECK(elements(svg, "script").empty());
  CHECK(elements(svg, "title").at(0)->text == "</text><script>alert('1')</script> & \"x\" \xEF\xBF\xBD");
  CHECK(elements(svg, "q:item").at(0)->text == "< &\">");
}

TEST_CASE("a field's image lies in the SVG as PNG", "[app][chart]") {
  for (const Chart& chart : test::sample_charts()) {
    if (chart.name != "contour_ht") continue;
    const std::string svg = encode_svg(layout(chart, {}), {});
    CHECK(occurrences(svg, "href=\"data:image/png;base64,iVBORw0KGgo") == 2);  // the field and the colour bar
    CHECK(svg.find("http", svg.find("http") + 1) == std::string::npos);  // only the namespace, no reference outside
  }
}

TEST_CASE("the same scene gives the same bytes, whatever was drawn before", "[app][chart]") {
  const std::vector<Chart> charts = test::sample_charts();
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

TEST_CASE("two processes write the same bytes", "[app][chart]") {
  const test::TemporaryFolder folder;
  for (const char* name : {"one", "two"}) {
    const test::Outcome outcome = test::run_program({{CHART_GALLERY, (folder / name).string()}});
    REQUIRE(outcome.exit_code == 0);
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "one")) {
    CAPTURE(entry.path().filename().string());
    CHECK((test::content_of(entry.path()) == test::content_of(folder / "two" / entry.path().filename())));
    ++files;
  }
  CHECK(files == test::sample_charts().size() * 15);
}
