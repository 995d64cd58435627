// From the normal distribution to sixteen numbers, one step a column.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/normal.hpp"
#include "core/quantization/codebooks.hpp"
#include "lessons/03-nf4/parts.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {

std::span<const float> bitsandbytes_nf4() {
  static constexpr std::array<float, 16> stored{
      -1.0F,
      -0.6961928009986877F,
      -0.5250730514526367F,
      -0.39491748809814453F,
      -0.28444138169288635F,
      -0.18477343022823334F,
      -0.09105003625154495F,
      0.0F,
      0.07958029955625534F,
      0.16093020141124725F,
      0.24611230194568634F,
      0.33791524171829224F,
      0.44070982933044434F,
      0.5626170039176941F,
      0.7229568362236023F,
      1.0F,
  };
  return stored;
}

Table codebook_table(double offset, bool extra_value) {
  Table table{"codebook", {"From probabilities to levels", "从概率到刻度"}, {}, {}};
  table.columns = {{"code", "", {"Code", "编码"}},
                   {"probability", "", {"Probability", "概率"}},
                   {"quantile", "", {"Normal quantile", "正态分位数"}},
                   {"normalised", "", {"Divided by the largest", "除以最大者"}},
                   {"stored", "", {"Stored as fp32", "存为 fp32"}},
                   {"bitsandbytes", "", {"bitsandbytes", "bitsandbytes 的值"}},
                   {"difference", "", {"Difference", "差"}}};
  const NormalFloatSteps steps = normal_float_levels(offset, extra_value);
  const std::vector<float> stored = normal_float_codebook(offset, extra_value);
  const auto reference = bitsandbytes_nf4();
  const std::size_t negative = steps.negative_probabilities.size();
  for (std::size_t code = 0; code < stored.size(); ++code) {
    double probability = 0.5;  // of the level 0
    if (code < negative) probability = 1 - steps.negative_probabilities[code];
    if (code > negative) probability = steps.positive_probabilities[stored.size() - 1 - code];
    std::vector<Cell> row{static_cast<double>(code), probability, steps.quantiles[code], steps.levels[code],
                          static_cast<double>(stored[code])};
    if (stored.size() == reference.size()) {
      row.insert(row.end(),
                 {static_cast<double>(reference[code]), static_cast<double>(stored[code]) - reference[code]});
    } else {
      row.insert(row.end(), {std::monostate{}, std::monostate{}});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Chart levels_chart(double offset, bool extra_value, std::span<const float> values, int block_size) {
  constexpr int bins = 40;
  const NormalFloatSteps steps = normal_float_levels(offset, extra_value);
  // The normal whose outermost quantile is 1: standard deviation 1 / largest.
  const auto density = [&](double x) { return steps.largest * normal_density(x * steps.largest); };

  std::vector<float> normalised(values.size());
  const auto block = static_cast<std::size_t>(block_size);
  for (std::size_t first = 0; first < values.size(); first += block) {
    const auto piece = values.subspan(first, std::min(block, values.size() - first));
    float absmax = 0;
    for (const float x : piece) absmax = std::max(absmax, std::abs(x));
    if (absmax == 0) absmax = 1;
    for (std::size_t i = 0; i < piece.size(); ++i) normalised[first + i] = piece[i] / absmax;
  }
  // The end bins also hold the block maxima at exactly -1 and 1, a spike that is no part of the density.
  std::vector<double> measured = shares(normalised, -1, 1, bins);
  for (double& share : measured) share *= bins / 2.0;
  const std::vector<double> edges = evenly(-1, 1, bins + 1);
  Series tensor{"normalised_values", {"this tensor's values / absmax", "本张量的数值 ÷ absmax"}, {}, {}, {}, false};
  for (int i = 1; i + 1 < bins; ++i) {
    tensor.x.push_back((edges[i] + edges[i + 1]) / 2);
    tensor.y.push_back(measured[i]);
  }

  Series curve{"normal_density",
               {"normal density the levels are cut from", "刻度所依据的正态密度"},
               evenly(-1, 1, 201),
               {},
               {},
               false};
  for (const double x : curve.x) curve.y.push_back(density(x));
  Series levels{"levels", {"levels", "刻度"}, steps.levels, {}, {}, true};
  levels.y.assign(levels.x.size(), 0.0);  // on the axis, where their spacing can be read

  Chart chart = chart_of("levels", ChartKind::line,
                         {"Levels are dense where a normal distribution is dense", "正态分布密集的地方，刻度也密"});
  chart.x = axis_of({"value / absmax of its block", "数值 ÷ 所在块的 absmax"});
  chart.x.minimum = -1;
  chart.x.maximum = 1;
  chart.y = axis_from_zero({"density", "概率密度"});
  chart.series = {std::move(curve), std::move(tensor), std::move(levels)};
  chart.note = {
      "Where the two curves differ, the tensor's blocks are not the normal the codebook assumes; one value a "
      "block sits at exactly -1 or 1 and is left out.",
      "两条曲线不重合之处，说明归一化后的块并不是码本所假设的正态分布；每块都有一个值恰为 -1 或 1，图中略去。"};
  return chart;
}

}  // namespace qlab::lessons
