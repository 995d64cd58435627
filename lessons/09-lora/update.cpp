// How well a low rank holds an update: singular values, and the error that no other matrix of that rank can beat.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "lessons/09-lora/lora.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

constexpr double noise_floor = 0.05;  // of the directions beside the first ones, which have 1

Series spectrum_of(const Decomposition& decomposition, std::string name, Text label) {
  Series series;
  series.name = std::move(name);
  series.label = std::move(label);
  for (std::size_t i = 0; i < decomposition.values.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(decomposition.values[i] / decomposition.values[0]);
  }
  return series;
}

Series errors_of(const Decomposition& decomposition, std::string name, Text label) {
  Series series;
  series.name = std::move(name);
  series.label = std::move(label);
  for (std::int64_t rank = 0; rank <= decomposition.rank(); ++rank) {
    series.x.push_back(static_cast<double>(rank));
    series.y.push_back(100 * best_relative_error(decomposition, rank));
  }
  return series;
}

ReferenceLine rank_line(std::int64_t rank) {
  return {true, static_cast<double>(rank), same(fmt::format("r = {}", rank))};
}

const Text of_update{"This update", "这个更新"};
const Text of_random{"A random matrix", "随机矩阵"};

}  // namespace

Result<Update> generated_update(const Parameters& parameters, const Context& context) {
  const std::int64_t n = parameters.integer("size");
  const auto seed = static_cast<std::uint64_t>(parameters.integer("seed"));
  const std::string& kind = parameters.text("update");
  Update update{{}, n, n, {}};
  if (kind == "random") {
    update.values.resize(static_cast<std::size_t>(n * n));
    auto done = context.backend.generate({.distribution = Distribution::normal, .seed = seed}, 0, update.values);
    if (!done) return done.error();
    update.description = {"a random normal matrix", "随机正态矩阵"};
    return update;
  }
  std::vector<double> values;
  const std::int64_t strong = std::min(parameters.integer("strong_directions"), n);
  for (std::int64_t i = 1; i <= n; ++i) {
    if (kind == "few_directions") {
      values.push_back(i <= strong ? 1 : noise_floor);
    } else {
      const double slow = 1 / std::sqrt(static_cast<double>(i));
      QLAB_CHECK(kind == "fast_decay" || kind == "slow_decay");
      values.push_back(kind == "fast_decay" ? slow * slow : slow);
    }
  }
  update.values = matrix_of_spectrum(values, n, n, seed);
  update.description = kind == "few_directions" ? Text{fmt::format("{} strong directions above a floor of 5 %", strong),
                                                       fmt::format("{} 个强方向，其余为 5 % 的底噪", strong)}
                       : kind == "fast_decay"   ? Text{"singular values 1 / i", "奇异值 1 / i"}
                                                : Text{"singular values 1 / √i", "奇异值 1 / √i"};
  return update;
}

double measured_relative_error(const Update& update, const LowRank& low) {
  double left = 0, all = 0;
  for (std::int64_t i = 0; i < update.rows; ++i) {
    for (std::int64_t j = 0; j < update.columns; ++j) {
      const double value = update.values[static_cast<std::size_t>(i * update.columns + j)];
      double sum = 0;
      for (std::int64_t k = 0; k < low.rank; ++k) {
        sum += static_cast<double>(low.b[static_cast<std::size_t>(i * low.rank + k)]) *
               static_cast<double>(low.a[static_cast<std::size_t>(k * update.columns + j)]);
      }
      left += (value - sum) * (value - sum);
      all += value * value;
    }
  }
  return std::sqrt(left / all);
}

Chart singular_values_chart(const Decomposition& update, const Decomposition& random, std::int64_t rank) {
  Chart chart = chart_of("singular_values", ChartKind::line, {"How many directions matter", "有多少个方向重要"});
  chart.x = logarithmic_axis({"Singular value i", "第 i 个奇异值"});
  chart.y = logarithmic_axis({"Size beside the largest", "与最大者之比"});
  // Below a thousandth nothing of the update is left to see.
  chart.y.minimum = 1e-3;
  chart.series = {spectrum_of(update, "update", of_update), spectrum_of(random, "random", of_random)};
  chart.lines = {rank_line(std::min(rank, update.rank()))};
  chart.note = {"An adapter of rank r can hold what stands left of the line, at best.",
                "秩为 r 的适配器最多能容纳线左边的部分。"};
  return chart;
}

Chart error_by_rank_chart(const Decomposition& update, const Decomposition& random, std::int64_t rank) {
  Chart chart = chart_of("error_by_rank", ChartKind::line, {"What a rank cannot hold", "一个秩容不下多少"});
  chart.x = axis_of({"Rank r", "秩 r"});
  chart.y = axis_from_zero({"Least relative error", "最小相对误差"}, "%");
  chart.series = {errors_of(update, "update", of_update), errors_of(random, "random", of_random)};
  chart.lines = {rank_line(std::min(rank, update.rank()))};
  chart.note = {"Norm of what is left over norm of the update: no matrix of rank r comes closer (Eckart and Young).",
                "剩余部分的范数与更新的范数之比：没有秩为 r 的矩阵能更接近（Eckart 与 Young）。"};
  return chart;
}

}  // namespace qlab::lessons
