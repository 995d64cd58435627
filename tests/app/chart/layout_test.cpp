#include "app/chart/layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "app/chart/draw.hpp"
#include "tests/app/chart/samples.hpp"
#include "tests/app/chart/scene_rules.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::chart;

struct Size {
  double width, height, font;
};
constexpr Size sizes[] = {{320, 240, 12},   {320, 240, 40},  {900, 600, 15},
                          {1920, 1080, 28}, {1600, 240, 15}, {320, 1400, 9}};

std::vector<Style> styles() {
  std::vector<Style> out;
  for (const Size& size : sizes) {
    for (const Theme theme : {Theme::light, Theme::dark, Theme::projector}) {
      for (const Language language : {Language::en, Language::zh}) {
        out.push_back({theme, language, size.width, size.height, size.font, false});
      }
    }
  }
  return out;
}

const ChartKind kinds[] = {ChartKind::line,         ChartKind::staircase,    ChartKind::scatter,
                           ChartKind::grouped_bars, ChartKind::stacked_bars, ChartKind::stacked_area,
                           ChartKind::histogram,    ChartKind::heat_map,     ChartKind::timeline};

std::vector<Label> labels_of(const Scene& scene, Role role) {
  std::vector<Label> out;
  for (const Shape& shape : scene.shapes) {
    const auto* label = std::get_if<Label>(&shape);
    if (label != nullptr && label->role == role) out.push_back(*label);
  }
  return out;
}

template <class Kind>
std::size_t count(const Scene& scene) {
  return static_cast<std::size_t>(std::count_if(scene.shapes.begin(), scene.shapes.end(), [](const Shape& shape) {
    return std::holds_alternative<Kind>(shape);
  }));
}

Chart line_of(std::vector<double> x, std::vector<double> y) {
  Chart chart;
  chart.kind = ChartKind::line;
  chart.series.resize(1);
  chart.series[0].x = std::move(x);
  chart.series[0].y = std::move(y);
  return chart;
}

Chart bars_of(std::vector<double> y, bool logarithmic) {
  Chart chart;
  chart.kind = ChartKind::grouped_bars;
  chart.y.logarithmic = logarithmic;
  chart.series.resize(1);
  chart.series[0].y = std::move(y);
  return chart;
}

/// Charts nobody would make on purpose, and some that happen: every kind with any data, names and axes.
class Adversary {
 public:
  explicit Adversary(unsigned seed) : random_(seed) {}

  Chart make() {
    Chart chart;
    chart.kind = kinds[below(std::size(kinds))];
    chart.title = text();
    chart.note = text();
    chart.x = axis(chart.kind != ChartKind::timeline && one_in(3));
    chart.y = axis(chart.kind == ChartKind::timeline && !one_in(4));
    chart.z = axis(false);
    const auto flavour = below(6);
    const std::size_t series = one_in(10) ? 0 : one_in(8) ? 1 + below(20) : 1 + below(4);
    for (std::size_t s = 0; s < series; ++s) chart.series.push_back(make_series(chart.kind, flavour));
    if (chart.kind == ChartKind::heat_map) chart.grid = grid(chart, flavour);
    for (std::size_t i = below(4); i > 0; --i) chart.lines.push_back({one_in(2), value(flavour), text()});
    return chart;
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  double uniform(double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random_); }

  double value(std::size_t flavour) {
    if (one_in(25)) {
      static constexpr double odd[] = {0,
                                       -0.0,
                                       1e-300,
                                       1e300,
                                       -1e300,
                                       std::numeric_limits<double>::infinity(),
                                       -std::numeric_limits<double>::infinity(),
                                       std::numeric_limits<double>::quiet_NaN(),
                                       std::numeric_limits<double>::max(),
                                       std::numeric_limits<double>::denorm_min()};
      return odd[below(std::size(odd))];
    }
    switch (flavour) {
      case 0: return uniform(0, 100);
      case 1: return uniform(-1e-7, 1e-7);
      case 2: return std::pow(10, uniform(-300, 300));
      case 3: return 1e9 + uniform(0, 1e-3);
      case 4: return std::pow(2, std::floor(uniform(4, 13)));
      default: return 7;
    }
  }

  Text text() {
    static const Text texts[] = {
        {"", ""},
        {"Memory", "内存"},
        {"Error against real bits per parameter, block size 64, fp32 constants, normal tensor of 262,144 values",
         "每参数实际位数与误差的关系，块大小为 64，常数为 fp32，张量服从正态分布，共有 262,144 个值，重复多次"},
        {"model.layers.31.self_attn.q_proj.weight.absmax.nested_absmax.quant_state.bitsandbytes__nf4",
         "模型第三十一层自注意力的查询投影权重的绝对最大值"},
        {"W", "权"},
        {"a<b & \"c\" > 'd'", "甲<乙 & “丙”"},
        {"line one\nline two\ttab", "第一行\n第二行"},
        {"\xff\xfe broken \x80 bytes", "坏\xe4字节"},
        {"7B", "70 亿"}};
    return texts[below(std::size(texts))];
  }

  Axis axis(bool named) {
    Axis axis;
    axis.label = text();
    if (one_in(2)) axis.unit = one_in(2) ? "GiB" : "bits/parameter";
    axis.logarithmic = one_in(3);
    if (one_in(6)) axis.minimum = value(below(6));
    if (one_in(6)) axis.maximum = value(below(6));
    if (named) {
      for (std::size_t i = one_in(3) ? 40 : 1 + below(8); i > 0; --i) axis.categories.push_back(text());
    }
    return axis;
  }

  Series make_series(ChartKind kind, std::size_t flavour) {
    Series series;
    series.label = text();
    series.marks = one_in(2);
    const std::size_t n = one_in(8) ? 0 : one_in(8) ? 1 : one_in(6) ? 400 : 1 + below(40);
    const std::size_t xs = kind == ChartKind::histogram ? n + 1 : kind == ChartKind::timeline ? 2 * n : n;
    for (std::size_t i = 0; i < xs; ++i) series.x.push_back(one_in(2) ? value(flavour) : static_cast<double>(i));
    if (kind == ChartKind::histogram) std::sort(series.x.begin(), series.x.end());
    for (std::size_t i = 0; i < n; ++i)
      series.y.push_back(kind == ChartKind::timeline ? static_cast<double>(below(5)) : value(flavour));
    for (std::size_t i = one_in(2) ? 0 : n; i > 0; --i) series.point_labels.push_back(text());
    return series;
  }

  Grid grid(Chart& chart, std::size_t flavour) {
    Grid grid;
    const std::size_t columns = chart.x.categories.empty() ? 1 + below(30) : chart.x.categories.size();
    const std::size_t rows = 1 + below(30);
    for (std::size_t i = 0; i < columns; ++i) grid.x.push_back(std::pow(1.3, static_cast<double>(i)));
    for (std::size_t i = 0; i < rows; ++i) grid.y.push_back(10 + 5.0 * static_cast<double>(i));
    for (std::size_t i = 0; i < columns * rows; ++i) grid.z.push_back(value(flavour));
    if (one_in(15)) grid.z.pop_back();
    return grid;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("nothing is cut off, overlaps or leaves the picture, for all kinds, sizes, themes and languages",
          "[app][chart][property]") {
  for (const Chart& chart : test::sample_charts()) {
    for (const Style& style : styles()) {
      CAPTURE(chart.name, style.width, style.height, style.font_size, style.theme, style.language);
      const Scene scene = layout(chart, style);
      CHECK(test::broken_rule(scene) == "");
      CHECK(scene.hover.size() > 0);
    }
  }
}

TEST_CASE("adversarial charts of every kind keep the same rules", "[app][chart][property]") {
  const std::vector<Style> all = styles();
  for (unsigned seed = 0; seed < 600; ++seed) {
    const Chart chart = Adversary(seed).make();
    const Style& style = all[seed % all.size()];
    CAPTURE(seed, style.width, style.height, style.font_size, style.theme, style.language, name_of(chart.kind));
    CHECK(test::broken_rule(layout(chart, style)) == "");
  }
}

TEST_CASE("a chart without a finite value says so and keeps its title and note", "[app][chart]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const ChartKind kind : kinds) {
    for (const std::vector<double>& values : {std::vector<double>{}, {nan, nan}, {infinity, -infinity}}) {
      Chart chart = line_of(values, values);
      chart.kind = kind;
      chart.title = {"Title", "标题"};
      chart.note = {"Note", "注"};
      CAPTURE(name_of(kind), values.size());
      for (const Language language : {Language::en, Language::zh}) {
        const Scene scene = layout(chart, {Theme::light, language, 900, 600, 15, false});
        CHECK(labels_of(scene, Role::message).size() == 1);
        CHECK(labels_of(scene, Role::title).size() == 1);
        CHECK(labels_of(scene, Role::note).size() >= 1);
        CHECK(labels_of(scene, Role::x_tick).empty());
        CHECK(test::broken_rule(scene) == "");
      }
    }
  }
}

TEST_CASE("values left out are counted in the note; undefined values are gaps on purpose", "[app][chart]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  Chart chart = line_of({1, 2, 3, 4, 5}, {1, infinity, nan, -3, 5});
  chart.y.logarithmic = true;
  const std::vector<Label> notes = labels_of(layout(chart, {}), Role::note);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].text == "1 value is infinite and not drawn; 1 value is not positive and not drawn.");
}

TEST_CASE("a gap parts a line, and a lone point between gaps is a mark", "[app][chart]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x, y;
  for (int i = 0; i < 60; ++i) {
    x.push_back(i);
    y.push_back(i == 20 || i == 22 ? nan : i);
  }
  const Scene scene = layout(line_of(x, y), {});
  std::size_t paths = 0;
  for (const Shape& shape : scene.shapes) {
    const auto* line = std::get_if<Polyline>(&shape);
    if (line != nullptr && line->points.size() > 2) ++paths;
  }
  CHECK(paths == 2);
  CHECK(count<Circle>(scene) == 2);  // the mark and its rim
}

TEST_CASE("bars on a logarithmic axis stand on the decade below the smallest, never on zero", "[app][chart]") {
  const Scene scene = layout(bars_of({20, 300, 40000}, true), {});
  CHECK(labels_of(scene, Role::y_tick).front().text == "10");
  for (const Shape& shape : scene.shapes) {
    if (const auto* bar = std::get_if<Rectangle>(&shape)) {
      CHECK(bar->bottom() == scene.plot.bottom());
      CHECK(bar->height >= 1);
    }
  }
}

TEST_CASE("bars on a linear axis start at zero even when all values are far from it", "[app][chart]") {
  const Scene scene = layout(bars_of({100, 101, 102}, false), {});
  const std::vector<Label> ticks = labels_of(scene, Role::y_tick);
  CHECK(std::any_of(ticks.begin(), ticks.end(), [](const Label& label) { return label.text == "0"; }));
}

TEST_CASE("bars carry their values where there is room and none where there is not", "[app][chart]") {
  std::vector<double> many(40);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = 1000.5 + static_cast<double>(i);
  const std::vector<Label> few = labels_of(layout(bars_of({1, 2.5, 3}, false), {}), Role::value);
  REQUIRE(few.size() == 3);
  CHECK(few[1].text == "2.5");
  CHECK(
      labels_of(layout(bars_of(many, false), {Theme::light, Language::en, 320, 240, 15, false}), Role::value).empty());
}

TEST_CASE("a stack shows its total, and its parts fill it exactly", "[app][chart]") {
  Chart chart;
  chart.kind = ChartKind::stacked_bars;
  chart.x.categories = {{"a", "甲"}};
  chart.series.resize(3);
  chart.series[0].y = {10};
  chart.series[1].y = {20};
  chart.series[2].y = {30};
  const Scene scene = layout(chart, {});
  const std::vector<Label> values = labels_of(scene, Role::value);
  CHECK(std::any_of(values.begin(), values.end(), [](const Label& label) { return label.text == "60" && label.bold; }));
  std::vector<Rectangle> parts;
  for (const Shape& shape : scene.shapes) {
    if (const auto* part = std::get_if<Rectangle>(&shape)) parts.push_back(*part);
  }
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].corner.y == parts[1].bottom());
  CHECK(parts[1].corner.y == parts[2].bottom());
  CHECK(parts[2].height == Approx(3 * parts[0].height).margin(2));
}

TEST_CASE("block sizes on a logarithmic axis are labelled as powers of two", "[app][chart]") {
  Chart chart = line_of({16, 64, 256, 1024, 4096}, {1, 2, 3, 4, 5});
  chart.x.logarithmic = true;
  std::vector<std::string> texts;
  for (const Label& label : labels_of(layout(chart, {}), Role::x_tick)) texts.push_back(label.text);
  CHECK(texts == std::vector<std::string>{"16", "32", "64", "128", "256", "512", "1024", "2048", "4096"});
}

TEST_CASE("a hundred thousand points become at most four a pixel column and keep their extremes", "[app][chart]") {
  std::vector<double> x(100000), y(100000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<double>(i);
    y[i] = std::sin(static_cast<double>(i) * 0.7);
  }
  y[54321] = 5;  // a spike of one sample
  const Scene scene = layout(line_of(x, y), {});
  std::size_t points = 0;
  double top = 1e9;
  for (const Shape& shape : scene.shapes) {
    const auto* line = std::get_if<Polyline>(&shape);
    if (line == nullptr || line->points.size() < 3) continue;
    points += line->points.size();
    for (const Point& point : line->points) top = std::min(top, point.y);
  }
  CHECK(points > 1000);
  CHECK(points <= 4 * (static_cast<std::size_t>(scene.plot.width) + 2));
  CHECK(top < scene.plot.corner.y + 0.25 * scene.plot.height);
  CHECK(scene.hover.size() < 2000);

  for (const ChartKind kind : {ChartKind::scatter, ChartKind::grouped_bars, ChartKind::stacked_area,
                               ChartKind::histogram, ChartKind::timeline}) {
    Chart chart = line_of(x, y);
    chart.kind = kind;
    if (kind == ChartKind::timeline) chart.series[0].y.assign(50000, 0);
    CAPTURE(name_of(kind));
    const Scene big = layout(chart, {});
    CHECK(big.shapes.size() < 60000);
    CHECK(test::broken_rule(big) == "");
  }
}

TEST_CASE("the language picks the text, with English where there is no Chinese", "[app][chart]") {
  Chart chart = line_of({1, 2}, {3, 4});
  chart.title = {"Title", "标题"};
  chart.x.label = {"only English", ""};
  chart.x.unit = "s";
  Style style;
  style.language = Language::zh;
  const Scene scene = layout(chart, style);
  CHECK(labels_of(scene, Role::title).at(0).text == "标题");
  CHECK(labels_of(scene, Role::axis_title).at(0).text == "only English（s）");
  CHECK(scene.title == "标题");
}

TEST_CASE("every series has a legend entry or is counted in the last", "[app][chart]") {
  for (const std::size_t count : {2, 5, 30}) {
    Chart chart;
    chart.kind = ChartKind::line;
    for (std::size_t i = 0; i < count; ++i) {
      Series series;
      series.label = {"a rather long label of series " + std::to_string(i), ""};
      series.x = {0, 1};
      series.y = {0, static_cast<double>(i)};
      chart.series.push_back(series);
    }
    for (const Size& size : sizes) {
      CAPTURE(count, size.width, size.height);
      const std::vector<Label> legend = labels_of(
          layout(chart, {Theme::light, Language::en, size.width, size.height, size.font, false}), Role::legend);
      REQUIRE_FALSE(legend.empty());
      const std::string& last = legend.back().text;
      const std::size_t rest = last[0] == '+' ? static_cast<std::size_t>(std::stoi(last.substr(1))) : 0;
      CHECK(legend.size() - (rest > 0 ? 1 : 0) + rest == count);
    }
  }
}

TEST_CASE("the spot under the pointer is the nearest of those that hold it", "[app][chart]") {
  Chart chart = line_of({0, 1, 2}, {10, 20, 30});
  chart.series[0].label = {"NF4", "NF4"};
  chart.x = {{"Step", "步"}, "", false, {}, {}, {}};
  chart.y = {{"Memory", "内存"}, "GiB", false, {}, {}, {}};
  const Scene scene = layout(chart, {});
  const double middle = scene.plot.corner.x + scene.plot.width / 2;
  const HoverSpot* spot = spot_at(scene, {middle + 20, scene.plot.corner.y + 5});
  REQUIRE(spot != nullptr);
  CHECK(spot->point == 1);
  CHECK(spot->at.x == Approx(middle));
  CHECK(spot->text == "NF4\nStep: 1\nMemory: 20 GiB");
  CHECK(spot_at(scene, {2, 2}) == nullptr);

  Style zh;
  zh.language = Language::zh;
  CHECK(layout(chart, zh).hover.at(2).text == "NF4\n步：2\n内存：30 GiB");
}

TEST_CASE("hover spots of bars, bins, spans and cells say place, series and value", "[app][chart]") {
  const auto first_text = [](const Chart& chart) { return layout(chart, {}).hover.at(0).text; };
  for (const Chart& chart : test::sample_charts()) {
    if (chart.name == "memory_bars") CHECK(first_text(chart) == "FP16\nWeights\nMemory: 12 GiB");
    if (chart.name == "histogram") CHECK(first_text(chart) == "NF4\nError: −0.25 – −0.2375\nValues: 35");
    if (chart.name == "step_timeline")
      CHECK(first_text(chart) == "Forward\nlayers 1 to 32\nStream: Compute\nTime: 0 – 38 ms");
    if (chart.name == "grid_of_types") CHECK(first_text(chart) == "Type: nf4\nTensor: normal\nSQNR: 20.7 dB");
  }
}

TEST_CASE("the same chart and style give the same scene", "[app][chart]") {
  for (const Chart& chart : test::sample_charts()) {
    CHECK(encode_svg(layout(chart, {}), {}) == encode_svg(layout(chart, {}), {}));
  }
}
