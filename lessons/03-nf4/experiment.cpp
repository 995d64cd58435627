// nf4: the codebook from normal quantiles, one weight's path through it, and every format on the same tensor with the
// same block size and constants; then error against real bits, where no winner is assumed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/quantization/codebooks.hpp"
#include "lessons/03-nf4/parts.hpp"
#include "lessons/engine/experiments.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

struct TypeRow {
  Format format;
  double bits = 0;
  ErrorFigures figures;
  CodeUsage usage;
  double bound = 0;
};

/// The formats compared; the user's own codebook joins when it is not NF4's.
std::vector<Format> compared_formats(const std::vector<float>& codebook) {
  std::vector<Format> formats;
  for (const char* name : {"nf4", "int4", "int4_affine", "int4_affine_zp", "q4_0", "fp4", "mirrored15"}) {
    formats.push_back(known_format(name));
  }
  if (codebook != formats.front().codebook) {
    Format own = formats.front();
    own.name = "custom";
    own.label = {"your codebook", "自定义码本"};
    own.codebook = codebook;
    formats.insert(formats.begin() + 1, std::move(own));
  }
  return formats;
}

const TypeRow& row_of(const std::vector<TypeRow>& rows, std::string_view name) {
  return *std::find_if(rows.begin(), rows.end(), [&](const TypeRow& row) { return row.format.name == name; });
}

Table types_table(const std::vector<TypeRow>& rows) {
  Table table{"types", {"Every type on the same tensor", "同一张量上的各种格式"}, {}, {}};
  table.columns = joined(joined({{"type", "", {"Type", "格式"}}, {"label", "", {"Name", "名称"}}}, figure_columns()),
                         {{"bound", "", {"Gaussian bound (MSE)", "高斯率失真界 (MSE)"}},
                          {"above_bound_db", "dB", {"Above the bound", "高出该界"}},
                          {"entropy_bits", "bit", {"Entropy of the codes", "编码的熵"}}});
  for (const TypeRow& row : rows) {
    table.rows.push_back(
        joined(joined({Cell(same(row.format.name)), Cell(row.format.label)}, figure_cells(row.bits, row.figures)),
               {row.bound, decibels(row.figures.mse / row.bound), row.usage.entropy_bits}));
  }
  return table;
}

Chart types_chart(const std::vector<TypeRow>& rows) {
  Chart chart =
      chart_of("error_by_type", ChartKind::grouped_bars,
               {"Same tensor, same block size: the error of each type", "同一张量、同一块大小：各格式的误差"});
  chart.y = axis_from_zero({"mean squared error", "均方误差"});
  Series error{"mse", {"this type", "该格式"}, {}, {}, {}, false};
  Series bound{"bound", {"Gaussian bound at its bits", "同样位数下的高斯率失真界"}, {}, {}, {}, false};
  for (const TypeRow& row : rows) {
    chart.x.categories.push_back({fmt::format("{}, {:.4g} bit", row.format.label.en, row.bits),
                                  fmt::format("{}，{:.4g} 位", row.format.label.zh, row.bits)});
    error.y.push_back(row.figures.mse);
    bound.y.push_back(row.bound);
  }
  chart.series = {std::move(error), std::move(bound)};
  chart.note = {
      "The types do not cost the same: affine INT4 stores two constants a block. No code at all gets below the "
      "bound for normal values.",
      "各格式的代价并不相同：仿射 INT4 每块存两个常数。对正态数值，任何编码都低不过该界。"};
  return chart;
}

Chart usage_chart(const std::vector<TypeRow>& rows) {
  Chart chart = chart_of(
      "code_usage", ChartKind::grouped_bars,
      {"How often each code is used, from the lowest level to the highest", "各编码的使用频率（按刻度从低到高）"});
  chart.x = axis_of({"code", "编码"});
  chart.y = axis_from_zero({"share of the values", "占全部数值的比例"}, "%");
  for (int code = 0; code < 16; ++code) chart.x.categories.push_back(same(fmt::format("{}", code)));
  for (const char* name : {"nf4", "custom", "int4"}) {
    for (const TypeRow& row : rows) {
      if (row.format.name != name) continue;
      const auto total =
          static_cast<double>(std::accumulate(row.usage.counts.begin(), row.usage.counts.end(), std::int64_t{0}));
      Series series{name, row.format.label, {}, {}, {}, false};
      for (const std::int64_t count : row.usage.counts) series.y.push_back(100.0 * static_cast<double>(count) / total);
      chart.series.push_back(std::move(series));
    }
  }
  chart.lines = {{false, 100.0 / 16, {"equal use", "均匀使用"}}};
  chart.note = {
      "Equal use would carry the most information a code (entropy 4 bits); it is not the same as the least error.",
      "各编码均匀使用时每个编码携带的信息最多（熵为 4 位），但这不等于误差最小。"};
  return chart;
}

/// What can be said of the codebook whatever the tensor.
void check_codebook(Report& report) {
  const std::vector<float> ours = normal_float_codebook();
  const auto theirs = bitsandbytes_nf4();
  double largest = ours.size() == theirs.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(ours[i]) - theirs[i]));
  }
  report.checks.push_back(make_check(
      "codebook_is_bitsandbytes",
      {"Largest difference between the built codebook and the stored one", "由分位数构造的码本与库中所存码本的最大差"},
      largest, 0, 0, {"bitsandbytes, the sixteen floats it ships", "bitsandbytes 自带的十六个浮点数"}));
  report.checks.push_back(make_claim_check("level_count", {"Number of NF4 levels", "NF4 的刻度个数"},
                                           static_cast<double>(ours.size()), static_cast<double>(theirs.size()), 0, 15,
                                           0, {"a principle article and a practice text", "某原理文章与某实践教材"}));
}

/// The article's class fills nothing into its result: whoever runs it gets zeros.
Result<Done> check_printed_quantizer(Report& report, const Study& study, const std::vector<TypeRow>& rows,
                                     Backend& backend) {
  const std::vector<float> zeros(study.values.size(), 0.0F);
  const auto printed = backend.error_figures(study.values, zeros);
  if (!printed) return printed.error();
  double squares = 0;
  for (const float x : study.values) squares += static_cast<double>(x) * x;
  const double mean_square = squares / static_cast<double>(study.values.size());
  const double nf4_here = row_of(rows, "nf4").figures.mse;
  report.checks.push_back(make_claim_check("printed_quantizer",
                                           {"MSE of the printed NF4Quantizer, whose loop is empty: it returns zeros",
                                            "印出的 NF4Quantizer 的均方误差：循环体是空的，只会返回零"},
                                           printed->mse, mean_square, 1e-9 * mean_square, nf4_here, 1e-9 * mean_square,
                                           {"a principle article", "某原理文章"}));
  return Done{};
}

/// "NF4 is information-theoretically optimal" and "more precise than INT4", on normal values where both are meant.
Result<Done> check_optimality(Report& report, const Study& study, Backend& backend) {
  constexpr std::size_t enough_values = 4096;  // fewer make no average worth judging
  if (!study.normal || study.values.size() < enough_values) return Done{};
  const auto nf4 = measure(study.values, {.format = known_format("nf4")}, backend);
  if (!nf4) return nf4.error();
  const auto q4_0 = measure(
      study.values, {.format = known_format("q4_0"), .block_size = 32, .constants = ConstantType::fp16}, backend);
  if (!q4_0) return q4_0.error();

  // Expected errors at sigma 1: integrals over the distribution of the block's largest magnitude. `spread` is the
  // standard deviation of one value's squared error in units of the mean; five standard errors are allowed.
  constexpr double nf4_expected = 0.00846005, nf4_spread = 2.04;
  constexpr double q4_0_expected = 0.00737744, q4_0_spread = 2.36;
  constexpr double bits = 4.5;  // both: 4 + 32/64 and 4 + 16/32
  const double five_errors = 5 / std::sqrt(static_cast<double>(study.values.size()));
  const Text source{"lecture notes; expected value: an integral over the block maximum of normal values",
                    "某篇学习笔记；期望值由块最大值分布的积分算出"};
  const double ratio = q4_0->figures.mse / nf4->figures.mse;
  const double expected_ratio = q4_0_expected / nf4_expected;
  Check precision = make_claim_check(
      "linear_over_nf4_at_equal_bits",
      {"MSE of Q4_0 (block 32, fp16) over that of NF4 (block 64, fp32), both 4.5 bits; claimed: always above 1",
       "同为 4.5 位：Q4_0（块 32、fp16）与 NF4（块 64、fp32）的均方误差之比；流传的说法：总大于 1"},
      ratio, expected_ratio, expected_ratio * (nf4_spread + q4_0_spread) * five_errors, 1, 0, source);
  precision.claim_holds = ratio >= 1;
  report.checks.push_back(std::move(precision));

  const double bound = gaussian_rate_distortion_bound(study.sigma, bits);
  const double expected_db = decibels(nf4_expected / gaussian_rate_distortion_bound(1, bits));
  report.checks.push_back(make_claim_check(
      "nf4_above_gaussian_bound",
      {"NF4 (block 64, fp32) above the Gaussian bound at 4.5 bits, in dB; claimed optimal: 0",
       "4.5 位时 NF4（块 64、fp32）高出高斯率失真界的分贝数；若真是信息论最优，应为 0"},
      decibels(nf4->figures.mse / bound), expected_db, 10 / std::log(10.0) * nf4_spread * five_errors, 0, 0.1, source));
  return Done{};
}

void add_values(Report& report, const std::vector<TypeRow>& rows) {
  for (const TypeRow& row : rows) {
    const Text& label = row.format.label;
    report.add_value("mse_" + row.format.name, row.figures.mse, "", {"MSE, " + label.en, "均方误差，" + label.zh});
  }
  for (const char* name : {"nf4", "int4", "int4_affine"}) {
    const TypeRow& row = row_of(rows, name);
    const Text& label = row.format.label;
    report.add_value("mae_" + row.format.name, row.figures.mae, "", {"MAE, " + label.en, "平均绝对误差，" + label.zh});
  }
  const TypeRow& nf4 = row_of(rows, "nf4");
  const TypeRow& affine = row_of(rows, "int4_affine");
  const double mse = nf4.figures.mse;
  report.add_value("sqnr_nf4_db", nf4.figures.sqnr_db, "dB", {"SQNR, NF4", "信噪比，NF4"});
  report.add_value("bits_nf4", nf4.bits, "bit", {"Bits per parameter, NF4", "每参数位数，NF4"});
  report.add_value("bits_int4_affine", affine.bits, "bit",
                   {"Bits per parameter, INT4 affine", "每参数位数，INT4 仿射"});
  report.add_value("rate_distortion_bound", nf4.bound, "",
                   {"Gaussian bound at NF4's bits (MSE)", "NF4 位数下的高斯率失真界 (MSE)"});
  report.add_value("nf4_above_bound_db", decibels(mse / nf4.bound), "dB", {"NF4 above the bound", "NF4 高出该界"});
  report.add_value("entropy_nf4_bits", nf4.usage.entropy_bits, "bit", {"Entropy of NF4's codes", "NF4 编码的熵"});
  report.add_value("less_than_int4_percent", 100 * (1 - mse / row_of(rows, "int4").figures.mse), "%",
                   {"NF4's MSE below symmetric INT4's by", "NF4 的均方误差比对称 INT4 低"});
  report.add_value("less_than_int4_affine_percent", 100 * (1 - mse / affine.figures.mse), "%",
                   {"NF4's MSE below affine INT4's by", "NF4 的均方误差比仿射 INT4 低"});
}

void add_decision(Report& report, const Study& study, const Measurement& measured, std::int64_t index) {
  const auto last = static_cast<std::int64_t>(study.values.size()) - 1;
  const DecisionPath path = decision_path(study.values, std::min(index, last), measured);
  const std::vector<float>& levels = measured.quantized.format.codebook;
  report.add_value("path_normalised", path.normalised, "", {"Chosen weight, normalised", "所选权重的归一化值"});
  report.add_value("path_code", path.code, "", {"Chosen weight, code", "所选权重的编码"});
  report.add_value("path_decoded", path.decoded, "", {"Chosen weight, decoded", "所选权重的还原值"});
  report.tables.push_back(path_table(path));
  report.tables.push_back(thresholds_table(path, levels));
  report.charts.push_back(decision_chart(path, levels));
  const auto at = static_cast<std::size_t>(path.index);
  report.checks.push_back(make_check(
      "path_is_the_kernels",
      {"Decoded value of the path, against what the kernel decoded", "按步骤得到的还原值，与内核给出的还原值"},
      path.decoded, measured.decoded[at], 0, {"the blockwise kernel", "分块量化内核"}));
  if (index > last) {
    report.notes.push_back({fmt::format("The tensor has {} values; the path shows the last one.", last + 1),
                            fmt::format("该张量只有 {} 个数值，此处显示最后一个的量化过程。", last + 1)});
  }
}

}  // namespace

Result<Report> nf4_experiment(const Parameters& parameters, const Context& context) {
  Report report;
  const auto study = load_study(parameters, context);
  if (!study) return study.error();
  report.notes = {study->description};
  const double offset = parameters.number("offset");
  const bool extra_value = parameters.flag("extra_value");
  const int block_size = static_cast<int>(parameters.integer("block_size"));
  const ConstantType constants = constants_of(parameters, "constants");
  const std::vector<Format> formats = compared_formats(normal_float_codebook(offset, extra_value));
  const bool custom = formats[1].name == "custom";

  std::vector<TypeRow> rows;
  Measurement followed;  // the lesson's own codebook, whose decisions are shown
  for (const Format& format : formats) {
    if (context.stop.stop_requested()) {
      report.complete = false;
      return report;
    }
    const auto measured =
        measure(study->values, {.format = format, .block_size = block_size, .constants = constants}, context.backend);
    if (!measured) return measured.error();
    rows.push_back({format, measured->bits, measured->figures,
                    code_usage(unpack_codes(measured->quantized), 1 << format.bits),
                    gaussian_rate_distortion_bound(study->sigma, measured->bits)});
    if (format.name == (custom ? "custom" : "nf4")) followed = *measured;
    context.tell_progress(0.4 * static_cast<double>(rows.size()) / static_cast<double>(formats.size()));
  }
  add_values(report, rows);
  report.tables = {codebook_table(offset, extra_value), types_table(rows)};
  report.charts = {levels_chart(offset, extra_value, study->values, block_size)};
  add_decision(report, *study, followed, parameters.integer("index"));
  report.charts.push_back(types_chart(rows));
  report.charts.push_back(usage_chart(rows));
  check_codebook(report);
  if (auto done = check_printed_quantizer(report, *study, rows, context.backend); !done) return done.error();
  if (auto done = check_optimality(report, *study, context.backend); !done) return done.error();

  const auto points = operating_points(study->values, formats, context);
  if (!points) return points.error();
  report.complete = points->size() == formats.size() * points_per_format;
  if (report.complete) {
    report.charts.push_back(error_against_bits_chart(*points, constants, row_of(rows, "nf4").bits));
    report.charts.push_back(least_error_chart(*points));
    report.tables.push_back(frontier_table(*points));
  }
  return report;
}

}  // namespace qlab::lessons
