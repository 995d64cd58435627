#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "lessons/07-checkpointing/checkpointing.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/memory_report.hpp"

namespace qlab::lessons::checkpointing {
namespace {

ReferenceLine vertical_line(double at, Text label) { return {true, at, std::move(label)}; }

Chart ratio_chart(const Sliders& sliders, const ParameterSpec& ratio) {
  Chart chart;
  chart.name = "kept_by_ratio";
  chart.kind = ChartKind::line;
  chart.title = {"Kept and saved (classroom)", "保留与节省（课堂公式）"};
  chart.x = {.label = {"Share saved", "节省比例"}, .unit = "%"};
  chart.y = {.label = {"Activations", "激活显存"}, .unit = "GiB", .minimum = 0.0};
  Series kept{.name = "kept", .label = {"Kept", "保留"}};
  Series saved{.name = "saved", .label = {"Saved", "节省"}};
  constexpr int points = 51;
  for (int i = 0; i < points; ++i) {
    const double percent = ratio.minimum + (ratio.maximum - ratio.minimum) * i / (points - 1);
    const auto there = sliders.classroom_at(sliders.seq_length, percent);
    kept.x.push_back(percent), kept.y.push_back(there.kept_gb);
    saved.x.push_back(percent), saved.y.push_back(there.saved_gb);
  }
  chart.series = {std::move(kept), std::move(saved)};
  const std::string now = fmt::format("{} %", sliders.ratio);
  chart.lines = {vertical_line(sliders.ratio, {now, now})};
  chart.note = {"The script fixes 50 % and calls it a teaching default; it gives 30 to 80 % as the range.",
                "脚本固定为 50 %，并说明这是教学默认值；它给出的范围是 30 到 80 %。"};
  return chart;
}

Chart length_chart(const Sliders& sliders, const ParameterSpec& length) {
  Chart chart;
  chart.name = "kept_by_length";
  chart.kind = ChartKind::line;
  chart.title = {"Activations over T (classroom)", "激活随 T 的变化（课堂公式）"};
  chart.x = {.label = {"Sequence length T", "序列长度 T"}, .logarithmic = true};
  chart.y = {.label = {"Activations", "激活显存"}, .unit = "GiB", .logarithmic = true};
  Series all{.name = "activations", .label = {"All", "全部"}};
  Series kept{.name = "kept", .label = {"Kept", "保留"}};
  constexpr int points = 33;
  for (int i = 0; i < points; ++i) {
    const double T = std::round(length.minimum * std::pow(length.maximum / length.minimum, i / (points - 1.0)));
    const auto there = sliders.classroom_at(static_cast<std::int64_t>(T), sliders.ratio);
    for (Series* series : {&all, &kept}) series->x.push_back(T);
    all.y.push_back(there.activations_gb);
    kept.y.push_back(there.kept_gb);
  }
  chart.series = {std::move(all), std::move(kept)};
  const std::string now = fmt::format("T = {}", sliders.seq_length);
  chart.lines = {vertical_line(static_cast<double>(sliders.seq_length), {now, now})};
  return chart;
}

Chart segments_chart(const Plans& fused, const Plans& eager) {
  Chart chart;
  chart.name = "peak_by_segments";
  chart.kind = ChartKind::line;
  chart.title = {"How many checkpoints? (ledger)", "要多少个检查点？（账本）"};
  chart.x = {.label = {"Segments k", "段数 k"}, .logarithmic = true};
  chart.y = {.label = {"Peak of activations", "激活的峰值"}, .unit = "GiB", .logarithmic = true};
  for (const auto& [name, label, plans] :
       {std::tuple("fused", Text{"Fused attention", "融合注意力"}, &fused),
        std::tuple("eager", Text{"Eager attention: keeps its scores", "普通注意力：另存分数"}, &eager)}) {
    Series series{.name = name, .label = label};
    for (const CheckpointPlan& plan : plans->all) {
      series.x.push_back(static_cast<double>(plan.segments));
      series.y.push_back(gib(plan.peak_bytes));
    }
    series.marks = true;
    chart.series.push_back(std::move(series));
  }
  chart.y.minimum = 0.7 * gib(std::min(fused.best().peak_bytes, eager.best().peak_bytes));
  const auto rule = fused.by_sqrt_rule().segments;
  const auto best = fused.best().segments;
  chart.lines = {
      vertical_line(static_cast<double>(rule), {fmt::format("√L rule: {}", rule), fmt::format("√L 规则：{}", rule)}),
      vertical_line(static_cast<double>(best),
                    {fmt::format("smallest peak (fused): {}", best), fmt::format("峰值最小（融合）：{}", best)})};
  chart.note = {
      "k = 1: no checkpointing. Stored inputs and the activations of one segment, tensor by tensor; logits aside.",
      "k = 1：不用检查点。保存的输入加一段的激活，逐张量统计；未计 logits。"};
  return chart;
}

Chart tradeoff_chart(const Plans& fused, const Plans& eager) {
  Chart chart;
  chart.name = "memory_against_recomputation";
  chart.kind = ChartKind::line;
  chart.title = {"Memory against recomputation (ledger)", "显存与重算的交换（账本）"};
  chart.x = {.label = {"Extra compute of a step", "一步的额外计算"}, .unit = "%"};
  chart.y = {.label = {"Peak of activations", "激活的峰值"}, .unit = "GiB", .minimum = 0.0};
  for (const auto& [name, label, plans] : {std::tuple("fused", Text{"Fused attention", "融合注意力"}, &fused),
                                           std::tuple("eager", Text{"Eager attention", "普通注意力"}, &eager)}) {
    Series series{.name = name, .label = label};
    for (const CheckpointPlan& plan : plans->bargains()) {
      series.x.push_back(100 * plan.extra_compute_share);
      series.y.push_back(gib(plan.peak_bytes));
      constexpr std::int64_t most_labelled = 4;  // beyond it they crowd
      const std::string k = plan.segments <= most_labelled ? fmt::format("k = {}", plan.segments) : "";
      series.point_labels.push_back({k, k});
    }
    series.marks = true;
    chart.series.push_back(std::move(series));
  }
  chart.lines = {vertical_line(100.0 / 3, {"one whole forward more", "多做一次完整前向"})};
  chart.note = {"k segments; a step is 3 units of compute, forward 1 and backward 2, and recomputing adds at most 1.",
                "k 为段数；一步是 3 份计算，前向 1 份，反向 2 份，重算最多再加 1 份。"};
  return chart;
}

/// One layer, part by part, for the three methods, for eager attention, and as the published formula has it.
Chart parts_chart(const Sliders& sliders) {
  Chart chart =
      chart_of("layer_parts", ChartKind::stacked_bars, {"One layer, part by part (ledger)", "一层的构成（账本）"});
  chart.y = axis_from_zero({"Activations of one layer", "一层的激活"}, "MiB");
  constexpr double bytes_per_MiB = 1024.0 * 1024.0;
  constexpr std::array shown{step::Part::attention, step::Part::mlp, step::Part::norm, step::Part::residual};
  constexpr std::array names{"attention", "mlp", "norms", "residual"};
  std::vector<Series> parts;
  for (std::size_t i = 0; i < shown.size(); ++i) parts.push_back({.name = names[i], .label = label_of(shown[i])});
  std::vector<Text> columns;
  const auto add = [&](Text name, TrainingMethod method, AttentionKernel attention) {
    Sliders there = sliders;
    there.method = method;
    const Plans plans = plans_of(there, attention);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::int64_t bytes = plans.ledger.layer_parts[static_cast<std::size_t>(shown[i])];
      parts[i].x.push_back(static_cast<double>(columns.size()));
      parts[i].y.push_back(static_cast<double>(bytes) / bytes_per_MiB);
    }
    columns.push_back(std::move(name));
  };
  for (const TrainingMethod method : methods) add(label_of(method), method, AttentionKernel::sdpa);
  const Text method = label_of(sliders.method);
  add({method.en + ", eager", method.zh + "，普通注意力"}, sliders.method, AttentionKernel::eager);
  const PublishedActivations formula = published_activations(sliders.shape(), sliders.batch_size, sliders.seq_length);
  Series published{.name = "published", .label = {"Published formula: 34 B T H", "已发表的公式：34 B T H"}};
  for (std::size_t i = 0; i < columns.size(); ++i)
    published.x.push_back(static_cast<double>(i)), published.y.push_back(0);
  for (Series& part : parts) part.x.push_back(static_cast<double>(columns.size())), part.y.push_back(0);
  published.x.push_back(static_cast<double>(columns.size()));
  published.y.push_back(static_cast<double>(formula.dense) / bytes_per_MiB);
  columns.push_back({"Published formula", "已发表的公式"});
  parts.push_back(std::move(published));
  chart.x = axis_of_names(std::move(columns));
  chart.series = std::move(parts);
  chart.note = {"Fused attention but where said otherwise. QLoRA's stream is fp32 after k-bit preparation.",
                "除注明外为融合注意力。QLoRA 经 k-bit 准备后，残差流为 fp32。"};
  return chart;
}

/// Both timelines on one scale.
std::array<Chart, 2> timelines(const Steps& steps) {
  std::array<Chart, 2> both{memory_timeline(steps.none), memory_timeline(steps.chosen)};
  both[0].name = "timeline_none";
  both[0].title = {"Without checkpoints (simulated)", "不用检查点（模拟）"};
  both[1].name = "timeline_chosen";
  both[1].title = {"Checkpoints as chosen (simulated)", "所选的检查点（模拟）"};
  const double highest = 1.08 * gib(std::max(steps.none.peak_bytes, steps.chosen.peak_bytes));
  for (Chart& chart : both) chart.y.maximum = highest;
  return both;
}

}  // namespace

std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters, const Plans& fused, const Plans& eager,
                          const Steps& steps) {
  const ParameterSpec* ratio = parameters.find("ratio");
  const ParameterSpec* length = parameters.find("seq_length");
  QLAB_CHECK(ratio != nullptr && length != nullptr);
  auto [none, chosen] = timelines(steps);
  return {std::move(none),
          std::move(chosen),
          parts_chart(sliders),
          segments_chart(fused, eager),
          tradeoff_chart(fused, eager),
          ratio_chart(sliders, *ratio),
          length_chart(sliders, *length)};
}

Chart peaks_chart(const Sliders& sliders, const std::vector<SimulatedPeak>& peaks, const Steps& steps) {
  Chart chart = chart_of("peaks", ChartKind::line, {"Longer segments (simulated)", "更长的分段（模拟）"});
  chart.x = logarithmic_axis({"Layers behind a checkpoint", "每个检查点的层数"});
  chart.y = axis_from_zero({"Peak of the step", "一步的峰值"}, "GiB");
  Series series{.name = "peak", .label = {"All layers checkpointed", "所有层都用检查点"}, .marks = true};
  for (const SimulatedPeak& peak : peaks) {
    series.x.push_back(static_cast<double>(peak.every));
    series.y.push_back(gib(peak.peak_bytes));
  }
  chart.series = {std::move(series)};
  chart.lines = {{false, gib(steps.none.peak_bytes), {"no checkpoint", "不用检查点"}}};
  if (sliders.granularity == Granularity::every_k) {
    const std::string now = fmt::format("k = {}", sliders.every);
    chart.lines.push_back(vertical_line(static_cast<double>(sliders.every), {now, now}));
  }
  chart.note = {"Every segment runs again, the last too, as the libraries do it: a whole forward pass more each time.",
                "与常用库相同，每一段都要重算，最后一段也不例外：每次都多一次完整前向。"};
  return chart;
}

}  // namespace qlab::lessons::checkpointing
