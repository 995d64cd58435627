#include "lessons/04-blockwise/sorting.hpp"

#include <algorithm>

#include "core/tensor/dtype.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

/// log2(n!) / n: what naming one of n! orders costs per value.
double order_bits(std::size_t n) {
  double sum = 0;
  for (std::size_t k = 2; k <= n; ++k) sum += log2_of(static_cast<double>(k));
  return sum / static_cast<double>(n);
}

/// The same from Stirling's series; its next term is below 1 / (360 n^3).
double order_bits_by_stirling(double n) {
  constexpr double log2_e = 1.44269504088896340736, two_pi = 6.28318530717958647693;
  return log2_of(n) - log2_e + (0.5 * log2_of(two_pi * n) + log2_e / (12 * n)) / n;
}

struct Way {
  Text label;
  double mse = 0;
  double code_bits = 0;
  double constant_bits = 0;
  double order_bits = 0;
  double total() const { return code_bits + constant_bits + order_bits; }
};

Table sorting_table(const std::vector<Way>& ways) {
  Table table{"sorting", {"Sorting first: the order must be kept too", "先排序：原来的顺序也得存下来"}, {}, {}};
  table.columns = {{"way", "", {"Way", "做法"}},
                   {"mse", "", {"MSE", "均方误差 MSE"}},
                   {"code_bits", "bit", {"Codes", "编码"}},
                   {"constant_bits", "bit", {"Constants", "常数"}},
                   {"order_bits", "bit", {"Order", "顺序"}},
                   {"total_bits", "bit", {"Together", "合计"}}};
  for (const Way& way : ways) {
    table.rows.push_back({way.label, way.mse, way.code_bits, way.constant_bits, way.order_bits, way.total()});
  }
  return table;
}

Chart sorting_chart(const std::vector<Way>& ways) {
  Chart chart = chart_of("sorting_bits", ChartKind::stacked_bars,
                         {"What has to be stored if the values are sorted first", "先排序的话，要存哪些东西"});
  Series codes{"codes", {"codes", "编码"}, {}, {}, {}, false};
  Series constants{"constants", {"constants", "常数"}, {}, {}, {}, false};
  Series order{"order", {"order of the values", "数值的顺序"}, {}, {}, {}, false};
  for (const Way& way : ways) {
    chart.x.categories.push_back(way.label);
    codes.y.push_back(way.code_bits);
    constants.y.push_back(way.constant_bits);
    order.y.push_back(way.order_bits);
  }
  chart.y = axis_from_zero({"storage per parameter", "每个参数的存储量"}, "bit");
  chart.series = {std::move(codes), std::move(constants), std::move(order)};
  chart.note = {
      "The order of n values is one of n!; naming it takes log2(n!)/n bits a value, and no way of storing it "
      "takes less on average.",
      "n 个数值的顺序是 n! 种之一，平均每个数值至少要 log2(n!)/n 位才能记下。"};
  return chart;
}

}  // namespace

Result<Done> add_sorting(Report& report, const Study& study, int block_size, ConstantType constants, Backend& backend) {
  const QuantizeSettings settings{.format = known_format("nf4"), .block_size = block_size, .constants = constants};
  const auto in_order = measure(study.values, settings, backend);
  if (!in_order) return in_order.error();
  std::vector<float> ascending = study.values;
  std::sort(ascending.begin(), ascending.end());
  const auto sorted = measure(ascending, settings, backend);
  if (!sorted) return sorted.error();
  std::vector<float> halves(study.values.size());
  std::transform(study.values.begin(), study.values.end(), halves.begin(),
                 [](float x) { return f32_from_f16(f16_from_f32(x)); });
  const auto fp16 = backend.error_figures(study.values, halves);
  if (!fp16) return fp16.error();

  const double order = order_bits(study.values.size());
  const std::vector<Way> ways{
      {{"NF4, as the values lie", "NF4，按原顺序"}, in_order->figures.mse, 4, in_order->bits - 4, 0},
      {{"NF4, sorted first", "NF4，先排序"}, sorted->figures.mse, 4, sorted->bits - 4, order},
      {{"fp16, no quantization", "fp16，不量化"}, fp16->mse, 16, 0, 0}};
  report.tables.push_back(sorting_table(ways));
  report.charts.push_back(sorting_chart(ways));
  report.add_value("mse_nf4_sorted", sorted->figures.mse, "", {"MSE, NF4 sorted first", "均方误差，NF4 先排序"});
  report.add_value("order_bits", order, "bit", {"Bits to keep the order", "记住顺序所需位数"});
  report.add_value("sorted_total_bits", ways[1].total(), "bit",
                   {"Bits per parameter, sorted first", "每参数位数，先排序"});
  const auto n = static_cast<double>(study.values.size());
  report.checks.push_back(
      make_claim_check("sorting_is_free",
                       {"Bits per value that undoing the sort needs (nothing is stored for it in the text)",
                        "还原排序时每个数值需要的位数（原文没有为此存任何东西）"},
                       order, order_bits_by_stirling(n), 0.01 / n + 1e-9, 0, 1e-9,
                       {"lecture notes: sort by size, then cut into blocks", "某篇学习笔记：按大小排序，然后再分块"}));
  return Done{};
}

}  // namespace qlab::lessons
