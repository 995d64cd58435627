// Maps of a whole step's memory over two sliders each. A map starts coarse and is refined, so that it is there at once
// however long a point takes; a point is computed once.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/parallel.hpp"
#include "lessons/06-memory-ledger/axes.hpp"

namespace qlab::lessons::memory_ledger {

const ParameterSpec& spec_of(const Parameters& parameters, const SliderAxis& axis) {
  const ParameterSpec* spec = parameters.find(axis.parameter);
  QLAB_CHECK(spec != nullptr);
  return *spec;
}

/// At most `count` values over the slider's range, evenly or by equal factors as the slider goes.
std::vector<double> values_along(const ParameterSpec& spec, const SliderAxis& axis, int count) {
  const auto multiple = static_cast<double>(axis.multiple);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / (count - 1);
    const double raw = spec.logarithmic ? spec.minimum * std::pow(spec.maximum / spec.minimum, share)
                                        : spec.minimum + (spec.maximum - spec.minimum) * share;
    const double value = std::clamp(std::round(raw / multiple) * multiple, spec.minimum, spec.maximum);
    if (values.empty() || value > values.back()) values.push_back(value);
  }
  return values;
}

ReferenceLine present_value(const Sliders& sliders, const SliderAxis& axis, bool vertical) {
  const std::int64_t at = sliders.*axis.figure;
  const std::string text = fmt::format("{} = {}", axis.letter, at);
  return {vertical, static_cast<double>(at), {text, text}};
}

namespace {

constexpr int points = 33;  ///< along an axis of a finished map
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

const SliderAxis hidden_axis{
    "hidden_size", 'H', {"Hidden size H", "隐藏维度 H"}, &Sliders::hidden_size, 128};  // whole heads
const SliderAxis layer_axis{"num_layers", 'L', {"Layers L", "层数 L"}, &Sliders::num_layers};
const SliderAxis length_axis{"seq_length", 'T', {"Sequence length T", "序列长度 T"}, &Sliders::seq_length};

Axis axis_of(const Parameters& parameters, const SliderAxis& axis) {
  return {.label = axis.label, .logarithmic = spec_of(parameters, axis).logarithmic};
}

double gib_at(const Sliders& sliders, Level level) {
  switch (level) {
    case Level::classroom: return sliders.classroom_gib();
    case Level::ledger: return gib(ledger_of(sliders, sliders.method).total());
    case Level::simulated: break;
  }
  return gib(step_of(sliders, sliders.method).peak_bytes);
}

/// A map and the points of it that are known.
struct Map {
  const char* name;
  const SliderAxis* across;
  const SliderAxis* up;
  std::vector<double> x, y;
  std::vector<double> z;  ///< row by row, unknown where not computed
};

/// Every stride-th index and the last.
std::vector<std::size_t> indices(std::size_t count, std::size_t stride) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; i += stride) chosen.push_back(i);
  if (chosen.back() != count - 1) chosen.push_back(count - 1);
  return chosen;
}

/// Computes what is not known of the points that this stride shows. False: stopped.
bool refine(Map& map, const Sliders& sliders, Level level, std::size_t stride, const std::function<bool()>& stopped) {
  std::vector<std::pair<std::size_t, std::size_t>> missing;
  for (const std::size_t row : indices(map.y.size(), stride)) {
    for (const std::size_t column : indices(map.x.size(), stride)) {
      if (std::isnan(map.z[row * map.x.size() + column])) missing.emplace_back(row, column);
    }
  }
  std::atomic<bool> go_on = true;
  for_each_piece(static_cast<std::int64_t>(missing.size()), 1, 0, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      if (!go_on || stopped()) {
        go_on = false;
        return;
      }
      const auto [row, column] = missing[static_cast<std::size_t>(i)];
      Sliders there = sliders;
      there.*map.across->figure = static_cast<std::int64_t>(map.x[column]);
      there.*map.up->figure = static_cast<std::int64_t>(map.y[row]);
      map.z[row * map.x.size() + column] = gib_at(there, level);
    }
  });
  return go_on;
}

Chart chart_of(const Map& map, const Sliders& sliders, const Parameters& parameters, Level level, std::size_t stride) {
  Chart chart;
  chart.name = map.name;
  chart.kind = ChartKind::heat_map;
  const Text method = label_of(sliders.method);
  const Text truth = label_of(level);
  const char a = map.across->letter, b = map.up->letter;
  chart.title = {fmt::format("{} over {} and {} ({})", method.en, a, b, truth.en),
                 fmt::format("{}{}的显存随 {} 与 {} 的变化（{}）", method.zh,
                             sliders.method == TrainingMethod::full ? "" : " ", a, b, truth.zh)};
  chart.x = axis_of(parameters, *map.across);
  chart.y = axis_of(parameters, *map.up);
  chart.z = {.label = {"Memory", "显存"}, .unit = "GiB", .logarithmic = true};
  for (const std::size_t column : indices(map.x.size(), stride)) chart.grid.x.push_back(map.x[column]);
  for (const std::size_t row : indices(map.y.size(), stride)) {
    chart.grid.y.push_back(map.y[row]);
    for (const std::size_t column : indices(map.x.size(), stride)) {
      chart.grid.z.push_back(map.z[row * map.x.size() + column]);
    }
  }
  // GiB that cards are sold with, and doubled beyond either end, so that every map has lines.
  chart.grid.levels = {0.25, 0.5, 1, 2, 4, 8, 12, 16, 24, 48, 80, 160, 320, 640, 1280, 2560, 5120};
  chart.lines = {present_value(sliders, *map.across, true), present_value(sliders, *map.up, false)};
  chart.note = {"Contour lines: sizes of cards up to 80. Choose the level of truth beside the sliders.",
                "80 以内的等高线取常见显卡的容量。真相的层次在滑块旁选择。"};
  return chart;
}

}  // namespace

void draw_maps(const Sliders& sliders, const Parameters& parameters, Level level, const std::function<bool()>& stopped,
               const std::function<void(std::vector<Chart> maps, double fraction)>& show) {
  std::array<Map, 3> maps{{{"contour_hl", &hidden_axis, &layer_axis, {}, {}, {}},
                           {"contour_ht", &hidden_axis, &length_axis, {}, {}, {}},
                           {"contour_lt", &layer_axis, &length_axis, {}, {}, {}}}};
  for (Map& map : maps) {
    map.x = values_along(spec_of(parameters, *map.across), *map.across, points);
    map.y = values_along(spec_of(parameters, *map.up), *map.up, points);
    map.z.assign(map.x.size() * map.y.size(), unknown);
  }
  const std::vector<std::size_t> strides =
      level == Level::classroom ? std::vector<std::size_t>{1} : std::vector<std::size_t>{8, 4, 2, 1};
  for (const std::size_t stride : strides) {
    std::vector<Chart> charts;
    for (Map& map : maps) {
      if (!refine(map, sliders, level, stride, stopped)) return;
      charts.push_back(chart_of(map, sliders, parameters, level, stride));
    }
    show(std::move(charts), 1 / static_cast<double>(stride * stride));
  }
}

}  // namespace qlab::lessons::memory_ledger
