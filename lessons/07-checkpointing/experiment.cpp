// checkpointing: the classroom saving as printed, and beside it what storing fewer layers' activations saves and what
// running them forward again costs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/experiment/context.hpp"
#include "core/memory/checkpoint_plan.hpp"
#include "core/memory/classroom.hpp"
#include "core/memory/ledger.hpp"

namespace qlab::lessons {
namespace {

struct Sliders {
  std::int64_t hidden_size = 0;  ///< H
  std::int64_t num_layers = 0;   ///< L
  std::int64_t seq_length = 0;   ///< T
  std::int64_t batch_size = 0;   ///< B
  double ratio = 0;              ///< %

  classroom::Checkpointing classroom() const { return classroom_at(seq_length, ratio); }
  classroom::Checkpointing classroom_at(std::int64_t length, double percent) const {
    return classroom::checkpointing({hidden_size, num_layers, length}, percent / 100, batch_size);
  }
};

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }

/// The plans of one kind of attention, for 1 to L segments.
struct Plans {
  std::vector<CheckpointPlan> all;
  std::int64_t layer_bytes = 0;

  const CheckpointPlan& none() const { return all.front(); }
  const CheckpointPlan& every_layer() const { return all.back(); }
  const CheckpointPlan& by_sqrt_rule() const {
    return all[static_cast<std::size_t>(sqrt_rule_segments(static_cast<std::int64_t>(all.size())) - 1)];
  }
  /// The smallest peak; of equal ones the one that recomputes least.
  const CheckpointPlan& best() const {
    return *std::min_element(all.begin(), all.end(),
                             [](const auto& a, const auto& b) { return a.peak_bytes < b.peak_bytes; });
  }
  /// For each amount of recomputation the plan with the smallest peak, from none to the most.
  std::vector<CheckpointPlan> bargains() const {
    std::vector<CheckpointPlan> kept;
    for (const CheckpointPlan& plan : all) {
      if (kept.empty() || kept.back().recomputed_forward_share != plan.recomputed_forward_share) {
        kept.push_back(plan);
      } else if (plan.peak_bytes < kept.back().peak_bytes) {
        kept.back() = plan;
      }
    }
    return kept;
  }
};

enum class Attention { fused, eager };

Plans plans_of(const Sliders& sliders, Attention attention) {
  constexpr std::int64_t any_vocabulary = 32000;  // no layer sees it
  const ModelShape shape = llama_like_shape(sliders.hidden_size, sliders.num_layers, any_vocabulary);
  const LayerActivations layer = layer_activations(shape, sliders.batch_size, sliders.seq_length);
  const std::int64_t bytes = layer.dense + (attention == Attention::eager ? layer.attention_scores : 0);
  const std::int64_t input = layer_input_bytes(shape, sliders.batch_size, sliders.seq_length);
  return {checkpoint_plans(sliders.num_layers, input, bytes), bytes};
}

void add_values(const Sliders& sliders, const Plans& fused, const Plans& eager, Report& report) {
  const auto script = sliders.classroom();
  report.add_value("activations_gb", script.activations_gb, "GiB",
                   {"Activations, classroom: 2 H T L × B", "激活（课堂公式）：2 H T L × B"});
  report.add_value("saved_gb", script.saved_gb, "GiB", {"Saved, classroom", "节省（课堂公式）"});
  report.add_value("kept_gb", script.kept_gb, "GiB", {"Kept, classroom", "保留（课堂公式）"});
  report.add_value("stored_gib", gib(fused.none().peak_bytes), "GiB",
                   {"Activations without checkpointing, ledger", "不用检查点的激活（账本）"});
  report.add_value("eager_extra_gib", gib(eager.none().peak_bytes - fused.none().peak_bytes), "GiB",
                   {"Attention scores on top, eager attention, ledger", "普通（eager）注意力另存的分数（账本）"});
  report.add_value("every_layer_gib", gib(fused.every_layer().peak_bytes), "GiB",
                   {"Peak with a checkpoint at every layer, ledger", "每层一个检查点时的峰值（账本）"});
  report.add_value("sqrt_segments", static_cast<double>(fused.by_sqrt_rule().segments), "",
                   {"Segments by the √L rule", "按 √L 规则的段数"});
  report.add_value("sqrt_gib", gib(fused.by_sqrt_rule().peak_bytes), "GiB",
                   {"Peak by the √L rule, ledger", "按 √L 规则的峰值（账本）"});
  report.add_value("best_segments", static_cast<double>(fused.best().segments), "",
                   {"Segments with the smallest peak", "峰值最小的段数"});
  report.add_value("best_gib", gib(fused.best().peak_bytes), "GiB", {"Smallest peak, ledger", "最小的峰值（账本）"});
  report.add_value("every_layer_saved_percent",
                   100 * (1 - gib(fused.every_layer().peak_bytes) / gib(fused.none().peak_bytes)), "%",
                   {"Saved with a checkpoint at every layer, ledger", "每层一个检查点节省的比例（账本）"});
  report.add_value("every_layer_extra_percent", 100 * fused.every_layer().extra_compute_share, "%",
                   {"Extra compute with a checkpoint at every layer", "每层一个检查点的额外计算"});
}

Table plan_table(const Plans& fused, const Plans& eager) {
  Table table{"plans",
              {"Ledger: checkpointing L layers in segments", "账本：把 L 层分段做检查点"},
              {{"plan", "", {"Plan", "方案"}},
               {"segments", "", {"Segments", "段数"}},
               {"stored_inputs", "GiB", {"Stored inputs", "保存的输入"}},
               {"peak_fused", "GiB", {"Peak, fused attention", "峰值（融合注意力）"}},
               {"peak_eager", "GiB", {"Peak, eager attention", "峰值（普通注意力）"}},
               {"extra_compute", "%", {"Extra compute", "额外计算"}}},
              {}};
  const auto add = [&](Text name, const CheckpointPlan& plan) {
    table.rows.push_back({std::move(name), static_cast<double>(plan.segments), gib(plan.stored_input_bytes),
                          gib(plan.peak_bytes), gib(eager.all[static_cast<std::size_t>(plan.segments - 1)].peak_bytes),
                          100 * plan.extra_compute_share});
  };
  add({"no checkpointing", "不用检查点"}, fused.none());
  add({"√L rule", "√L 规则"}, fused.by_sqrt_rule());
  add({"smallest peak, fused attention", "峰值最小（融合注意力）"}, fused.best());
  add({"every layer", "每层一个"}, fused.every_layer());
  return table;
}

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
        std::tuple("eager", Text{"Eager attention: + 5 a B T² a layer", "普通注意力：每层另加 5 a B T²"}, &eager)}) {
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
      "k = 1: no checkpointing. 34 B T H a layer (Korthikanti et al. 2022), 2 B T H a stored input; logits aside.",
      "k = 1：不用检查点。每层 34 B T H（Korthikanti 等，2022），每个保存的输入 2 B T H；未计 logits。"};
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

/// The printed figures, for the model they are about: LLaMA 7B at T = 1024 and B = 1. The sliders do not touch them.
void add_claims(std::vector<Check>& checks) {
  const Sliders printed{.hidden_size = 4096, .num_layers = 32, .seq_length = 1024, .batch_size = 1, .ratio = 50};
  const Plans fused = plans_of(printed, Attention::fused);
  const Plans eager = plans_of(printed, Attention::eager);
  const double stored = gib(fused.none().peak_bytes);
  checks.push_back(make_claim_check(
      "stored_activations", {"Activations of one stored forward at 7B, GiB", "7B 一次前向保存的激活，GiB"}, stored,
      4.25, 1e-9, printed.classroom().activations_gb, 0.1,
      {"a tutorial's script prints 2 H T L elements as bytes; truth: 34 · 1024 · 4096 · 32 bytes (Korthikanti et al. "
       "2022)",
       "某教程的脚本把 2 H T L 个元素当作字节打印；真值：34 · 1024 · 4096 · 32 字节（Korthikanti 等，2022）"}));
  checks.push_back(make_check("eager_attention_scores", {"Eager attention on top of them, GiB", "普通注意力另加，GiB"},
                              gib(eager.none().peak_bytes) - stored, 5.0, 1e-9,
                              {"5 · 32 heads · 1024² · 32 layers (Korthikanti et al. 2022)",
                               "5 · 32 头 · 1024² · 32 层（Korthikanti 等，2022）"}));
  checks.push_back(make_check(
      "formula_near_pytorch",
      {"One layer by the formula, MB, within 30 % of PyTorch's", "公式的一层，MB，与 PyTorch 相差不到 30 %"},
      static_cast<double>(fused.layer_bytes) / 1e6, 190.980120, 0.3 * 190.980120,
      {"what PyTorch's autograd keeps of one Llama-2-7B layer in bf16 with fused attention, counted node by node",
       "PyTorch 的 autograd 在 bf16、融合注意力下为 Llama-2-7B 的一层所保存的字节，逐节点统计"}));
  checks.push_back(make_claim_check(
      "saved_share", {"Saved with a checkpoint at every layer, %", "每层一个检查点节省的比例，%"},
      100 * (1 - gib(fused.every_layer().peak_bytes) / stored), 100 * (1 - (31 * 2 + 34) / (32 * 34.0)), 1e-9, 50, 5,
      {"a practice task, and a tutorial's script that calls it a teaching default; truth: 31 inputs of 2 and one layer "
       "of 34 instead of 32 layers of 34",
       "某实践任务，以及某教程的脚本（它说明这是教学默认值）；真值：31 个大小为 2 的输入加一层 34，对比 32 层 34"}));
  checks.push_back(make_claim_check("lost_speed", {"Steps an hour lost to it at most, %", "每小时步数因此最多减少，%"},
                                    100 * (1 - 1 / (1 + fused.every_layer().extra_compute_share)),
                                    100 * (31.0 / 32) / (3 + 31.0 / 32), 1e-9, 20, 5,
                                    {"a practice task prints 20; truth: a step of 3 units becomes one of 3 31/32",
                                     "某实践任务写 20；真值：3 份计算的一步变成 3 又 31/32 份"}));
}

}  // namespace

Result<Report> checkpointing_experiment(const Parameters& parameters, const Context&) {
  const Sliders sliders{parameters.integer("hidden_size"), parameters.integer("num_layers"),
                        parameters.integer("seq_length"), parameters.integer("batch_size"), parameters.number("ratio")};
  const Plans fused = plans_of(sliders, Attention::fused);
  const Plans eager = plans_of(sliders, Attention::eager);
  const ParameterSpec* ratio = parameters.find("ratio");
  const ParameterSpec* length = parameters.find("seq_length");
  QLAB_CHECK(ratio != nullptr && length != nullptr);

  Report report;
  add_values(sliders, fused, eager, report);
  report.tables = {plan_table(fused, eager)};
  report.charts = {segments_chart(fused, eager), tradeoff_chart(fused, eager), ratio_chart(sliders, *ratio),
                   length_chart(sliders, *length)};
  add_claims(report.checks);
  report.notes = {
      {"Classroom: 2 H T L, called elements, divided by 1024³ and printed as \"GB\"; these are GiB. The factor B is "
       "ours.",
       "课堂公式：2 H T L 本是元素个数，却除以 1024³ 写作“GB”，实际单位是 GiB。乘以 B 是我们加的。"},
      {"Ledger: 34 B T H bytes a layer (Korthikanti et al. 2022, for a GPT layer with dropout), without logits and "
       "without what the recomputation itself needs for a moment. A step simulator will count those in a later lesson.",
       "账本：每层 34 B T H 字节（Korthikanti 等，2022，针对带 dropout 的 GPT 层），未计 logits 和重算时短暂需要的"
       "张量；以后的课会用单步模拟来统计它们。"}};
  return report;
}

}  // namespace qlab::lessons
