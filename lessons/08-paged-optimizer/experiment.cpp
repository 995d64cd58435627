// paged-optimizer: where the optimizer's pages are while a long sequence needs their room, and what the moving costs.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/memory/model_shape.hpp"
#include "core/memory/step/simulate.hpp"
#include "lessons/08-paged-optimizer/paged_optimizer.hpp"

namespace qlab::lessons {
namespace {

using paging::StepFigures;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

double gb_of_pages(const PagedStudy& study, std::int64_t pages) {
  return static_cast<double>(pages * study.paging.page_bytes) / bytes_per_GB;
}

void add_values(const PagedStudy& study, const CardSweep& sweep, Report& report) {
  const auto& run = study.run;
  const StepFigures total = run.total();
  const bool whole = study.finished();
  const auto of_step = [&](std::size_t i) { return whole ? slow_down_percent(run.steps[i]) : undefined; };
  report.add_value("state_gib", gib(study.state_bytes), "GiB", {"Paged optimizer state", "可分页的优化器状态"});
  report.add_value("missing_unpaged_gib", gib(study.missing_unpaged()), "GiB",
                   {"Missing without paging", "不分页时还差"});
  report.add_value("missing_paged_gib", gib(study.missing_paged()), "GiB",
                   {"Missing in spite of paging", "分页后仍差"});
  report.add_value("slow_down_long_percent", of_step(1), "%", {"Slow-down of the long step", "长序列一步变慢"});
  report.add_value("slow_down_after_percent", of_step(2), "%", {"Slow-down of the step after it", "其后一步变慢"});
  report.add_value("pages", static_cast<double>(run.pages), "", {"Pages", "页数"});
  report.add_value("fixed_state_gib", gib(study.fixed_state_bytes), "GiB",
                   {"Optimizer state that stays on the card", "留在显卡上的优化器状态"});
  report.add_value("ordinary_peak_gib", gib(study.ordinary_peak_bytes), "GiB",
                   {"Peak of an ordinary step beside the pages, simulated step", "普通一步的峰值（不含页，单步模拟）"});
  report.add_value("long_peak_gib", gib(study.most_bytes), "GiB",
                   {"Peak of the long step beside the pages, simulated step", "长序列一步的峰值（不含页，单步模拟）"});
  report.add_value("needed_unpaged_gib", sweep.least_unpaged_gib, "GiB",
                   {"The card needs without paging", "不分页时显卡至少要有"});
  report.add_value("moved_out_gb", whole ? gb_of_pages(study, total.pages_out) : undefined, "GB",
                   {"Moved from card to host", "从显卡移到主机"});
  report.add_value("moved_in_gb", whole ? gb_of_pages(study, total.pages_in) : undefined, "GB",
                   {"Moved from host to card", "从主机移到显卡"});
  report.add_value("requests", whole ? static_cast<double>(total.faults) : undefined, "",
                   {"Requests that the update waited for", "更新等待的请求数"});
  report.add_value("waited_ms", whole ? 1e3 * (total.waited_out + total.waited_in) : undefined, "ms",
                   {"Waiting in all three steps", "三步合计的等待"});
  report.add_value("step_seconds", study.work[0].seconds(), "s",
                   {"An ordinary step without waiting, model", "普通一步不等待时的时间（模型）"});
}

Table steps_table(const PagedStudy& study) {
  Table table{"steps",
              {"The three steps", "三步"},
              {{"step", "", {"Step", "步"}},
               {"work", "s", {"Work", "计算"}},
               {"waited_out", "ms", {"Waiting: pages leave", "等待：页离开"}},
               {"waited_in", "ms", {"Waiting: pages return", "等待：页返回"}},
               {"pages_out", "", {"Pages out", "移出页数"}},
               {"pages_in", "", {"Pages in", "移入页数"}},
               {"requests", "", {"Requests", "请求数"}},
               {"slow_down", "%", {"Slow-down", "变慢"}}},
              {}};
  const std::array<Text, 3> names{Text{"ordinary", "普通"}, Text{"long", "长序列"}, Text{"ordinary again", "再次普通"}};
  for (std::size_t i = 0; i < study.run.steps.size(); ++i) {
    const StepFigures& step = study.run.steps[i];
    table.rows.push_back({names[i], step.work_seconds, 1e3 * step.waited_out, 1e3 * step.waited_in,
                          static_cast<double>(step.pages_out), static_cast<double>(step.pages_in),
                          static_cast<double>(step.faults), slow_down_percent(step)});
  }
  return table;
}

/// What the page table may never break, recounted from what it reported.
void add_conservation(const PagedStudy& study, Report& report) {
  const auto& run = study.run;
  std::int64_t in = 0, out = 0, fullest = 0;
  for (const paging::Moment& moment : run.moments) {
    in += moment.pages_in, out += moment.pages_out;
    // Where memory ran out nothing was given; where pages still leave it is given later.
    if (moment.waited_out > 0 || moment.pages_in > 0) {
      fullest = std::max(fullest, moment.demand_bytes + moment.resident_pages * study.paging.page_bytes);
    }
  }
  report.checks.push_back(make_check("pages_conserved", {"Pages in less pages out", "移入页数减移出页数"},
                                     static_cast<double>(in - out),
                                     static_cast<double>(run.last_resident - run.first_resident), 0,
                                     {"what the card has more at the end than at the beginning: every page is in "
                                      "exactly one place",
                                      "结束时显卡比开始时多出的页数：每一页恰好在一个地方"}));
  report.checks.push_back(make_bound_check(
      "never_overfull", {"Fullest card after a transfer, GiB", "传输之后显卡的最满时刻，GiB"}, gib(fullest),
      Relation::at_most, gib(study.paging.card_bytes), {"the card's memory", "显卡的容量"}));
}

/// At rank 16 on q, k, v and o of a 7B model; one layer tells, for all are alike.
Result<Done> add_claims(Report& report) {
  const ModelShape shape = llama_like_shape(4096, 1, 32000);
  StepSettings settings;
  settings.seq = 128;
  settings.optimizer = Optimizer::paged_adamw_32bit;
  settings.lora = LoraSettings{16, lora_targets(shape, "qkvo"), 0};
  const auto step = simulate_step(shape, settings);
  if (!step) return step.error();
  report.checks.push_back(make_claim_check(
      "paged_at_rank_16",
      {"QLoRA of 7B, r = 16 on q, k, v, o: optimizer state that can be paged, MB",
       "7B 的 QLoRA，r = 16 作用于 q、k、v、o：可分页的优化器状态，MB"},
      static_cast<double>(step->paged_bytes) / 1e6, 0, 0, 80, 1,
      {"a practice task counts 80 MB of Adam and pages them with paged_adamw_32bit; truth: bitsandbytes pages tensors "
       "of at least 100,000 values, and 16 · 4096 is 65,536",
       "某实践任务算出 Adam 占 80 MB，并用 paged_adamw_32bit 分页；真值：bitsandbytes 只对不少于 100,000 "
       "个值的张量分页，"
       "而 16 · 4096 = 65,536"}));
  settings.method = TrainingMethod::full;
  settings.lora.reset();
  std::vector<double> bytes;
  for (const Optimizer optimizer : {Optimizer::paged_adamw_32bit, Optimizer::paged_adamw_8bit}) {
    settings.optimizer = optimizer;
    const auto full = simulate_step(shape, settings);
    if (!full) return full.error();
    bytes.push_back(static_cast<double>(full->paged_bytes));
  }
  report.checks.push_back(make_check(
      "bits_of_state", {"32-bit state over 8-bit state", "32 位状态与 8 位状态之比"}, bytes[0] / bytes[1], 4, 0,
      {"4 bytes against 1 for each of AdamW's two moments; the 8-bit constants, one fp32 "
       "for 256 values, are not paged",
       "AdamW 的两个矩各占 4 字节对 1 字节；8 位的常数（每 256 个值一个 fp32）不分页"}));
  return Done{};
}

}  // namespace

Result<Report> paged_optimizer_experiment(const Parameters& parameters, const Context& context) {
  const auto study = study_of(parameters, context);
  if (!study) return study.error();
  const CardSweep sweep = sweep_cards(*study);
  Report report;
  add_values(*study, sweep, report);
  report.tables = {steps_table(*study)};
  report.charts = {memory_chart(*study), residency_chart(*study), transfers_chart(*study), step_time_chart(*study),
                   card_sweep_chart(*study, sweep)};
  add_conservation(*study, report);
  if (auto done = add_claims(report); !done) return done.error();
  report.notes = {
      {"Exact (simulated step): the bytes of every tensor and which optimizer tensors bitsandbytes pages. Model: how "
       "long the phases take (products at the stated speed, update at 900 GB/s of card memory), when pages move and "
       "how long that takes. Nothing here was measured on a card.",
       "精确（单步模拟）：每个张量的字节数，以及 bitsandbytes "
       "对哪些优化器张量分页。模型：各阶段的时间（矩阵乘法按给定速度，"
       "更新按 900 GB/s 的显存带宽）、页何时移动、要多久。这里没有任何数字是在显卡上实测的。"},
      {"Card memory is what tensors may use. A process takes some hundreds of MiB more before its first tensor.",
       "显卡容量指张量可用的部分。进程在第一个张量之前还要占用数百 MiB。"}};
  return report;
}

}  // namespace qlab::lessons
