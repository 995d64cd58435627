// double-quant: the constants of the blocks are quantized themselves. Overhead by formula and by real bytes, the error
// it adds, the saving on real models, and the claims about all of these.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "lessons/05-double-quant/overhead.hpp"
#include "lessons/engine/experiments.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

constexpr std::size_t shown_constants = 32;  // rows of the table `constants`
constexpr double code_bits = 4;

void add_overhead(Report& report, const Overhead& overhead) {
  report.add_value("overhead_bits_before", overhead.before, "bit", {"Constants before", "之前的常数开销"});
  report.add_value("overhead_bits_after", overhead.after(), "bit", {"Constants after", "之后的常数开销"});
  report.add_value("saved_bits", overhead.saved(), "bit", {"Saved", "节省"});
  report.add_value("overhead_percent_before", 100 * overhead.before / code_bits, "%",
                   {"Constants before, of the 4-bit codes", "之前的常数，相对 4 位编码"});
  report.add_value("overhead_percent_after", 100 * overhead.after() / code_bits, "%",
                   {"Constants after, of the 4-bit codes", "之后的常数，相对 4 位编码"});

  Chart chart = chart_of("overhead_bits", ChartKind::stacked_bars,
                         {"What the constants cost, spread over the weights", "常数的开销，摊到每个权重上"});
  chart.x = axis_of_names({{"before", "双重量化之前"}, {"after", "双重量化之后"}});
  chart.y = axis_from_zero({"storage per parameter beside its 4-bit code", "每个参数在 4 位编码之外的存储量"}, "bit");
  chart.series = {{"constants", {"constants as they are", "原样存储的常数"}, {}, {overhead.before, 0}, {}, false},
                  {"codes", {"8-bit codes of the constants", "常数的 8 位编码"}, {}, {0, overhead.codes}, {}, false},
                  {"second_level",
                   {"constants of the constants, fp32", "常数的常数，fp32"},
                   {},
                   {0, overhead.second_level},
                   {},
                   false}};
  chart.note = {"Formula: 32/B (or 16/B) before, 8/B + 32/(B·B2) after. The one mean a tensor (32 bits) is left out.",
                "公式：之前为 32/B（或 16/B），之后为 8/B + 32/(B·B2)。每个张量一个的均值（32 位）未计入。"};
  report.charts.push_back(std::move(chart));
}

Table constants_table(std::span<const float> exact, const BlockConstants& compressed, std::span<const float> decoded) {
  Table table{"constants", {"The first constants, one by one", "逐个看前几个常数"}, {}, {}};
  table.columns = {{"block", "", {"Block", "块"}},
                   {"absmax", "", {"Absmax", "absmax"}},
                   {"minus_mean", "", {"Minus the mean", "减去均值"}},
                   {"nested_absmax", "", {"Constant of its group", "所在组的常数"}},
                   {"code", "", {"8-bit code", "8 位编码"}},
                   {"decoded", "", {"Decoded", "还原值"}},
                   {"error_percent", "%", {"Error", "误差"}}};
  for (std::size_t i = 0; i < std::min(exact.size(), shown_constants); ++i) {
    const double absmax = exact[i];
    const auto group = i / static_cast<std::size_t>(compressed.nested_block_size);
    const Cell error = absmax > 0 ? Cell(100 * (decoded[i] - absmax) / absmax) : Cell();
    table.rows.push_back({static_cast<double>(i), absmax, absmax - compressed.offset,
                          static_cast<double>(compressed.nested_absmax[group]),
                          static_cast<double>(compressed.codes[i]), static_cast<double>(decoded[i]), error});
  }
  return table;
}

Chart constants_chart(std::span<const float> exact, std::span<const float> decoded, double mean) {
  constexpr int bins = 60;
  const auto [low, high] = std::minmax_element(exact.begin(), exact.end());
  const double margin = std::max(0.02 * (*high - *low), 1e-3 * *high) + 1e-30;
  const std::vector<double> edges = evenly(*low - margin, *high + margin, bins + 1);
  Chart chart = chart_of("constants_histogram", ChartKind::histogram,
                         {"The constants before and after 8 bits", "常数压成 8 位前后的分布"});
  chart.x = axis_of({"absmax of a block", "块的 absmax"});
  chart.y = axis_from_zero({"share of the blocks", "占全部块的比例"}, "%");
  for (const auto& [name, label, values] :
       {std::tuple{"before", Text{"before", "之前"}, exact}, std::tuple{"after", Text{"after", "之后"}, decoded}}) {
    Series series{name, label, edges, shares(values, edges.front(), edges.back(), bins), {}, false};
    for (double& share : series.y) share *= 100;
    chart.series.push_back(std::move(series));
  }
  chart.lines = {{true, mean, {"mean", "均值"}}};
  chart.note = {
      "All constants are positive. Subtracting the mean first centres them on 0, where the 8-bit map is finest.",
      "常数全是正数。先减去均值，它们便以 0 为中心，而 8 位映射在 0 附近最细。"};
  return chart;
}

/// NF4 at several block sizes with each way to keep the constants; empty when stopped on the way.
Result<Chart> error_chart(const Study& study, int nested_block_size, const Context& context) {
  constexpr std::array<std::pair<ConstantType, const char*>, 3> types{
      {{ConstantType::fp32, "fp32"}, {ConstantType::fp16, "fp16"}, {ConstantType::dynamic8, "dynamic8"}}};
  Chart chart = chart_of("error_against_bits", ChartKind::line,
                         {"NF4 with its constants stored in three ways", "常数的三种存法下的 NF4"});
  chart.x = axis_of({"storage per parameter, from the real bytes", "每个参数的存储量（按实际字节）"}, "bit");
  chart.y = axis_of({"mean squared error", "均方误差"});
  std::vector<Series> lines;
  for (const auto& [constants, name] : types) {
    Series line{name, label_of(constants), {}, {}, {}, true};
    for (const int block_size : {32, 64, 128, 256}) {
      if (context.stop.stop_requested()) return chart;
      const auto measured = measure(study.values,
                                    {.format = known_format("nf4"),
                                     .block_size = block_size,
                                     .constants = constants,
                                     .nested_block_size = nested_block_size},
                                    context.backend);
      if (!measured) return measured.error();
      line.x.push_back(measured->bits);
      line.y.push_back(measured->figures.mse);
      line.point_labels.push_back(same(fmt::format("{}", block_size)));
    }
    lines.push_back(std::move(line));
    context.tell_progress(0.4 + 0.2 * static_cast<double>(lines.size()));
  }
  chart.series = std::move(lines);
  chart.note = {"The numbers at the marks are block sizes.", "点旁的数字是块大小。"};
  return chart;
}

/// bitsandbytes finds 8-bit codes through a table of 65,536 bins, which now and then misses the nearest level.
Result<Done> compare_rules(Report& report, const Study& study, QuantizeSettings settings, const QuantizedTensor& ours,
                           Backend& backend) {
  settings.compatibility = Compatibility::bitsandbytes;
  const auto theirs = backend.quantize(study.values, settings);
  if (!theirs) return theirs.error();
  std::size_t different = 0;
  for (std::size_t i = 0; i < ours.scale.codes.size(); ++i) different += ours.scale.codes[i] != theirs->scale.codes[i];
  report.add_value("constants", static_cast<double>(ours.scale.codes.size()), "",
                   {"Number of constants", "常数的个数"});
  report.add_value("codes_unlike_bitsandbytes", static_cast<double>(different), "",
                   {"Codes unlike bitsandbytes' table", "与 bitsandbytes 查表结果不同的编码数"});
  report.notes.push_back(
      {fmt::format("{} of {} constants get another 8-bit code from bitsandbytes, whose table misses the nearest level "
                   "now and then; figures here use the nearest.",
                   different, ours.scale.codes.size()),
       fmt::format(
           "{1} 个常数中有 {0} 个的 8 位编码与 bitsandbytes 不同：它的查找表偶尔取不到最近的一级；此处一律取最近。",
           different, ours.scale.codes.size())});
  return Done{};
}

}  // namespace

Result<Report> double_quant_experiment(const Parameters& parameters, const Context& context) {
  Report report;
  const auto study = load_study(parameters, context);
  if (!study) return study.error();
  report.notes = {study->description};
  const int block_size = static_cast<int>(parameters.integer("block_size"));
  const int nested_block_size = static_cast<int>(parameters.integer("nested_block_size"));
  const ConstantType first = constants_of(parameters, "constants");
  const Overhead overhead = overhead_of(block_size, nested_block_size, first);
  add_overhead(report, overhead);

  QuantizeSettings settings{.format = known_format("nf4"), .block_size = block_size, .constants = first};
  const auto before = measure(study->values, settings, context.backend);
  if (!before) return before.error();
  settings.constants = ConstantType::dynamic8;
  settings.nested_block_size = nested_block_size;
  const auto after = measure(study->values, settings, context.backend);
  if (!after) return after.error();
  context.tell_progress(0.3);
  report.add_value("measured_bits_before", before->bits, "bit",
                   {"Bits per parameter before, from the real bytes", "之前的每参数位数（按实际字节）"});
  report.add_value("measured_bits_per_parameter", after->bits, "bit",
                   {"Bits per parameter after, from the real bytes", "之后的每参数位数（按实际字节）"});
  report.add_value("mse_before", before->figures.mse, "", {"MSE before", "之前的均方误差"});
  report.add_value("mse_after", after->figures.mse, "", {"MSE after", "之后的均方误差"});
  report.add_value("added_mse_percent", 100 * (after->figures.mse / before->figures.mse - 1), "%",
                   {"Added MSE", "均方误差增加"});
  if (auto done = compare_rules(report, *study, settings, after->quantized, context.backend); !done) {
    return done.error();
  }

  const std::vector<float> exact = before->quantized.scale.decode();
  const std::vector<float> decoded = after->quantized.scale.decode();
  report.tables.push_back(constants_table(exact, after->quantized.scale, decoded));
  report.charts.push_back(constants_chart(exact, decoded, after->quantized.scale.offset));
  check_constants(report, after->quantized);
  if (auto done = add_models(report, overhead, context.assets); !done) return done.error();
  if (auto done = check_printed_figures(report, context.assets); !done) return done.error();

  auto errors = error_chart(*study, nested_block_size, context);
  if (!errors) return errors.error();
  report.complete = !errors->series.empty();
  if (report.complete) report.charts.insert(report.charts.begin() + 1, *std::move(errors));
  return report;
}

}  // namespace qlab::lessons
