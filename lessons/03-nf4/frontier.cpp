// Error against real bits: every format at several block sizes and constant types, and which of them nothing beats.
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

void mark_undominated(std::vector<Operating>& points) {
  for (Operating& point : points) {
    point.undominated = std::none_of(points.begin(), points.end(), [&](const Operating& other) {
      return other.bits <= point.bits && other.mse < point.mse;
    });
  }
}

}  // namespace

Result<std::vector<Operating>> operating_points(std::span<const float> values, const std::vector<Format>& formats,
                                                const Context& context) {
  const auto part = values.first(std::min(values.size(), frontier_values));
  std::vector<Operating> points;
  for (const Format& format : formats) {
    if (context.stop.stop_requested()) return points;
    for (const int block_size : block_sizes) {
      for (const ConstantType constants : constant_types) {
        const auto measured =
            measure(part, {.format = format, .block_size = block_size, .constants = constants}, context.backend);
        if (!measured) return measured.error();
        points.push_back({format.name, format.label, block_size, constants, measured->bits, measured->figures.mse});
      }
    }
    context.tell_progress(0.4 + 0.6 * static_cast<double>(&format - formats.data() + 1) /
                                    static_cast<double>(formats.size()));
  }
  mark_undominated(points);
  return points;
}

Chart error_against_bits_chart(const std::vector<Operating>& points, double sigma) {
  Chart chart = chart_of("error_against_bits", ChartKind::scatter,
                         {"Error against the bits that are really stored", "误差与实际占用的位数"});
  chart.x = axis_of({"storage per parameter, constants included", "每个参数的存储量（含量化常数）"}, "bit");
  chart.y = logarithmic_axis({"mean squared error", "均方误差"});
  for (const Operating& point : points) {
    if (chart.series.empty() || chart.series.back().name != point.type) {
      chart.series.push_back({point.type, point.label, {}, {}, {}, true});
    }
    Series& series = chart.series.back();
    series.x.push_back(point.bits);
    series.y.push_back(point.mse);
    const std::string constants = label_of(point.constants).en;
    series.point_labels.push_back(point.undominated ? same(fmt::format("{}/{}", point.block_size, constants)) : Text{});
  }
  double fewest = points.front().bits, most = points.front().bits;
  for (const Operating& point : points) {
    fewest = std::min(fewest, point.bits);
    most = std::max(most, point.bits);
  }
  Series bound{"gaussian_bound", {"Gaussian bound", "高斯率失真界"}, evenly(fewest, most, 60), {}, {}, false};
  for (const double bits : bound.x) bound.y.push_back(gaussian_rate_distortion_bound(sigma, bits));
  chart.series.push_back(std::move(bound));
  chart.note = {fmt::format("Blocks of 32 to 256, constants in fp32, fp16 and 8 bits, on up to {} values. Named points "
                            "(block/constants): nothing here has less error at no more bits.",
                            frontier_values),
                fmt::format("块大小 32 到 256，常数用 fp32、fp16 和 8 位，最多取 {} 个数值。标出名字的点（块/常数）："
                            "图中没有别的点位数不多于它而误差更小。",
                            frontier_values)};
  return chart;
}

Table operating_table(const std::vector<Operating>& points) {
  Table table{"frontier", {"Storing choices that nothing here beats", "没有被其他点超过的存法"}, {}, {}};
  table.columns = {{"type", "", {"Type", "格式"}},
                   {"block", "", {"Block", "块大小"}},
                   {"constants", "", {"Constants", "常数"}},
                   {"bits_per_parameter", "bit", {"Bits per parameter", "每参数位数"}},
                   {"mse", "", {"MSE", "均方误差 MSE"}}};
  std::vector<Operating> best;
  std::copy_if(points.begin(), points.end(), std::back_inserter(best),
               [](const Operating& point) { return point.undominated; });
  std::stable_sort(best.begin(), best.end(), [](const Operating& a, const Operating& b) { return a.bits < b.bits; });
  for (const Operating& point : best) {
    table.rows.push_back(
        {same(point.type), static_cast<double>(point.block_size), label_of(point.constants), point.bits, point.mse});
  }
  return table;
}

}  // namespace qlab::lessons
