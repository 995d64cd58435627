// blockwise: error and bits of each type as the block grows, what sets the scale of a block, and what sorting the
// values first would cost. The sweep is the slow part: it reports after every block size and can be stopped there.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "lessons/04-blockwise/sorting.hpp"
#include "lessons/engine/experiments.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

constexpr std::array swept_types{"nf4", "int4", "int4_affine", "q4_0", "fp4"};
constexpr std::size_t nf4 = 0, affine = 2;  // one constant a block, and two

struct SweepRow {
  int block_size = 0;
  double mean_absmax = 0;
  std::array<double, swept_types.size()> bits{};
  std::array<double, swept_types.size()> mse{};
};

std::vector<int> swept_blocks(int chosen) {
  std::vector<int> sizes;
  for (int size = min_block_size; size <= max_block_size; size *= 2) sizes.push_back(size);
  if (std::find(sizes.begin(), sizes.end(), chosen) == sizes.end()) sizes.push_back(chosen);
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

double mean_absmax(std::span<const float> values, std::size_t block_size) {
  double sum = 0;
  std::int64_t blocks = 0;
  for (std::size_t first = 0; first < values.size(); first += block_size, ++blocks) {
    float absmax = 0;
    for (const float x : values.subspan(first, std::min(block_size, values.size() - first))) {
      absmax = std::max(absmax, std::abs(x));
    }
    sum += absmax;
  }
  return sum / static_cast<double>(blocks);
}

Result<SweepRow> sweep_one(std::span<const float> values, int block_size, ConstantType constants, Backend& backend) {
  SweepRow row;
  row.block_size = block_size;
  row.mean_absmax = mean_absmax(values, static_cast<std::size_t>(block_size));
  for (std::size_t i = 0; i < swept_types.size(); ++i) {
    const auto measured = measure(
        values, {.format = known_format(swept_types[i]), .block_size = block_size, .constants = constants}, backend);
    if (!measured) return measured.error();
    row.bits[i] = measured->bits;
    row.mse[i] = measured->figures.mse;
  }
  return row;
}

Table sweep_table(const std::vector<SweepRow>& rows) {
  Table table{"sweep", {"Error and bits at every block size", "各块大小下的误差与位数"}, {}, {}};
  table.columns = {{"block", "values", {"Block", "块大小"}},
                   {"bits_per_parameter", "bit", {"Bits per parameter", "每参数位数"}},
                   {"bits_per_parameter_affine", "bit", {"Bits, affine", "每参数位数，仿射"}}};
  for (const char* type : swept_types) {
    const Text label = known_format(type).label;
    table.columns.push_back({fmt::format("mse_{}", type), "", {"MSE, " + label.en, "均方误差，" + label.zh}});
  }
  for (const SweepRow& row : rows) {
    std::vector<Cell> cells{static_cast<double>(row.block_size), row.bits[nf4], row.bits[affine]};
    cells.insert(cells.end(), row.mse.begin(), row.mse.end());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Axis block_axis() { return logarithmic_axis({"values that share a constant", "共用一个常数的数值个数"}, "values"); }
Axis mse_axis() { return logarithmic_axis({"mean squared error", "均方误差"}); }

enum class Across { blocks, overhead };

/// The error of each type as one line over the block sizes, or over what their constants cost.
std::vector<Series> error_lines(const std::vector<SweepRow>& rows, Across across) {
  std::vector<Series> lines;
  for (std::size_t i = 0; i < swept_types.size(); ++i) {
    Series line{swept_types[i], known_format(swept_types[i]).label, {}, {}, {}, true};
    for (const SweepRow& row : rows) {
      line.x.push_back(across == Across::blocks ? row.block_size : row.bits[i] - 4);
      line.y.push_back(row.mse[i]);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Chart bits_chart(const std::vector<SweepRow>& rows, ConstantType constants) {
  Chart chart = chart_of("bits_by_block", ChartKind::line, {"Bits against block size", "位数与块大小"});
  chart.x = block_axis();
  chart.y = axis_of({"storage per parameter, from the real bytes", "每个参数的存储量（按实际字节）"}, "bit");
  Series one{"one_constant", {"one constant a block", "每块一个常数"}, {}, {}, {}, true};
  Series two{"two_constants", {"two constants a block (affine)", "每块两个常数（仿射）"}, {}, {}, {}, true};
  for (const SweepRow& row : rows) {
    one.x.push_back(row.block_size);
    one.y.push_back(row.bits[nf4]);
    two.x.push_back(row.block_size);
    two.y.push_back(row.bits[affine]);
  }
  chart.series = {std::move(one), std::move(two)};
  const Text type = label_of(constants);
  chart.note = {fmt::format("Constants are stored as {}.", type.en), fmt::format("常数以 {} 存储。", type.zh)};
  return chart;
}

Chart absmax_chart(const std::vector<SweepRow>& rows, double sigma) {
  Chart chart = chart_of("absmax_by_block", ChartKind::line,
                         {"The largest value of a block sets the scale for all of it", "块内最大的数决定整块的尺度"});
  chart.x = block_axis();
  chart.y = axis_from_zero({"mean absmax of a block, in standard deviations", "块的平均 absmax，以标准差为单位"}, "σ");
  Series mean{"mean_absmax", {"mean absmax", "平均 absmax"}, {}, {}, {}, true};
  for (const SweepRow& row : rows) {
    mean.x.push_back(row.block_size);
    mean.y.push_back(sigma > 0 ? row.mean_absmax / sigma : 0);
  }
  chart.series = {std::move(mean)};
  chart.note = {
      "All levels of a block are multiples of its absmax: twice the absmax, twice the distance between levels.",
      "块内所有刻度都是 absmax 的倍数：absmax 翻倍，刻度间距也翻倍。"};
  return chart;
}

std::vector<Chart> sweep_charts(const std::vector<SweepRow>& rows, int chosen, ConstantType constants, double sigma) {
  Chart error = chart_of("error_by_block", ChartKind::line, {"Error against block size", "误差与块大小"});
  error.x = block_axis();
  error.y = mse_axis();
  error.series = error_lines(rows, Across::blocks);
  error.note = {"The steeper a line rises, the more its type suffers from the largest value of a block.",
                "线上升得越陡，说明该格式越受块内最大值的拖累。"};
  Chart both = chart_of("error_against_overhead", ChartKind::line,
                        {"What the constants cost and what they buy", "常数花了多少，换来多少"});
  both.x = logarithmic_axis({"storage per parameter beside its 4-bit code", "每个参数在 4 位编码之外的存储量"}, "bit");
  both.y = mse_axis();
  both.series = error_lines(rows, Across::overhead);
  both.note = {"Every mark is a block size, the largest on the left. Add 4 bits for the code itself.",
               "每个点是一种块大小，最大的在最左边。编码本身另占 4 位。"};
  std::vector<Chart> charts{std::move(error), bits_chart(rows, constants), absmax_chart(rows, sigma), std::move(both)};
  for (Chart& chart : charts) {
    if (chart.name != "error_against_overhead") {
      chart.lines = {{true, static_cast<double>(chosen), {"block now", "当前块大小"}}};
    }
  }
  return charts;
}

void add_values(Report& report, const SweepRow& row) {
  for (std::size_t i = 0; i < swept_types.size(); ++i) {
    const Text label = known_format(swept_types[i]).label;
    report.add_value(fmt::format("mse_{}", swept_types[i]), row.mse[i], "",
                     {"MSE, " + label.en, "均方误差，" + label.zh});
  }
  report.add_value("bits_per_parameter", row.bits[nf4], "bit", {"Bits per parameter", "每参数位数"});
  report.add_value("bits_per_parameter_affine", row.bits[affine], "bit",
                   {"Bits per parameter, affine", "每参数位数，仿射"});
  report.add_value("mean_absmax", row.mean_absmax, "", {"Mean absmax of a block", "块的平均 absmax"});
}

/// Bits counted on paper: 4 a value, then the constants of all blocks, the last one included if it is not full.
double counted_bits(std::int64_t n, int block_size, ConstantType constants) {
  const std::int64_t blocks = (n + block_size - 1) / block_size;
  std::int64_t bytes = (n + 1) / 2;
  if (constants == ConstantType::fp32) bytes += 4 * blocks;
  if (constants == ConstantType::fp16) bytes += 2 * blocks;
  if (constants == ConstantType::dynamic8) bytes += blocks + 4 * ((blocks + 255) / 256) + 4;
  return 8 * static_cast<double>(bytes) / static_cast<double>(n);
}

}  // namespace

Result<Report> blockwise_experiment(const Parameters& parameters, const Context& context) {
  Report report;
  const auto study = load_study(parameters, context);
  if (!study) return study.error();
  report.notes = {study->description};
  const int chosen = static_cast<int>(parameters.integer("block_size"));
  const ConstantType constants = constants_of(parameters, "constants");

  const std::vector<int> sizes = swept_blocks(chosen);
  std::vector<SweepRow> rows;
  for (const int size : sizes) {
    if (context.stop.stop_requested()) break;
    const auto row = sweep_one(study->values, size, constants, context.backend);
    if (!row) return row.error();
    rows.push_back(*row);
    if (size == chosen) add_values(report, *row);
    report.tables = {sweep_table(rows)};
    report.charts = sweep_charts(rows, chosen, constants, study->sigma);
    context.tell_progress(static_cast<double>(rows.size()) / static_cast<double>(sizes.size() + 1));
    context.tell(report);
  }
  if (context.stop.stop_requested()) {
    report.complete = false;
    return report;
  }
  if (auto done = add_sorting(report, *study, chosen, constants, context.backend); !done) return done.error();
  const auto size = static_cast<std::int64_t>(study->values.size());
  report.checks.push_back(
      make_check("bits_counted_on_paper",
                 {"Bits per parameter at this block, from the real bytes", "当前块大小下的每参数位数（按实际字节）"},
                 report.find_value("bits_per_parameter")->number, counted_bits(size, chosen, constants), 1e-12,
                 {"4 bits a value and the constants of every block", "每个数值 4 位，加上各块的常数"}));
  context.tell_progress(1);
  return report;
}

}  // namespace qlab::lessons
