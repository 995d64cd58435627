// checkpointing: the classroom saving as printed, beside it what storing fewer layers' activations saves and what
// running them forward again costs, and the same training step simulated with and without.
#include <algorithm>
#include <string>
#include <utility>

#include "lessons/07-checkpointing/checkpointing.hpp"

namespace qlab::lessons {
namespace {

using namespace checkpointing;

Granularity granularity_of(const std::string& id) {
  if (id == "none") return Granularity::none;
  if (id == "every_layer") return Granularity::every_layer;
  if (id == "every_k") return Granularity::every_k;
  return id == "sqrt" ? Granularity::sqrt : Granularity::share;
}

Sliders sliders_of(const Parameters& parameters) {
  return {parameters.integer("hidden_size"),
          parameters.integer("num_layers"),
          parameters.integer("seq_length"),
          parameters.integer("batch_size"),
          parameters.number("ratio"),
          method_from(parameters.text("method")),
          granularity_of(parameters.text("granularity")),
          parameters.integer("every"),
          parameters.number("share")};
}

/// What waits for the backward pass under the sliders' granularity.
std::int64_t chosen_bytes(const Sliders& sliders, const Plans& fused) {
  return activation_bytes(fused.ledger, sliders.shape(), sliders.settings());
}

double chosen_extra_percent(const Sliders& sliders) {
  const double share = static_cast<double>(sliders.checkpointed_layers()) / static_cast<double>(sliders.num_layers);
  return 100 * share / 3;
}

void add_values(const Sliders& sliders, const Plans& fused, const Plans& eager, Report& report) {
  const auto script = sliders.classroom();
  report.add_value("activations_gb", script.activations_gb, "GiB",
                   {"Activations, classroom: 2 H T L × B", "激活（课堂公式）：2 H T L × B"});
  report.add_value("saved_gb", script.saved_gb, "GiB", {"Saved, classroom", "节省（课堂公式）"});
  report.add_value("kept_gb", script.kept_gb, "GiB", {"Kept, classroom", "保留（课堂公式）"});
  const PublishedActivations published = published_activations(sliders.shape(), sliders.batch_size, sliders.seq_length);
  report.add_value("published_gib", gib(sliders.num_layers * published.dense), "GiB",
                   {"All layers by 34 B T H, published formula", "按 34 B T H，全部层（已发表的公式）"});
  report.add_value("published_scores_gib", gib(sliders.num_layers * published.attention_scores), "GiB",
                   {"Attention scores by 5 a B T², published formula", "按 5 a B T² 的注意力分数（已发表的公式）"});
  report.add_value("stored_gib", gib(fused.ledger.layers_bytes), "GiB",
                   {"Activations without checkpointing, ledger", "不用检查点的激活（账本）"});
  report.add_value("eager_extra_gib", gib(eager.ledger.layers_bytes - fused.ledger.layers_bytes), "GiB",
                   {"On top with eager attention, ledger", "普通（eager）注意力另存（账本）"});
  const double layer = static_cast<double>(fused.ledger.layer_bytes);
  report.add_value("layer_to_input", layer / static_cast<double>(fused.ledger.layer_input_bytes), "",
                   {"One layer's activations over its input, ledger", "一层的激活是其输入的几倍（账本）"});
  report.add_value("chosen_gib", gib(chosen_bytes(sliders, fused)), "GiB",
                   {"Activations as chosen, ledger", "所选方案的激活（账本）"});
  report.add_value("chosen_saved_percent",
                   100 * (1 - gib(chosen_bytes(sliders, fused)) / gib(fused.ledger.layers_bytes)), "%",
                   {"Saved of the activations as chosen, ledger", "所选方案节省的激活（账本）"});
  report.add_value("chosen_extra_percent", chosen_extra_percent(sliders), "%",
                   {"Extra compute as chosen", "所选方案的额外计算"});
  report.add_value("sqrt_segments", static_cast<double>(fused.by_sqrt_rule().segments), "",
                   {"Segments by the √L rule", "按 √L 规则的段数"});
  report.add_value("sqrt_gib", gib(fused.by_sqrt_rule().peak_bytes), "GiB",
                   {"Peak by the √L rule, ledger", "按 √L 规则的峰值（账本）"});
  report.add_value("best_segments", static_cast<double>(fused.best().segments), "",
                   {"Segments with the smallest peak", "峰值最小的段数"});
  report.add_value("best_gib", gib(fused.best().peak_bytes), "GiB", {"Smallest peak, ledger", "最小的峰值（账本）"});
}

void add_simulated(const Steps& steps, Report& report) {
  report.add_value("simulated_none_gib", gib(steps.none.peak_bytes), "GiB",
                   {"Peak without checkpoints, simulated", "不用检查点的峰值（模拟）"});
  report.add_value("simulated_chosen_gib", gib(steps.chosen.peak_bytes), "GiB",
                   {"Peak as chosen, simulated", "所选方案的峰值（模拟）"});
  report.add_value("simulated_saved_percent", 100 * (1 - gib(steps.chosen.peak_bytes) / gib(steps.none.peak_bytes)),
                   "%", {"Saved of the peak, simulated", "峰值节省的比例（模拟）"});
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

/// How the same granularities come out when libraries run them: every checkpointed layer runs again, the last too.
Table granularity_table(const Sliders& sliders, const Plans& fused) {
  Table table{"granularities",
              {"Ledger: saved and recomputed", "账本：省多少、重算多少"},
              {{"granularity", "", {"Granularity", "粒度"}},
               {"kept", "GiB", {"Activations kept", "保留的激活"}},
               {"saved", "%", {"Saved", "节省"}},
               {"recomputed", "%", {"Layers run twice", "算两遍的层"}},
               {"extra_compute", "%", {"Extra compute", "额外计算"}}},
              {}};
  const auto add = [&](Text name, Granularity granularity) {
    Sliders there = sliders;
    there.granularity = granularity;
    const double kept = gib(chosen_bytes(there, fused));
    const double extra = chosen_extra_percent(there);
    table.rows.push_back({std::move(name), kept, 100 * (1 - kept / gib(fused.ledger.layers_bytes)), 3 * extra, extra});
  };
  const std::string k = std::to_string(sliders.every);
  add({"none", "不用"}, Granularity::none);
  add({"every layer", "每层一个"}, Granularity::every_layer);
  add({"every " + k + " layers", "每 " + k + " 层一个"}, Granularity::every_k);
  add({"√L segments", "√L 段"}, Granularity::sqrt);
  add({"a share of the layers", "一部分层"}, Granularity::share);
  return table;
}

}  // namespace

Result<Report> checkpointing_experiment(const Parameters& parameters, const Context& context) {
  const Sliders sliders = sliders_of(parameters);
  const Plans fused = plans_of(sliders, AttentionKernel::sdpa);
  const Plans eager = plans_of(sliders, AttentionKernel::eager);
  const Steps steps{step_of(sliders, sliders.settings(Granularity::none)), step_of(sliders, sliders.settings())};

  Report report;
  add_simulated(steps, report);
  add_values(sliders, fused, eager, report);
  report.tables = {granularity_table(sliders, fused), plan_table(fused, eager)};
  report.checks = claims();
  report.notes = {
      {"Classroom: 2 H T L, called elements, divided by 1024³ and printed as \"GB\"; these are GiB. The factor B is "
       "ours.",
       "课堂公式：2 H T L 本是元素个数，却除以 1024³ 写作“GB”，实际单位是 GiB。乘以 B 是我们加的。"},
      {"Ledger: exact bytes of what PyTorch's autograd keeps of each layer, without logits and without what a "
       "recomputation needs for a moment. Segments: their last one keeps its activations (Chen et al. 2016); libraries "
       "run even that one again.",
       "账本：PyTorch 的 autograd 为每层保存的精确字节，未计 logits 和重算时短暂需要的张量。分段时，最后一段保留激活"
       "（Chen 等，2016）；常用库连最后一段也重算。"},
      {"Simulated step: op by op, with logits, gradients and temporaries; bf16 autocast, sdpa attention, fused AdamW, "
       "adapters of rank 16 on q, k, v, o, a vocabulary of 32,000.",
       "模拟一步：逐个算子，包括 logits、梯度和临时张量；bf16 autocast、sdpa 注意力、融合 AdamW、q、k、v、o 上 r = 16 "
       "的"
       "适配器，词表 32,000。"}};

  const std::vector<Chart> fixed = charts(sliders, parameters, fused, eager, steps);
  std::vector<SimulatedPeak> peaks;
  StepSettings settings = sliders.settings(Granularity::every_layer);
  for (std::int64_t every = 1;; every = std::min(2 * every, sliders.num_layers)) {
    settings.checkpoint_every = every;
    peaks.push_back({every, peak_of(sliders, settings)});
    report.charts = fixed;
    report.charts.push_back(peaks_chart(sliders, peaks, steps));
    if (every == sliders.num_layers) break;
    if (context.stop.stop_requested()) {
      report.complete = false;
      break;
    }
    context.tell(report);
  }
  return report;
}

}  // namespace qlab::lessons
