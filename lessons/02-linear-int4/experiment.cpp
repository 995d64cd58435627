// linear-int4: one scale for a whole tensor, symmetric as a tutorial's script prints it and affine as a practice text
// does, with INT8, FP16 and real NF4 beside them. Claims of both texts are worked out on their own numbers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "core/tensor/dtype.hpp"
#include "lessons/02-linear-int4/linear.hpp"
#include "lessons/engine/experiments.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

constexpr std::size_t shown_codes = 64;  // rows of the table `codes`
const Text script{"a tutorial's script", "某教程的脚本"};
const Text practice{"a practice text", "某实践教材"};

struct Scheme {
  std::string name;
  Text label;
  double bits = 0;
  ErrorFigures figures;
};

std::vector<float> through_f16(std::span<const float> values) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](float x) { return f32_from_f16(f16_from_f32(x)); });
  return out;
}

/// Every scheme of the comparison, the lesson's own first: symmetric, affine, INT8, FP16, NF4.
Result<std::vector<Scheme>> compare(const Study& study, int bits, const LinearTensor& symmetric,
                                    const LinearTensor& affine, Backend& backend) {
  const double constant_bits = 32.0 / static_cast<double>(study.values.size());
  std::vector<Scheme> schemes;
  const auto add = [&](std::string name, Text label, double width, std::span<const float> decoded) -> Result<Done> {
    const auto figures = backend.error_figures(study.values, decoded);
    if (!figures) return figures.error();
    schemes.push_back({std::move(name), std::move(label), width, *figures});
    return Done{};
  };
  const LinearTensor int8 = quantize_symmetric(study.values, 8);
  const std::vector<float> fp16 = through_f16(study.values);
  for (const auto& done :
       {add("symmetric",
            {fmt::format("INT{} symmetric, one scale", bits), fmt::format("对称 INT{}，整张量一个尺度", bits)},
            bits + constant_bits, symmetric.decoded),
        add("affine", {fmt::format("INT{} affine, one scale", bits), fmt::format("仿射 INT{}，整张量一个尺度", bits)},
            bits + 2 * constant_bits, affine.decoded),
        add("int8", {"INT8 symmetric, one scale", "对称 INT8，整张量一个尺度"}, 8 + constant_bits, int8.decoded),
        add("fp16", same("FP16"), 16, fp16)}) {
    if (!done) return done.error();
  }
  const auto nf4 = measure(study.values, {.format = known_format("nf4")}, backend);
  if (!nf4) return nf4.error();
  schemes.push_back({"nf4", {"NF4, blocks of 64", "NF4，每块 64 个"}, nf4->bits, nf4->figures});
  return schemes;
}

Table comparison_table(const std::vector<Scheme>& schemes) {
  Table table{"comparison", {"The same tensor, stored in different ways", "同一个张量的几种存法"}, {}, {}};
  table.columns = joined({{"scheme", "", {"Stored as", "存储方式"}}}, figure_columns());
  for (const Scheme& scheme : schemes) {
    table.rows.push_back(joined({Cell(scheme.label)}, figure_cells(scheme.bits, scheme.figures)));
  }
  return table;
}

Table codes_table(std::span<const float> values, const LinearTensor& symmetric, const LinearTensor& affine) {
  Table table{"codes", {"The first values, one by one", "逐个看前几个数值"}, {}, {}};
  table.columns = {{"index", "", {"Index", "序号"}},
                   {"value", "", {"Value", "原值"}},
                   {"in_steps", "steps", {"Value / scale", "原值 ÷ 尺度"}},
                   {"code", "", {"Code", "编码"}},
                   {"decoded", "", {"Decoded", "还原值"}},
                   {"error", "", {"Error", "误差"}},
                   {"affine_code", "", {"Affine code", "仿射编码"}},
                   {"affine_decoded", "", {"Affine decoded", "仿射还原值"}},
                   {"affine_error", "", {"Affine error", "仿射误差"}}};
  for (std::size_t i = 0; i < std::min(values.size(), shown_codes); ++i) {
    const double x = values[i];
    const double in_steps = symmetric.scale > 0 ? x / symmetric.scale : 0;
    table.rows.push_back({static_cast<double>(i), x, in_steps, static_cast<double>(symmetric.codes[i]),
                          static_cast<double>(symmetric.decoded[i]), symmetric.decoded[i] - x,
                          static_cast<double>(affine.codes[i]), static_cast<double>(affine.decoded[i]),
                          affine.decoded[i] - x});
  }
  return table;
}

/// The levels as a function of the input: both schemes and the line that no error would give.
Chart staircase_chart(std::span<const float> values, const LinearTensor& symmetric, const LinearTensor& affine,
                      int bits) {
  Chart chart = chart_of("staircase", ChartKind::staircase, {"What goes in, what comes back", "输入与还原"});
  chart.x = axis_of({"value before", "量化前的数值"});
  chart.y = axis_of({"value after", "还原后的数值"});
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double reach = std::max(std::abs(*low), std::abs(*high));

  // A step begins where rounding changes: half a step below each level.
  const auto steps = [](double scale, double minimum, int first_code, int last_code, double from) {
    std::pair<std::vector<double>, std::vector<double>> xy;
    for (int code = first_code; code <= last_code; ++code) {
      xy.first.push_back(code == first_code ? from : minimum + (code - 0.5) * scale);
      xy.second.push_back(minimum + code * scale);
    }
    return xy;
  };
  const int top = (1 << (bits - 1)) - 1;
  auto [symmetric_x, symmetric_y] = steps(symmetric.scale, 0, -top, top, -reach);
  symmetric_x.push_back(reach);
  symmetric_y.push_back(symmetric_y.back());
  auto [affine_x, affine_y] = steps(affine.scale, affine.minimum, 0, (1 << bits) - 1, *low);
  affine_x.push_back(*high);
  affine_y.push_back(affine_y.back());
  const std::vector<double> line = evenly(-reach, reach, 401);
  chart.series = {{"symmetric", {"symmetric", "对称"}, symmetric_x, symmetric_y, {}, false},
                  {"affine", {"affine", "仿射"}, affine_x, affine_y, {}, false},
                  {"unquantized", {"no quantization", "不量化"}, line, line, {}, false}};
  chart.note = {
      "The symmetric staircase is centred on 0 and hits it; the affine one spans minimum to maximum and rarely "
      "has a level at 0.",
      "对称台阶以 0 为中心，正好经过 0；仿射台阶从最小值铺到最大值，通常没有一级恰好落在 0。"};
  return chart;
}

Chart error_chart(std::span<const float> values, const LinearTensor& symmetric, const LinearTensor& affine) {
  constexpr int bins = 40;
  const double reach = std::max(0.5 * std::max(symmetric.scale, affine.scale) * 1.05, 1e-30);
  Chart chart =
      chart_of("error_histogram", ChartKind::histogram, {"How large the rounding errors are", "舍入误差有多大"});
  chart.x = axis_of({"error: value after minus value before", "误差：还原值减原值"});
  chart.y = axis_from_zero({"share of the values", "占全部数值的比例"}, "%");
  const std::vector<double> edges = evenly(-reach, reach, bins + 1);
  const auto add = [&](const std::string& name, const Text& label, const LinearTensor& tensor) {
    std::vector<float> errors(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) errors[i] = tensor.decoded[i] - values[i];
    Series series{name, label, edges, shares(errors, -reach, reach, bins), {}, false};
    for (double& share : series.y) share *= 100;
    chart.series.push_back(std::move(series));
  };
  add("symmetric", {"symmetric", "对称"}, symmetric);
  add("affine", {"affine", "仿射"}, affine);
  chart.lines = {{true, symmetric.scale / 2.0, {"half a step", "半个台阶"}}, {true, -symmetric.scale / 2.0, {}}};
  chart.note = {"No error exceeds half a step, and with many values the errors fill the step evenly.",
                "误差不会超过半个台阶；数值足够多时，误差在一个台阶内大致均匀分布。"};
  return chart;
}

Chart usage_chart(const LinearTensor& symmetric, int bits) {
  const int lowest = -(1 << (bits - 1));
  const int count = 1 << bits;
  Chart chart = chart_of("code_usage", ChartKind::histogram, {"How often each code is used", "每个编码的使用频率"});
  chart.x = axis_of({"symmetric code", "对称编码"});
  chart.y = axis_from_zero({"share of the values", "占全部数值的比例"}, "%");
  Series series{"symmetric", {"symmetric", "对称"}, evenly(lowest - 0.5, lowest + count - 0.5, count + 1), {}, {},
                false};
  series.y.assign(static_cast<std::size_t>(count), 0.0);
  for (const int code : symmetric.codes) series.y[static_cast<std::size_t>(code - lowest)] += 1;
  for (double& share : series.y) share *= 100.0 / static_cast<double>(symmetric.codes.size());
  chart.series.push_back(std::move(series));
  chart.lines = {{false, 100.0 / count, {"equal use", "均匀使用"}}};
  chart.note = {fmt::format("Code {} stays empty: the scale maps the largest magnitude to {}.", lowest, -lowest - 1),
                fmt::format("编码 {} 永远是空的：按这个尺度，绝对值最大的数正好映到 {}。", lowest, -lowest - 1)};
  return chart;
}

/// MSE of both schemes from 2 to 8 bits; empty when stopped on the way.
Result<Chart> bits_chart(const Study& study, int bits, const Context& context) {
  Chart chart = chart_of("error_by_bits", ChartKind::line, {"Error at 2 to 8 bits", "2 到 8 位时的误差"});
  chart.x = axis_of({"width of a code", "编码宽度"}, "bit");
  chart.y = logarithmic_axis({"mean squared error", "均方误差"});
  Series symmetric{"symmetric", {"symmetric", "对称"}, {}, {}, {}, true};
  Series affine{"affine", {"affine", "仿射"}, {}, {}, {}, true};
  for (int width = 2; width <= 8; ++width) {
    if (context.stop.stop_requested()) return chart;
    const auto of_symmetric =
        context.backend.error_figures(study.values, quantize_symmetric(study.values, width).decoded);
    if (!of_symmetric) return of_symmetric.error();
    const auto of_affine = context.backend.error_figures(study.values, quantize_affine(study.values, width).decoded);
    if (!of_affine) return of_affine.error();
    symmetric.x.push_back(width);
    symmetric.y.push_back(of_symmetric->mse);
    affine.x.push_back(width);
    affine.y.push_back(of_affine->mse);
    context.tell_progress(0.3 + 0.1 * (width - 1));
  }
  chart.series = {std::move(symmetric), std::move(affine)};
  chart.lines = {{true, static_cast<double>(bits), {"bits now", "当前位数"}}};
  chart.note = {
      "Each bit halves the step; with many values that divides the squared error by about four. One scale for the "
      "whole tensor.",
      "每多一位，台阶减半；数值足够多时，平方误差约降为四分之一。整个张量共用一个尺度。"};
  return chart;
}

/// The practice text's three numbers and the codes it prints for them, against the same division in whole numbers:
/// with ten-thousandths as the unit, code = round(15 (x - min) / (max - min)) needs no fraction at all.
void check_printed_example(Report& report) {
  constexpr std::array<float, 3> printed_values{0.5234F, -1.2341F, 0.8923F};
  constexpr std::array<int, 3> in_ten_thousandths{5234, -12341, 8923};
  constexpr std::array<double, 3> printed_codes{10, 0, 13};
  constexpr int range = 8923 + 12341;
  const LinearTensor affine = quantize_affine(printed_values, 4);
  for (std::size_t i = 0; i < printed_values.size(); ++i) {
    const int truth = ((in_ten_thousandths[i] + 12341) * 30 + range) / (2 * range);
    report.checks.push_back(make_claim_check(
        fmt::format("printed_code_{}", i),
        {fmt::format("Affine 4-bit code of {} in the tensor [0.5234, -1.2341, 0.8923]", in_ten_thousandths[i] / 1e4),
         fmt::format("张量 [0.5234, -1.2341, 0.8923] 中 {} 的 4 位仿射编码", in_ten_thousandths[i] / 1e4)},
        affine.codes[i], truth, 0, printed_codes[i], 0, practice));
  }
  report.checks.push_back(make_claim_check(
      "printed_value_0",
      {"0.5234 after quantizing and decoding: off by 40 % of a step", "0.5234 量化再还原后的值：偏差为一个台阶的 40 %"},
      affine.decoded[0], -1.2341 + 12 * 2.1264 / 15, 1e-6, 0.5234, 0.00005, practice));
}

/// How many of the 16 codes each scheme can reach, found by quantizing a fine ramp over its whole range.
void check_levels(Report& report) {
  std::array<float, 4097> ramp{};
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = (static_cast<float>(i) - 2048.0F) / 2048.0F;
  const LinearTensor symmetric = quantize_symmetric(ramp, 4);
  const LinearTensor affine = quantize_affine(ramp, 4);
  const std::set<std::int32_t> reached(symmetric.codes.begin(), symmetric.codes.end());
  report.checks.push_back(make_claim_check(
      "reachable_codes",
      {"Codes that absmax/7 with range [-8, 7] can reach", "尺度取 absmax/7、范围为 [-8, 7] 时能用到的编码个数"},
      static_cast<double>(reached.size()), 7 + 1 + 7, 0, 16, 0, script));
  double nearest_zero = 1;
  for (const float level : affine.decoded) nearest_zero = std::min(nearest_zero, std::abs(static_cast<double>(level)));
  report.checks.push_back(make_claim_check(
      "affine_level_nearest_zero",
      {"The affine grid when min = -max, its level nearest 0 in fifteenths (so -15, -13 ... 13, 15, and no 0)",
       "min = -max 时仿射网格中最接近 0 的一级，以 1/15 为单位（即 -15、-13……13、15，没有 0）"},
      15 * nearest_zero, 1, 1e-5, 1, 1e-5, practice));
}

/// The script calls its function NF4. One block of core's `int4` over the whole tensor is the same thing; NF4 is not.
Result<Done> check_script(Report& report, const Study& study, const std::vector<Scheme>& schemes, Backend& backend) {
  if (study.values.size() > max_block_size) return Done{};  // core's blocks cannot span it
  const auto int4 = measure(study.values, {.format = known_format("int4"), .block_size = max_block_size}, backend);
  if (!int4) return int4.error();
  const double mse = schemes.front().figures.mse;
  const double nf4 = schemes.back().figures.mse;
  report.checks.push_back(
      make_claim_check("script_function_is_int4",
                       {"MSE of the script's nf4_quantize: that of symmetric INT4 with one scale (claimed: NF4's)",
                        "脚本中 nf4_quantize 的均方误差：与整张量一个尺度的对称 INT4 相同（脚本称之为 NF4）"},
                       mse, int4->figures.mse, 1e-4 * mse, nf4, 1e-4 * mse,
                       {"a tutorial's script, which calls itself simplified", "某教程的脚本（它自称是简化版）"}));
  return Done{};
}

}  // namespace

Result<Report> linear_int4_experiment(const Parameters& parameters, const Context& context) {
  Report report;
  const auto loaded = load_study(parameters, context);
  if (!loaded) return loaded.error();
  const Study& study = *loaded;
  report.notes = {study.description};
  const int bits = static_cast<int>(parameters.integer("bits"));
  const LinearTensor symmetric = quantize_symmetric(study.values, bits);
  const LinearTensor affine = quantize_affine(study.values, bits);
  const auto schemes = compare(study, bits, symmetric, affine, context.backend);
  if (!schemes) return schemes.error();
  context.tell_progress(0.3);

  const ErrorFigures& figures = schemes->front().figures;
  const double squared_step = static_cast<double>(symmetric.scale) * symmetric.scale;
  const auto [lowest, highest] = std::minmax_element(symmetric.codes.begin(), symmetric.codes.end());
  report.add_value("scale", symmetric.scale, "", {"Scale (one step)", "尺度（一个台阶）"});
  report.add_value("mse", figures.mse, "", {"MSE", "均方误差 MSE"});
  report.add_value("mae", figures.mae, "", {"MAE", "平均绝对误差 MAE"});
  report.add_value("max_error", figures.max_error, "", {"Largest error", "最大误差"});
  report.add_value("sqnr_db", figures.sqnr_db, "dB", {"SQNR", "信噪比 SQNR"});
  report.add_value("mse_of_even_errors", squared_step / 12, "", {"scale² / 12", "尺度² / 12"});
  report.add_value("mse_over_even_errors", figures.mse * 12 / squared_step, "",
                   {"MSE / (scale² / 12)", "MSE ÷（尺度² / 12）"});
  report.add_value("lowest_code", *lowest, "", {"Lowest code in use", "用到的最小编码"});
  report.add_value("highest_code", *highest, "", {"Highest code in use", "用到的最大编码"});
  for (const Scheme& scheme : *schemes) {
    if (scheme.name == "symmetric") continue;
    report.add_value("mse_" + scheme.name, scheme.figures.mse, "",
                     {"MSE, " + scheme.label.en, "均方误差，" + scheme.label.zh});
  }
  report.add_value("affine_scale", affine.scale, "", {"Affine scale", "仿射尺度"});
  report.add_value("affine_minimum", affine.minimum, "", {"Affine minimum", "仿射最小值"});

  report.tables = {comparison_table(*schemes), codes_table(study.values, symmetric, affine)};
  if (study.values.size() > shown_codes) {
    report.notes.push_back({fmt::format("The table of codes shows the first {} values.", shown_codes),
                            fmt::format("编码表只列出前 {} 个数值。", shown_codes)});
  }
  report.charts = {staircase_chart(study.values, symmetric, affine, bits), error_chart(study.values, symmetric, affine),
                   usage_chart(symmetric, bits)};
  check_printed_example(report);
  check_levels(report);
  if (bits == 4) {
    if (auto done = check_script(report, study, *schemes, context.backend); !done) return done.error();
  }
  const auto below = std::count(symmetric.codes.begin(), symmetric.codes.end(), -(1 << (bits - 1)));
  report.checks.push_back(make_check("lowest_code_never_occurs",
                                     {"Values that got the lowest code of the range", "取到范围内最小编码的数值个数"},
                                     static_cast<double>(below), 0, 0,
                                     {"absmax / scale is the highest code, so nothing lies below its negative",
                                      "absmax ÷ 尺度就是最大编码，不会有值比它的相反数更小"}));
  report.documents.push_back({"script_log", "log",
                              fmt::format("[NF4] scale={:.5f}, range=[{}, {}]\n", symmetric.scale, -(1 << (bits - 1)),
                                          (1 << (bits - 1)) - 1)});

  auto by_bits = bits_chart(study, bits, context);
  if (!by_bits) return by_bits.error();
  report.complete = !by_bits->series.empty();
  if (report.complete) report.charts.push_back(*std::move(by_bits));
  return report;
}

}  // namespace qlab::lessons
