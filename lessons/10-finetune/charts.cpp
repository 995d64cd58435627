// The comparison as values, tables and charts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/training/rotary.hpp"
#include "lessons/10-finetune/finetune.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

using training::Method;

Text label_of(Method method) {
  switch (method) {
    case Method::full: return {"full fine-tuning", "全参数微调"};
    case Method::lora: return same("LoRA");
    case Method::qlora: return same("QLoRA");
  }
  return {};
}

constexpr std::array<const char*, training::memory_kind_count> kind_names = {"weights", "gradients", "optimizer",
                                                                             "activations", "temporary"};
const std::array<Text, training::memory_kind_count>& kind_labels() {
  static const std::array<Text, training::memory_kind_count> labels = {{{"weights", "权重"},
                                                                        {"gradients", "梯度"},
                                                                        {"optimizer states", "优化器状态"},
                                                                        {"activations", "激活值"},
                                                                        {"temporary", "临时内存"}}};
  return labels;
}

double perplexity(double loss) { return training::exponential(loss); }

double peak_mb(const MethodResult& result) {
  std::int64_t sum = 0;
  for (const std::int64_t one : result.peak) sum += one;
  return static_cast<double>(sum) / 1e6;
}

/// Mean training loss of the seeds that have come so far, smoothed over a few steps.
std::vector<double> mean_curve(const MethodResult& result) {
  constexpr std::size_t window = 5;
  std::vector<double> curve;
  for (std::size_t step = 0; step < result.curves.front().size(); ++step) {
    double sum = 0;
    int count = 0;
    for (const auto& one : result.curves) {
      for (std::size_t i = step + 1 > window ? step + 1 - window : 0; i <= step && i < one.size(); ++i) {
        sum += one[i];
        ++count;
      }
    }
    curve.push_back(sum / count);
  }
  return curve;
}

Chart curve_chart(const Comparison& comparison, bool as_perplexity) {
  Chart chart = as_perplexity
                    ? chart_of("perplexity_curves", ChartKind::line, {"Perplexity while tuning", "微调过程中的困惑度"})
                    : chart_of("loss_curves", ChartKind::line, {"Loss while tuning", "微调过程中的损失"});
  chart.x = axis_of({"step", "步"});
  chart.x.maximum = static_cast<double>(comparison.steps);
  chart.y = as_perplexity ? logarithmic_axis({"perplexity of the answers", "答案的困惑度"})
                          : axis_from_zero({"loss of the answers", "答案的损失"}, "nats");
  for (const MethodResult& one : comparison.methods) {
    if (one.curves.empty() || one.curves.front().empty()) continue;
    Series series{.name = std::string(training::name_of(one.method)), .label = label_of(one.method)};
    series.y = mean_curve(one);
    for (std::size_t i = 0; i < series.y.size(); ++i) series.x.push_back(static_cast<double>(i + 1));
    if (as_perplexity) std::ranges::transform(series.y, series.y.begin(), perplexity);
    chart.series.push_back(std::move(series));
  }
  chart.note = {"mean of the seeds so far and of the last five steps", "已完成种子与最近五步的平均"};
  return chart;
}

Chart memory_chart(const Comparison& comparison) {
  Chart chart =
      chart_of("peak_memory", ChartKind::stacked_bars, {"Memory at the peak of a step", "一步中峰值时的内存"});
  std::vector<Text> names;
  std::vector<const MethodResult*> measured;
  for (const MethodResult& one : comparison.methods) {
    if (one.peak == training::Memory::Shares{}) continue;
    names.push_back(label_of(one.method));
    measured.push_back(&one);
  }
  chart.x = axis_of_names(names);
  chart.y = axis_from_zero({"live bytes", "在用字节"}, "MB");
  for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
    Series series{.name = kind_names[kind], .label = kind_labels()[kind]};
    for (const MethodResult* one : measured) series.y.push_back(static_cast<double>(one->peak[kind]) / 1e6);
    chart.series.push_back(std::move(series));
  }
  chart.note = {"measured: every byte comes from one counting allocator", "实测：每个字节都来自同一个计数分配器"};
  return chart;
}

Chart final_chart(const Comparison& comparison) {
  Chart chart = chart_of("final_losses", ChartKind::scatter,
                         {"Loss on unseen questions, seed by seed", "未见问题上的损失（逐种子）"});
  chart.x = axis_of({"seed", "种子"});
  chart.y = axis_of({"loss of the answers", "答案的损失"}, "nats");
  for (const MethodResult& one : comparison.methods) {
    if (one.final_losses.empty()) continue;
    Series series{.name = std::string(training::name_of(one.method)), .label = label_of(one.method)};
    series.y = one.final_losses;
    for (std::size_t i = 0; i < series.y.size(); ++i) series.x.push_back(static_cast<double>(i + 1));
    chart.series.push_back(std::move(series));
  }
  return chart;
}

/// "no difference seen" as long as the mean difference lies within what seeds alone do.
Text verdict(const MethodResult& one, const MethodResult& reference) {
  const std::size_t pairs = std::min(one.final_losses.size(), reference.final_losses.size());
  if (pairs < 3) return {"too few seeds for a verdict", "种子太少，不下结论"};
  double mean = 0;
  for (std::size_t i = 0; i < pairs; ++i)
    mean += (one.final_losses[i] - reference.final_losses[i]) / static_cast<double>(pairs);
  const double spread = std::hypot(one.spread(), reference.spread());
  if (std::abs(mean) <= spread) return {"no difference beyond the seeds' spread", "差异未超出种子间的波动"};
  return mean > 0 ? Text{"worse", "更差"} : Text{"better", "更好"};
}

Table method_table(const Comparison& comparison) {
  Table table{"methods", {"Methods compared", "方法比较"}, {}, {}};
  table.columns = {{"method", "", {"method", "方法"}},
                   {"trainable", "", {"trained weights", "训练的权重"}},
                   {"loss", "nats", {"loss, mean", "损失均值"}},
                   {"spread", "nats", {"spread of the seeds", "种子间波动"}},
                   {"perplexity", "", {"perplexity", "困惑度"}},
                   {"step_time", "ms", {"time a step", "每步时间"}},
                   {"peak", "MB", {"peak, measured", "峰值（实测）"}},
                   {"pytorch_peak", "MB", {"PyTorch's peak, simulated", "PyTorch 的峰值（模拟）"}},
                   {"verdict", "", {"against the first row", "与第一行相比"}}};
  for (const MethodResult& one : comparison.methods) {
    if (one.final_losses.empty()) continue;
    const bool first = &one == &comparison.methods.front();
    table.rows.push_back({label_of(one.method), static_cast<double>(one.trainable), one.mean_loss(), one.spread(),
                          perplexity(one.mean_loss()), one.median_ms(), peak_mb(one),
                          one.pytorch_peak ? Cell(static_cast<double>(*one.pytorch_peak) / 1e6) : Cell(),
                          first ? Cell() : Cell(verdict(one, comparison.methods.front()))});
  }
  return table;
}

/// The printed table of LoRA against QLoRA beside ours.
Table printed_table(const MethodResult& lora, const MethodResult& qlora) {
  Table table{
      "printed", {"A printed table of LoRA and QLoRA, and ours", "某份 LoRA 与 QLoRA 对照表，以及我们的结果"}, {}, {}};
  table.columns = {{"quantity", "", {"quantity", "量"}},
                   {"printed_lora", "", {"LoRA, printed", "LoRA（印刷值）"}},
                   {"printed_qlora", "", {"QLoRA, printed", "QLoRA（印刷值）"}},
                   {"printed_change", "%", {"change, printed figures", "变化（按印刷值）"}},
                   {"our_lora", "", {"LoRA, here", "LoRA（此处）"}},
                   {"our_qlora", "", {"QLoRA, here", "QLoRA（此处）"}},
                   {"our_change", "%", {"change, here", "变化（此处）"}}};
  const auto row = [&](Text name, double a, double b, double c, double d) {
    table.rows.push_back({std::move(name), a, b, 100 * (b / a - 1), c, d, 100 * (d / c - 1)});
  };
  row({"loss", "损失"}, 1.234, 1.256, lora.mean_loss(), qlora.mean_loss());
  row({"perplexity", "困惑度"}, 3.45, 3.52, perplexity(lora.mean_loss()), perplexity(qlora.mean_loss()));
  row({"time (min; here ms a step)", "时间（分钟；此处为每步毫秒）"}, 45, 52, lora.median_ms(), qlora.median_ms());
  row({"memory (GB; here MB)", "内存（GB；此处为 MB）"}, 21.33, 14.18, peak_mb(lora), peak_mb(qlora));
  return table;
}

Table answer_table(const Comparison& comparison) {
  Table table{"answers", {"Answers before and after", "微调前后的回答"}, {}, {}};
  table.columns = {{"question", "", {"question", "问题"}},
                   {"wanted", "", {"wanted", "正确答案"}},
                   {"before", "", {"before", "微调前"}}};
  for (const MethodResult& one : comparison.methods) {
    if (!one.answers.empty())
      table.columns.push_back({std::string(training::name_of(one.method)), "", label_of(one.method)});
  }
  for (std::size_t i = 0; i < comparison.questions.size(); ++i) {
    std::string prompt = comparison.questions[i].prompt;
    std::ranges::replace(prompt, '\n', ' ');
    const std::string& wanted = comparison.questions[i].answer;
    std::vector<Cell> row = {same(prompt), same(wanted.substr(0, wanted.size() - 1)),
                             same(comparison.answers_before[i])};
    for (const MethodResult& one : comparison.methods) {
      if (!one.answers.empty()) row.emplace_back(same(one.answers[i]));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table order_table(const Comparison& comparison) {
  Table table{"four_bit_orders", {"Four bits at the end: which order?", "最终都是 4 位：哪种顺序好？"}, {}, {}};
  table.columns = {{"order", "", {"order", "顺序"}},
                   {"loss", "nats", {"loss, mean", "损失均值"}},
                   {"least", "nats", {"smallest of the seeds", "各种子最小值"}},
                   {"most", "nats", {"largest of the seeds", "各种子最大值"}}};
  for (const FourBitEnd& one : comparison.four_bits) {
    if (one.losses.empty()) continue;
    double sum = 0;
    for (const double loss : one.losses) sum += loss;
    table.rows.push_back({one.label, sum / static_cast<double>(one.losses.size()),
                          *std::ranges::min_element(one.losses), *std::ranges::max_element(one.losses)});
  }
  return table;
}

void add_values(const Comparison& comparison, Report& report) {
  report.add_value("loss_before", comparison.loss_before, "nats", {"Loss before tuning", "微调前的损失"});
  for (const MethodResult& one : comparison.methods) {
    if (one.final_losses.empty()) continue;
    const std::string name(training::name_of(one.method));
    const Text label = label_of(one.method);
    const auto add = [&](const char* what, double number, const char* unit, const char* en, const char* zh) {
      report.add_value(what + ("_" + name), number, unit, {label.en + ": " + en, label.zh + "：" + zh});
    };
    add("loss", one.mean_loss(), "nats", "loss on unseen questions", "未见问题上的损失");
    add("spread", one.spread(), "nats", "spread of the seeds", "种子间波动");
    add("perplexity", perplexity(one.mean_loss()), "", "perplexity", "困惑度");
    add("trainable", static_cast<double>(one.trainable), "", "trained weights", "训练的权重");
    add("peak_mb", peak_mb(one), "MB", "peak of a step", "一步的峰值");
    add("step_ms", one.median_ms(), "ms", "time a step", "每步时间");
  }
  for (const FourBitEnd& one : comparison.four_bits) {
    if (one.losses.empty()) continue;
    double sum = 0;
    for (const double loss : one.losses) sum += loss;
    report.add_value(one.id + "_loss", sum / static_cast<double>(one.losses.size()), "nats", one.label);
  }
  if (comparison.weights_mb_packed == 0) return;
  report.add_value("linear_mb_dense", comparison.weights_mb_dense, "MB", {"Linear layers in fp32", "fp32 的线性层"});
  report.add_value("linear_mb_packed", comparison.weights_mb_packed, "MB", {"The same, packed", "打包后的线性层"});
}

void add_checks(const Comparison& comparison, Report& report) {
  for (const MethodResult& one : comparison.methods) {
    if (static_cast<std::int64_t>(one.final_losses.size()) != comparison.seeds) return;
    const Text label = label_of(one.method);
    report.checks.push_back(make_bound_check("learned_" + std::string(training::name_of(one.method)),
                                             {label.en + ": loss after tuning", label.zh + "：微调后的损失"},
                                             one.mean_loss(), Relation::at_most, comparison.loss_before,
                                             {"the loss before tuning", "微调前的损失"}));
  }
  if (comparison.find(Method::qlora) == nullptr) return;
  report.checks.push_back(make_bound_check(
      "merged_logits",
      {"Merging into the decoded weights: largest change of a logit", "合并到解码权重：logit 的最大变化"},
      comparison.merged_difference, Relation::at_most, 1e-3,
      {"W x + s B (A x) and (W + s B A) x differ by fp32 rounding only",
       "W x + s B (A x) 与 (W + s B A) x 仅差 fp32 舍入"}));
}

}  // namespace

Report report_of(const Comparison& comparison, const FinetuneSettings& settings) {
  Report report;
  add_values(comparison, report);
  report.charts.push_back(curve_chart(comparison, false));
  report.charts.push_back(curve_chart(comparison, true));
  const bool some_done =
      std::ranges::any_of(comparison.methods, [](const MethodResult& one) { return !one.final_losses.empty(); });
  if (some_done) {
    report.charts.push_back(memory_chart(comparison));
    report.charts.push_back(final_chart(comparison));
    report.tables.push_back(method_table(comparison));
    report.tables.push_back(answer_table(comparison));
    if (!comparison.four_bits.empty()) report.tables.push_back(order_table(comparison));
  }
  const MethodResult* const lora = comparison.find(Method::lora);
  const MethodResult* const qlora = comparison.find(Method::qlora);
  if (lora != nullptr && qlora != nullptr && !lora->final_losses.empty() && !qlora->final_losses.empty()) {
    report.tables.push_back(printed_table(*lora, *qlora));
  }
  add_checks(comparison, report);
  report.notes.push_back(
      {fmt::format("{} steps of 8 questions, {} seeds; spread is the standard deviation over them", comparison.steps,
                   comparison.seeds),
       fmt::format("每次 {} 步、每步 8 个问题，{} 个种子；波动为其标准差", comparison.steps, comparison.seeds)});
  if (settings.seeds < 3) {
    report.notes.push_back({"fewer than three seeds: the differences are no verdict", "种子少于三个：差异不构成结论"});
  }
  return report;
}

}  // namespace qlab::lessons
