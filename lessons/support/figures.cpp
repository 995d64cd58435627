#include "lessons/support/figures.hpp"

#include <utility>

#include "core/base/normal.hpp"

namespace qlab::lessons {

std::vector<Column> figure_columns() {
  return {{"bits_per_parameter", "bit", {"Bits per parameter", "每参数位数"}},
          {"mse", "", {"MSE", "均方误差 MSE"}},
          {"mae", "", {"MAE", "平均绝对误差 MAE"}},
          {"max_error", "", {"Largest error", "最大误差"}},
          {"sqnr_db", "dB", {"SQNR", "信噪比 SQNR"}}};
}

std::vector<Cell> figure_cells(double bits, const ErrorFigures& figures) {
  return {bits, figures.mse, figures.mae, figures.max_error, figures.sqnr_db};
}

Chart chart_of(std::string name, ChartKind kind, Text title) {
  Chart chart;
  chart.name = std::move(name);
  chart.kind = kind;
  chart.title = std::move(title);
  return chart;
}

Axis axis_of(Text label, std::string unit) {
  Axis axis;
  axis.label = std::move(label);
  axis.unit = std::move(unit);
  return axis;
}

Axis axis_from_zero(Text label, std::string unit) {
  Axis axis = axis_of(std::move(label), std::move(unit));
  axis.minimum = 0;
  return axis;
}

Axis logarithmic_axis(Text label, std::string unit) {
  Axis axis = axis_of(std::move(label), std::move(unit));
  axis.logarithmic = true;
  return axis;
}

Axis axis_of_names(std::vector<Text> names) {
  Axis axis;
  axis.categories = std::move(names);
  return axis;
}

std::vector<double> shares(std::span<const float> values, double low, double high, int bins) {
  std::vector<double> counts(static_cast<std::size_t>(bins), 0.0);
  const double per_unit = bins / (high - low);
  for (const float x : values) {
    const double place = (x - low) * per_unit;
    if (place >= 0 && place < bins) counts[static_cast<std::size_t>(place)] += 1;
  }
  for (double& count : counts) count /= static_cast<double>(values.size());
  return counts;
}

std::vector<double> evenly(double first, double last, int count) {
  std::vector<double> points(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) points[static_cast<std::size_t>(i)] = first + (last - first) * i / (count - 1);
  return points;
}

double normal_density(double x) {
  // e^t = (e^(t / 1024))^1024: the series needs five terms, then ten squarings.
  const double t = -0.5 * x * x / 1024;
  double power = 1 + t * (1 + t / 2 * (1 + t / 3 * (1 + t / 4 * (1 + t / 5))));
  for (int i = 0; i < 10; ++i) power *= power;
  return power * 0.398942280401432677939946059934;
}

double log2_of(double x) { return natural_log(x) / 0.693147180559945309417232121458; }
double decibels(double ratio) { return 10 * natural_log(ratio) / 2.302585092994045684017991454684; }

}  // namespace qlab::lessons
