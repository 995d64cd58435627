#include "lessons/support/fit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/units.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/memory_report.hpp"

namespace qlab::lessons {
namespace {

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }
std::string gib_text(std::int64_t bytes) { return fmt::format("{:.2f} GiB", gib(bytes)); }

const Text memory_label{"Memory", "显存"};

/// The change with its figure: "Accumulate 8 passes of one sequence".
Text described(const Change& change) {
  Text label = label_of(change.kind);
  if (change.kind == ChangeKind::accumulation) {
    return {fmt::format("{}: {} passes of batch 1", label.en, change.value),
            fmt::format("{}：批大小 1，累积 {} 次", label.zh, change.value)};
  }
  if (change.kind == ChangeKind::shorter_sequence) {
    return {fmt::format("{}: {} tokens", label.en, change.value), fmt::format("{}：{} 个词元", label.zh, change.value)};
  }
  return label;
}

}  // namespace

Text label_of(SweepKey key) {
  switch (key) {
    case SweepKey::seq: return {"Sequence length", "序列长度"};
    case SweepKey::batch: return {"Batch size", "批大小"};
    case SweepKey::rank: return {"Rank", "秩"};
    case SweepKey::accumulation: return {"Accumulation", "梯度累积"};
    case SweepKey::layers: return {"Layers", "层数"};
    case SweepKey::hidden: return {"Hidden size", "隐藏维度"};
    case SweepKey::vocab: return {"Vocabulary", "词表大小"};
  }
  return {};
}

Text label_of(Knob knob) {
  switch (knob) {
    case Knob::batch: return {"Batch size", "批大小"};
    case Knob::seq: return {"Sequence length", "序列长度"};
    case Knob::rank: return {"Rank", "秩"};
  }
  return {};
}

Text label_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::expandable_segments: return {"Expandable segments (environment)", "可扩展段（环境变量）"};
    case ChangeKind::double_quantization: return {"Double quantization", "双重量化"};
    case ChangeKind::fused_attention: return {"Fused attention (sdpa)", "融合注意力（sdpa）"};
    case ChangeKind::checkpointing: return {"Checkpoint every layer", "每层使用检查点"};
    case ChangeKind::paged_8bit_optimizer: return {"Paged 8-bit AdamW", "分页 8 位 AdamW"};
    case ChangeKind::accumulation: return {"Accumulate", "梯度累积"};
    case ChangeKind::qlora: return {"QLoRA: 4-bit weights", "QLoRA：4 位权重"};
    case ChangeKind::lora: return {"LoRA: train adapters only", "LoRA：只训练适配器"};
    case ChangeKind::qlora_for_full: return {"QLoRA: adapters on 4-bit weights", "QLoRA：4 位权重加适配器"};
    case ChangeKind::shorter_sequence: return {"Shorter sequence", "缩短序列"};
  }
  return {};
}

Text peak_sentence(const Verdict& verdict) {
  const Text phase = label_of(verdict.phase), largest = label_of(verdict.largest);
  const std::string size = gib_text(verdict.largest_bytes);
  Text text{
      fmt::format("Peak: {}, at {}; the largest part then: {}, {}", phase.en, verdict.operation, largest.en, size),
      fmt::format("峰值：{}（{}）；此时最大的部分：{}，{}", phase.zh, verdict.operation, largest.zh, size)};
  if (verdict.largest_movable_bytes > 0 && verdict.largest_movable != verdict.largest) {
    const Text movable = label_of(verdict.largest_movable);
    text.en += fmt::format("; beside the model: {}, {}", movable.en, gib_text(verdict.largest_movable_bytes));
    text.zh += fmt::format("；模型之外最大的是{}，{}", movable.zh, gib_text(verdict.largest_movable_bytes));
  }
  return {text.en + ".", text.zh + "。"};
}

Text verdict_sentence(const Verdict& verdict, const CardMemory& memory) {
  const Text why = peak_sentence(verdict);
  const std::string size = gib_text(std::abs(verdict.margin));
  if (verdict.fits) {
    return {fmt::format("Fits {} with {} to spare. {}", memory.label, size, why.en),
            fmt::format("放得进 {}，还剩 {}。{}", memory.label, size, why.zh)};
  }
  return {fmt::format("Does not fit {}: {} too much. {}", memory.label, size, why.en),
          fmt::format("放不进 {}：超出 {}。{}", memory.label, size, why.zh)};
}

Table footprint_table(const Footprint& footprint, const CardOverheads& overheads,
                      const std::optional<CardMemory>& memory) {
  Table table;
  table.name = "card";
  table.title = {"What the process takes of the card", "进程占用的显存"};
  table.columns = {{"line", "", {"Line", "项目"}}, {"memory", "GiB", memory_label}};
  const auto row = [&](Text name, std::int64_t bytes) { table.rows.push_back({std::move(name), gib(bytes)}); };
  row({"Tensors at the peak", "峰值时的张量"}, footprint.tensors);
  row({"CUDA kernels while they run", "CUDA 内核运行时所需"}, footprint.kernels);
  row({"Fragmentation in the caching allocator", "缓存分配器中的碎片"}, footprint.fragmentation);
  row({"cuBLAS workspaces", "cuBLAS 工作区"}, footprint.workspaces);
  row(overheads.context_measured ? Text{"CUDA context (measured on this card)", "CUDA 上下文（该卡实测）"}
                                 : Text{"CUDA context (an allowance)", "CUDA 上下文（预留量）"},
      footprint.context);
  row({"nvidia-smi would show", "nvidia-smi 将显示"}, footprint.process());
  if (memory) {
    row({"Card: " + memory->label, "显卡：" + memory->label}, memory->bytes);
    row({"Left over", "剩余"}, memory->bytes - footprint.process());
  }
  return table;
}

Table parameters_table(const ModelShape& shape, const StepSettings& settings) {
  const ParameterCounts counts = count_parameters(shape);
  Table table;
  table.name = "parameters";
  table.title = {"Parameters", "参数"};
  table.columns = {{"kind", "", {"Kind", "种类"}}, {"count", "", {"Count", "数量"}}};
  const auto row = [&](Text name, std::int64_t count) {
    if (count != 0) table.rows.push_back({std::move(name), static_cast<double>(count)});
  };
  row({"Attention", "注意力"}, counts.attention);
  row({"MLP", "MLP"}, counts.mlp);
  row({"Norms", "归一化"}, counts.norm);
  row({"Embedding", "嵌入"}, counts.embedding);
  row({"Head", "输出头"}, counts.lm_head);
  row({"Total", "合计"}, counts.total());
  if (settings.method == TrainingMethod::qlora) {
    row({"Quantized to 4 bits", "量化为 4 位"}, quantized_linears(shape).weights);
  }
  row({"Trainable", "可训练"},
      settings.lora ? adapter_parameters(shape, settings.lora->rank, settings.lora->targets) : counts.total());
  return table;
}

Table limits_table(std::span<const Limit> limits, const Plan& plan) {
  Table table;
  table.name = "limits";
  table.title = {"How far each may go on this card, the others as they are", "其他不变时，各项在这张卡上的上限"};
  table.columns = {{"what", "", {"What", "项目"}},
                   {"now", "", {"Now", "当前"}},
                   {"largest", "", {"Largest that fits", "放得下的最大值"}},
                   {"memory", "GiB", {"Process then", "此时的进程"}},
                   {"note", "", {"Note", "备注"}}};
  for (const Limit& limit : limits) {
    const std::int64_t now = limit.knob == Knob::batch ? plan.settings.batch
                             : limit.knob == Knob::seq ? plan.settings.seq
                                                       : plan.settings.lora->rank;
    Cell note = Text{};
    if (limit.largest == 0) note = Text{"not even 1 fits", "连 1 也放不下"};
    if (limit.largest == limit.looked_to && limit.knob == Knob::seq) {
      note = Text{"all the model's positions", "模型的全部位置"};
    } else if (limit.largest == limit.looked_to) {
      note = Text{"no more was tried", "没有再往上试"};
    }
    table.rows.push_back({label_of(limit.knob), static_cast<double>(now), static_cast<double>(limit.largest),
                          limit.largest == 0 ? Cell{} : Cell{gib(limit.footprint.process())}, note});
  }
  return table;
}

Table models_table(std::span<const NamedModel> models) {
  Table table;
  table.name = "models";
  table.title = {"The largest models that fit with these settings", "这些设置下放得下的最大模型"};
  table.columns = {{"model", "", {"Model", "模型"}},
                   {"parameters", "1e9", {"Parameters", "参数"}},
                   {"memory", "GiB", {"Process", "进程"}}};
  for (const NamedModel& model : models) {
    table.rows.push_back(
        {same(model.name), static_cast<double>(model.parameters) / 1e9, gib(model.footprint.process())});
  }
  return table;
}

std::vector<Table> advice_tables(const Advice& advice) {
  const auto table_of = [](const char* name, Text title, std::span<const Change> changes) {
    Table table;
    table.name = name;
    table.title = std::move(title);
    table.columns = {{"change", "", {"Change", "改动"}},
                     {"saved", "GiB", {"Saves", "节省"}},
                     {"memory", "GiB", {"Process then", "此时的进程"}},
                     {"fits", "", {"Fits", "放得下"}}};
    for (const Change& change : changes) {
      table.rows.push_back({described(change), gib(change.saved_bytes), gib(change.footprint.process()),
                            change.fits ? Text{"yes", "是"} : Text{"no", "否"}});
    }
    return table;
  };
  std::vector<Table> tables{table_of(
      "changes", {"Each change by itself, the cheapest first", "单独采用各项改动（代价小的在前）"}, advice.alone)};
  if (advice.together.size() > 1) {
    tables.push_back(
        table_of("changes_together", {"One after the other, until it fits", "依次采用，直到放得下"}, advice.together));
  }
  return tables;
}

Text advice_sentence(const Advice& advice, const CardMemory& memory) {
  const auto first =
      std::find_if(advice.alone.begin(), advice.alone.end(), [](const Change& change) { return change.fits; });
  if (first != advice.alone.end()) {
    const Text change = described(*first);
    return {
        fmt::format("The cheapest change that makes it fit {}: {} (saves {}).", memory.label, change.en,
                    gib_text(first->saved_bytes)),
        fmt::format("让它放进 {} 的最小改动：{}（节省 {}）。", memory.label, change.zh, gib_text(first->saved_bytes))};
  }
  if (advice.helps) {
    return {
        fmt::format("No single change makes it fit {}, but {} together do.", memory.label, advice.together.size()),
        fmt::format("没有哪一项改动能单独让它放进 {}，但 {} 项合在一起可以。", memory.label, advice.together.size())};
  }
  return {fmt::format("None of the changes makes it fit {}: take a larger card or a smaller model.", memory.label),
          fmt::format("这些改动都不能让它放进 {}：换更大的卡或更小的模型。", memory.label)};
}

Table sweep_table(const SweepGrid& grid) {
  Table table;
  table.name = "sweep";
  table.title = {"Peak with what CUDA takes, point by point (simulated step)", "逐点的峰值，含 CUDA 所需（模拟一步）"};
  std::size_t points = 1;
  for (const SweepAxis& axis : grid.axes) {
    table.columns.push_back({name_of(axis.key), "", label_of(axis.key)});
    points *= axis.values.size();
  }
  table.columns.push_back({"memory", "GiB", memory_label});
  for (std::size_t point = 0; point < points; ++point) {
    std::vector<Cell> row(grid.axes.size());
    std::size_t index = point;
    for (std::size_t a = grid.axes.size(); a-- > 0; index /= grid.axes[a].values.size()) {
      row[a] = static_cast<double>(grid.axes[a].values[index % grid.axes[a].values.size()]);
    }
    row.push_back(grid.bytes[point] ? Cell{gib(*grid.bytes[point])} : Cell{});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Chart sweep_chart(const SweepGrid& grid, const std::optional<CardMemory>& memory) {
  const auto values_of = [](const SweepAxis& axis) {
    return std::vector<double>(axis.values.begin(), axis.values.end());
  };
  const auto value_at = [&](std::size_t point) {
    return grid.bytes[point] ? gib(*grid.bytes[point]) : std::numeric_limits<double>::quiet_NaN();
  };
  const SweepAxis& down = grid.axes.front();
  Chart chart = chart_of("sweep", grid.axes.size() == 2 ? ChartKind::heat_map : ChartKind::line, {});
  if (grid.axes.size() == 1) {
    chart.title = {fmt::format("Memory over {} (simulated step)", label_of(down.key).en),
                   fmt::format("显存随{}的变化（模拟一步）", label_of(down.key).zh)};
    chart.x = axis_of(label_of(down.key));
    chart.y = axis_from_zero(memory_label, "GiB");
    Series series{.name = "memory", .label = memory_label, .x = values_of(down)};
    for (std::size_t i = 0; i < down.values.size(); ++i) series.y.push_back(value_at(i));
    chart.series.push_back(std::move(series));
    if (memory) chart.lines.push_back({false, gib(memory->bytes), same(memory->label)});
    return chart;
  }
  const SweepAxis& across = grid.axes.back();
  chart.title = {fmt::format("Memory over {} and {} (simulated step)", label_of(across.key).en, label_of(down.key).en),
                 fmt::format("显存随{}与{}的变化（模拟一步）", label_of(across.key).zh, label_of(down.key).zh)};
  chart.x = axis_of(label_of(across.key));
  chart.y = axis_of(label_of(down.key));
  chart.z = axis_of(memory_label, "GiB");
  chart.grid.x = values_of(across);
  chart.grid.y = values_of(down);
  for (std::size_t i = 0; i < grid.bytes.size(); ++i) chart.grid.z.push_back(value_at(i));
  const auto sizes = std::minmax_element(grid.bytes.begin(), grid.bytes.end());
  chart.z.logarithmic = *sizes.first && *sizes.second && **sizes.second > 8 * **sizes.first;
  if (memory) {
    chart.grid.levels = {gib(memory->bytes)};
    chart.note = {"The contour is " + memory->label + ": below it the step fits, fragmentation aside.",
                  "等高线是 " + memory->label + "：线下的组合放得下（不计碎片）。"};
  }
  return chart;
}

Table compare_table(std::span<const NamedFootprint> plans, const std::optional<CardMemory>& memory) {
  Table table;
  table.name = "compare";
  table.title = {"Side by side, at each one's peak (simulated step)", "并排比较，各自的峰值（模拟一步）"};
  table.columns = {{"part", "", {"Part", "部分"}}};
  for (const NamedFootprint& plan : plans) table.columns.push_back({plan.name.en, "GiB", plan.name});
  const auto row = [&](Text name, auto value) {
    std::vector<Cell> cells{std::move(name)};
    bool any = false;
    for (const NamedFootprint& plan : plans) {
      const std::int64_t bytes = value(plan);
      cells.emplace_back(gib(bytes));
      any = any || bytes != 0;
    }
    if (any) table.rows.push_back(std::move(cells));
  };
  for (std::size_t i = 0; i < step::category_count; ++i) {
    const auto category = static_cast<step::Category>(i);
    if (category == step::Category::buffers || category == step::Category::inputs) continue;
    row(label_of(category), [i](const NamedFootprint& plan) { return plan.step->breakdown[i]; });
  }
  row({"Buffers and inputs", "缓冲区与输入"}, [](const NamedFootprint& plan) {
    return plan.step->breakdown[static_cast<std::size_t>(step::Category::buffers)] +
           plan.step->breakdown[static_cast<std::size_t>(step::Category::inputs)];
  });
  row({"Peak of all tensors", "全部张量的峰值"}, [](const NamedFootprint& plan) { return plan.footprint.tensors; });
  row({"nvidia-smi would show", "nvidia-smi 将显示"},
      [](const NamedFootprint& plan) { return plan.footprint.process(); });
  if (memory) {
    row({"Left over on " + memory->label, memory->label + " 上的剩余"},
        [&](const NamedFootprint& plan) { return memory->bytes - plan.footprint.process(); });
  }
  return table;
}

}  // namespace qlab::lessons
