#include "lessons/support/memory_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "core/memory/step/live_bytes.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

using step::Category;
using step::Phase;

constexpr std::size_t category_count = step::category_count;

/// The order of a stack: what stays at the bottom, what comes and goes on top; neighbours differ in colour.
constexpr std::array<Category, category_count> stacking{
    Category::quantized_weights, Category::weights,     Category::saved_activations, Category::logits_and_loss,
    Category::gradients,         Category::temporaries, Category::optimizer_state,   Category::adapter,
    Category::quant_constants,   Category::buffers,     Category::cast_weights,      Category::inputs};

constexpr std::int64_t smallest_share = 2000;  // a table's smallest row: one part in so many

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }

const Text memory_label{"Memory", "显存"};

}  // namespace

Text label_of(Category category) {
  switch (category) {
    case Category::weights: return {"Weights", "权重"};
    case Category::quantized_weights: return {"4-bit weights", "4 位权重"};
    case Category::quant_constants: return {"Quantization constants", "量化常数"};
    case Category::adapter: return {"Adapters", "适配器"};
    case Category::buffers: return {"Buffers", "缓冲区"};
    case Category::inputs: return {"Inputs", "输入"};
    case Category::optimizer_state: return {"Optimizer states", "优化器状态"};
    case Category::gradients: return {"Gradients", "梯度"};
    case Category::cast_weights: return {"Weights cast by autocast", "autocast 转换的权重"};
    case Category::logits_and_loss: return {"Logits and loss", "logits 与损失"};
    case Category::saved_activations: return {"Saved activations", "保存的激活"};
    case Category::temporaries: return {"Temporaries", "临时张量"};
  }
  return {};
}

Text label_of(Phase phase) {
  switch (phase) {
    case Phase::setup: return {"Loading", "载入"};
    case Phase::forward: return {"Forward pass", "前向传播"};
    case Phase::loss: return {"Loss", "损失"};
    case Phase::backward: return {"Backward pass", "反向传播"};
    case Phase::optimizer: return {"Optimizer step", "优化器更新"};
  }
  return {};
}

Table memory_breakdown_table(const SimulatedStep& step) {
  Table table;
  table.name = "breakdown";
  table.title = {"What is alive at the peak (simulated step)", "峰值时刻有什么（模拟一步）"};
  table.columns = {{"part", "", {"Part", "部分"}}, {"memory", "GiB", memory_label}, {"share", "%", {"Share", "占比"}}};
  const auto row = [&](Text name, std::int64_t bytes) {
    const double share = 100.0 * static_cast<double>(bytes) / static_cast<double>(step.peak_bytes);
    table.rows.push_back({std::move(name), gib(bytes), share});
  };
  std::vector<Category> parts;
  std::int64_t small = 0;
  for (const Category category : stacking) {
    const std::int64_t bytes = step.breakdown[static_cast<std::size_t>(category)];
    if (bytes * smallest_share >= step.peak_bytes) {
      parts.push_back(category);
    } else {
      small += bytes;
    }
  }
  const auto bytes_of = [&](Category category) { return step.breakdown[static_cast<std::size_t>(category)]; };
  std::stable_sort(parts.begin(), parts.end(), [&](Category a, Category b) { return bytes_of(a) > bytes_of(b); });
  for (const Category category : parts) row(label_of(category), bytes_of(category));
  if (small > 0) row({"Everything else", "其余"}, small);
  const Text phase = label_of(step.peak_phase);
  row({fmt::format("Peak of all tensors: {}", phase.en), fmt::format("全部张量的峰值：{}", phase.zh)}, step.peak_bytes);
  return table;
}

Chart memory_breakdown_bars(std::span<const NamedStep> steps) {
  Chart chart = chart_of("breakdown_bars", ChartKind::stacked_bars,
                         {"The peak, part by part (simulated step)", "峰值的构成（模拟一步）"});
  std::vector<Text> names;
  for (const NamedStep& one : steps) names.push_back(one.name);
  chart.x = axis_of_names(std::move(names));
  chart.y = axis_from_zero(memory_label, "GiB");
  Series other{.name = "other", .label = {"Everything else", "其余"}, .y = std::vector<double>(steps.size())};
  for (std::size_t i = 0; i < steps.size(); ++i) other.x.push_back(static_cast<double>(i));
  for (const Category category : stacking) {
    Series series{.name = name_of(category), .label = label_of(category), .x = other.x};
    bool seen = false;
    for (const NamedStep& one : steps) {
      const std::int64_t bytes = one.step->breakdown[static_cast<std::size_t>(category)];
      seen = seen || bytes * smallest_share >= one.step->peak_bytes;
      series.y.push_back(gib(bytes));
    }
    if (seen) {
      chart.series.push_back(std::move(series));
    } else {
      for (std::size_t i = 0; i < steps.size(); ++i) other.y[i] += series.y[i];
    }
  }
  if (std::any_of(other.y.begin(), other.y.end(), [](double y) { return y > 0; })) {
    chart.series.push_back(std::move(other));
  }
  return chart;
}

Chart memory_timeline(const SimulatedStep& step, const std::optional<CardLine>& card) {
  const LiveBytes live = sample_live_bytes(step);
  Chart chart =
      chart_of("timeline", ChartKind::stacked_area, {"Memory over one step (simulated)", "一步之内的显存（模拟）"});
  chart.x = axis_of({"Allocations and frees since the step began", "本步开始以来的分配与释放次数"});
  chart.y = axis_from_zero(memory_label, "GiB");
  Series other{.name = "other", .label = {"Other", "其他"}, .y = std::vector<double>(live.samples.size())};
  for (const Category category : stacking) {
    const auto index = static_cast<std::size_t>(category);
    Series series{.name = name_of(category), .label = label_of(category)};
    std::int64_t most = 0;
    for (const LiveBytes::Sample& sample : live.samples) {
      most = std::max(most, sample.bytes[index]);
      series.x.push_back(sample.event);
      series.y.push_back(gib(sample.bytes[index]));
    }
    if (other.x.empty()) other.x = series.x;
    if (most * 100 >= step.peak_bytes) {
      chart.series.push_back(std::move(series));
    } else {
      for (std::size_t i = 0; i < series.y.size(); ++i) other.y[i] += series.y[i];
    }
  }
  const LiveBytes::Sample& peak = live.samples[live.peak];
  const std::string size = fmt::format("{:.2f} GiB", gib(peak.total()));
  other.point_labels.resize(live.samples.size());
  other.point_labels[live.peak] = {"peak " + size, "峰值 " + size};
  chart.series.push_back(std::move(other));

  constexpr std::size_t most_phases = 9;  // of an accumulated step only the first are named
  for (std::size_t i = 1; i < std::min(live.phases.size(), most_phases); ++i) {
    chart.lines.push_back({true, static_cast<double>(live.phases[i].event), label_of(live.phases[i].phase)});
  }
  if (card) chart.lines.push_back({false, gib(card->bytes), card->label});
  return chart;
}

}  // namespace qlab::lessons
