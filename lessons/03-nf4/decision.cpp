// The path of one weight: what users of the library had to read CUDA to learn.
#include <algorithm>
#include <cmath>

#include "core/quantization/codebooks.hpp"
#include "lessons/03-nf4/parts.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {

DecisionPath decision_path(std::span<const float> values, std::int64_t index, const Measurement& measured) {
  constexpr float smallest_absmax = 1e-38F;
  const QuantizedTensor& quantized = measured.quantized;
  const std::vector<float>& levels = quantized.format.codebook;
  DecisionPath path;
  path.index = index;
  path.block = index / quantized.block_size;
  path.value = values[static_cast<std::size_t>(index)];
  const std::int64_t first = path.block * quantized.block_size;
  const std::int64_t count = std::min<std::int64_t>(quantized.block_size, quantized.size - first);
  for (const float x : values.subspan(first, count)) path.absmax = std::max(path.absmax, std::abs(x));
  path.stored_constant = quantized.scale.decode()[static_cast<std::size_t>(path.block)];
  path.short_block = count < quantized.block_size;
  const float divisor = std::max(path.absmax, smallest_absmax);
  const float quotient = path.short_block ? path.value / divisor : path.value * (1.0F / divisor);
  path.normalised = std::clamp(quotient, -1.0F, 1.0F);
  path.thresholds = decision_bounds(levels);
  path.code = static_cast<int>(std::count_if(path.thresholds.begin(), path.thresholds.end(),
                                             [&](float bound) { return path.normalised > bound; }));
  path.level = levels[static_cast<std::size_t>(path.code)];
  path.decoded = path.level * path.stored_constant;
  return path;
}

Table path_table(const DecisionPath& path) {
  Table table{"decision_path", {"The path of one weight", "一个权重的量化过程"}, {}, {}};
  table.columns = {
      {"step", "", {"Step", "步骤"}}, {"number", "", {"Number", "数值"}}, {"how", "", {"How", "怎么得来"}}};
  const auto add = [&](Text step, double number, Text how) {
    table.rows.push_back({std::move(step), number, std::move(how)});
  };
  add({"index", "序号"}, static_cast<double>(path.index), {"chosen with the slider", "由滑块选定"});
  add({"value", "原值"}, path.value, {"the weight in fp32", "fp32 权重"});
  add({"block", "所在的块"}, static_cast<double>(path.block),
      {"index / block size, rounded down", "序号 ÷ 块大小，取整"});
  add({"absmax", "absmax"}, path.absmax, {"largest magnitude in the block", "块内绝对值的最大者"});
  add({"normalised", "归一化值"}, path.normalised,
      path.short_block ? Text{"value / absmax (the last block is not full)", "原值 ÷ absmax（末块不满，用除法）"}
                       : Text{"value × (1 / absmax), both in fp32", "原值 ×（1 ÷ absmax），都按 fp32 计算"});
  add({"code", "编码"}, path.code, {"how many thresholds lie below it", "低于归一化值的阈值有几个，编码就是几"});
  add({"level", "刻度"}, path.level, {"the codebook's entry of that code", "码本中该编码对应的值"});
  add({"stored constant", "存下的常数"}, path.stored_constant,
      {"absmax after its own compression", "absmax 自身压缩后的值"});
  add({"decoded value", "还原值"}, path.decoded, {"level × stored constant", "刻度 × 存下的常数"});
  add({"error", "误差"}, static_cast<double>(path.decoded) - path.value, {"decoded value - value", "还原值 - 原值"});
  return table;
}

Table thresholds_table(const DecisionPath& path, std::span<const float> levels) {
  Table table{"thresholds", {"The thresholds it is compared with", "与之比较的各个阈值"}, {}, {}};
  table.columns = {{"threshold", "", {"Threshold", "阈值"}},
                   {"level_below", "", {"Level below", "下方刻度"}},
                   {"level_above", "", {"Level above", "上方刻度"}},
                   {"normalised_is_above", "", {"Is the normalised weight above it?", "归一化值是否超过它"}}};
  for (std::size_t i = 0; i < path.thresholds.size(); ++i) {
    const bool above = path.normalised > path.thresholds[i];
    table.rows.push_back({static_cast<double>(path.thresholds[i]), static_cast<double>(levels[i]),
                          static_cast<double>(levels[i + 1]), above ? Text{"yes", "是"} : Text{"no", "否"}});
  }
  return table;
}

Chart decision_chart(const DecisionPath& path, std::span<const float> levels) {
  Chart chart = chart_of("decision", ChartKind::staircase,
                         {"Each threshold lies halfway between two levels", "每个阈值都在相邻两级刻度的正中间"});
  chart.x = axis_of({"normalised value", "归一化值"});
  chart.x.minimum = -1;
  chart.x.maximum = 1;
  chart.y = axis_of({"level it is stored as", "存成哪一级刻度"});
  chart.y.minimum = -1;
  chart.y.maximum = 1;
  Series stairs{"levels", {"nearest level", "最近的刻度"}, {-1}, {levels.front()}, {}, false};
  for (std::size_t i = 0; i < path.thresholds.size(); ++i) {
    stairs.x.push_back(path.thresholds[i]);
    stairs.y.push_back(levels[i + 1]);
  }
  stairs.x.push_back(1);
  stairs.y.push_back(levels.back());
  const std::vector<double> line = evenly(-1, 1, 401);
  chart.series = {std::move(stairs), {"unquantized", {"no quantization", "不量化"}, line, line, {}, false}};
  chart.lines = {{true, path.normalised, {"this weight", "这个权重"}}, {false, path.level, {"its level", "它的刻度"}}};
  chart.note = {
      "The steps are narrow near 0 and wide at the ends; a value exactly on a threshold takes the lower level.",
      "台阶在 0 附近窄、在两端宽；恰好等于阈值的数取下方刻度。"};
  return chart;
}

}  // namespace qlab::lessons
