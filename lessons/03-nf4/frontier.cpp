// Error against real bits: every format at several block sizes and constant types, and which of them are worth their
// bits.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lessons/03-nf4/parts.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

constexpr std::size_t frontier_values = std::size_t{1} << 16;  // a hundred operating points on more would not be live
constexpr std::array block_sizes{32, 64, 128, 256};
constexpr std::array constant_types{ConstantType::fp32, ConstantType::fp16, ConstantType::dynamic8};
static_assert(block_sizes.size() * constant_types.size() == points_per_format);

/// Does `other` come within one percent of `point`'s error, or below, for fewer bits; or below it for as many? 65,536
/// values do not tell two errors apart much better than that.
bool beats(const Operating& other, const Operating& point) {
  if (other.bits < point.bits) return other.mse <= point.mse * 1.01;
  return other.bits == point.bits && other.mse < point.mse;
}

void mark_best(std::vector<Operating>& points) {
  for (Operating& point : points) {
    point.best = true;
    point.best_of_type = true;
    for (const Operating& other : points) {
      if (!beats(other, point)) continue;
      point.best = false;
      if (other.type == point.type) point.best_of_type = false;
    }
  }
}

Chart empty_chart(std::string name, ChartKind kind, Text title) {
  Chart chart = chart_of(std::move(name), kind, std::move(title));
  chart.x = axis_of({"storage per parameter, constants included", "每个参数的存储量（含量化常数）"}, "bit");
  chart.y = logarithmic_axis({"mean squared error", "均方误差"});
  return chart;
}

/// One line a type through the points that `shown` picks, from few bits to many.
template <class Shown, class Label>
std::vector<Series> lines_of(std::vector<Operating> points, const Shown& shown, const Label& label) {
  std::vector<Series> lines;
  for (const Operating& point : points) {
    if (lines.empty() || lines.back().name != point.type) lines.push_back({point.type, point.label, {}, {}, {}, true});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Operating& a, const Operating& b) { return a.bits < b.bits; });
  for (Series& line : lines) {
    for (const Operating& point : points) {
      if (point.type != line.name || !shown(point)) continue;
      line.x.push_back(point.bits);
      line.y.push_back(point.mse);
      line.point_labels.push_back(label(point));
    }
  }
  return lines;
}

}  // namespace

Result<std::vector<Operating>> operating_points(std::span<const float> values, const std::vector<Format>& formats,
                                                const Context& context) {
  const auto part = values.first(std::min(values.size(), frontier_values));
  std::vector<Operating> points;
  for (const Format& format : formats) {
    for (const int block_size : block_sizes) {
      if (context.stop.stop_requested()) return points;
      for (const ConstantType constants : constant_types) {
        const auto measured =
            measure(part, {.format = format, .block_size = block_size, .constants = constants}, context.backend);
        if (!measured) return measured.error();
        Operating point;
        point.type = format.name;
        point.label = format.label;
        point.block_size = block_size;
        point.constants = constants;
        point.bits = measured->bits;
        point.mse = measured->figures.mse;
        points.push_back(std::move(point));
      }
    }
    const auto done = static_cast<double>(points.size()) / static_cast<double>(formats.size() * points_per_format);
    context.tell_progress(0.4 + 0.6 * done);
  }
  mark_best(points);
  return points;
}

Chart error_against_bits_chart(const std::vector<Operating>& points, ConstantType constants, double nf4_bits) {
  const Text type = label_of(constants);
  Chart chart = empty_chart("error_against_bits", ChartKind::line,
                            {"Error against the bits that are really stored", "误差与实际占用的位数"});
  chart.series = lines_of(
      points, [&](const Operating& point) { return point.constants == constants; },
      [](const Operating&) { return Text{}; });
  chart.lines = {{true, nf4_bits, {"NF4 in the table", "表中的 NF4"}}};
  chart.note = {
      fmt::format("Constants in {}; each line runs through blocks of 256, 128, 64 and 32, on up to {} values. "
                  "Lower left is better.",
                  type.en, frontier_values),
      fmt::format("常数用 {}；每条线依次是块 256、128、64、32，最多取 {} 个数值。越靠左下越好。", type.zh,
                  frontier_values)};
  return chart;
}

Chart least_error_chart(const std::vector<Operating>& points) {
  Chart chart =
      empty_chart("least_error", ChartKind::staircase,
                  {"The least error of each type within a budget of bits", "给定位数预算，各格式能做到的最小误差"});
  chart.series = lines_of(
      points, [](const Operating& point) { return point.best_of_type; },
      [](const Operating& point) {
        if (!point.best) return Text{};
        const Text type = label_of(point.constants);
        return Text{fmt::format("{}/{}", point.block_size, type.en), fmt::format("{}/{}", point.block_size, type.zh)};
      });
  chart.note = {
      "Any block size of 32 to 256, any constants. Named points (block/constants): nothing here comes within one "
      "percent of their error for fewer bits.",
      "块大小 32 到 256、常数类型任选。标出的点（块/常数）：没有别的点能用更少的位数做到与之相差 1 % 以内。"};
  return chart;
}

Table frontier_table(const std::vector<Operating>& points) {
  Table table{"frontier", {"The best of all, from few bits to many", "最佳的存法，按位数从少到多"}, {}, {}};
  table.columns = {{"type", "", {"Type", "格式"}},
                   {"block", "", {"Block", "块大小"}},
                   {"constants", "", {"Constants", "常数"}},
                   {"bits_per_parameter", "bit", {"Bits per parameter", "每参数位数"}},
                   {"mse", "", {"MSE", "均方误差 MSE"}}};
  std::vector<Operating> best;
  std::copy_if(points.begin(), points.end(), std::back_inserter(best),
               [](const Operating& point) { return point.best; });
  std::stable_sort(best.begin(), best.end(), [](const Operating& a, const Operating& b) { return a.bits < b.bits; });
  for (const Operating& point : best) {
    table.rows.push_back(
        {same(point.type), static_cast<double>(point.block_size), label_of(point.constants), point.bits, point.mse});
  }
  return table;
}

}  // namespace qlab::lessons
