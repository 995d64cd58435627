#include "lessons/support/scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/units.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }

}  // namespace

double Score::error_percent() const {
  return 100.0 * static_cast<double>(predicted_bytes - measured_bytes) / static_cast<double>(measured_bytes);
}

Errors errors_of(std::span<const Score> scores) {
  Errors errors;
  for (const Score& score : scores) {
    const double error = std::abs(score.error_percent());
    errors.mean += error / static_cast<double>(scores.size());
    errors.worst = std::max(errors.worst, error);
  }
  return errors;
}

Text errors_sentence(const Errors& errors, std::size_t count) {
  return {fmt::format("{} runs: off by {:.2f} % on average, by {:.2f} % at worst.", count, errors.mean, errors.worst),
          fmt::format("{} 次运行：平均误差 {:.2f} %，最大 {:.2f} %。", count, errors.mean, errors.worst)};
}

Table scores_table(std::string name, Text title, std::span<const Score> scores) {
  Table table;
  table.name = std::move(name);
  table.title = std::move(title);
  table.columns = {{"run", "", {"Run", "运行"}},
                   {"measured", "GiB", {"Measured", "实测"}},
                   {"predicted", "GiB", {"Ours", "预测"}},
                   {"cublas", "GiB", {"Of it cuBLAS", "其中 cuBLAS"}},
                   {"error", "%", {"Error", "误差"}}};
  for (const Score& score : scores) {
    table.rows.push_back({same(score.name), gib(score.measured_bytes), gib(score.predicted_bytes),
                          gib(score.workspace_bytes), score.error_percent()});
  }
  return table;
}

Chart scores_chart(std::string name, Text title, const std::vector<ScoreGroup>& groups) {
  Chart chart = chart_of(std::move(name), ChartKind::scatter, std::move(title));
  chart.x = logarithmic_axis({"Measured", "实测"}, "GiB");
  chart.y = logarithmic_axis({"Ours", "预测"}, "GiB");
  double low = 1e300, high = 0;
  for (const ScoreGroup& group : groups) {
    Series series{.name = fmt::format("group_{}", chart.series.size() + 1), .label = group.label, .marks = true};
    for (const Score& score : group.scores) {
      series.x.push_back(gib(score.measured_bytes));
      series.y.push_back(gib(score.predicted_bytes));
      low = std::min({low, series.x.back(), series.y.back()});
      high = std::max({high, series.x.back(), series.y.back()});
    }
    chart.series.push_back(std::move(series));
  }
  if (high > 0) {
    chart.series.push_back({.name = "equal",
                            .label = {"the same", "相等"},
                            .x = {low * 0.9, high * 1.1},
                            .y = {low * 0.9, high * 1.1},
                            .joined = true});
  }
  return chart;
}

}  // namespace qlab::lessons
