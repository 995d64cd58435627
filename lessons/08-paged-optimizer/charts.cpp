// What the lesson shows of a run: who lies where, who moves, who waits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lessons/08-paged-optimizer/paged_optimizer.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

using paging::Moment;
using paging::PagedRun;

enum Place { on_card, partly, in_host_memory };

Place place_of(std::int64_t resident, std::int64_t pages) {
  return resident == pages ? on_card : resident == 0 ? in_host_memory : partly;
}

void add_span(Series& series, double begin, double end, double lane) {
  series.x.push_back(begin), series.x.push_back(end);
  series.y.push_back(lane);
}

/// One that follows the last span of the lane continues it.
void add_or_extend(Series& series, double begin, double end, double lane) {
  if (end <= begin) return;
  if (!series.y.empty() && series.y.back() == lane && series.x.back() == begin) {
    series.x.back() = end;
  } else {
    add_span(series, begin, end, lane);
  }
}

/// Where the steps begin, as lines; the last one at the end of the run is left out.
std::vector<ReferenceLine> step_lines(const PagedRun& run) {
  std::vector<ReferenceLine> lines;
  for (std::size_t i = 1; i < run.steps.size(); ++i) {
    const bool longer = i == 1;
    lines.push_back(
        {true, run.steps[i].begin, longer ? Text{"long step", "长序列的一步"} : Text{"ordinary step", "普通的一步"}});
  }
  return lines;
}

Axis time_axis() {
  Axis axis = axis_of({"Time", "时间"}, "s");
  axis.minimum = 0.0;
  return axis;
}

Text out_of_memory_note(const PagedStudy& study) {
  const double missing = gib(study.missing_paged());
  return {fmt::format("Out of memory in spite of paging: {:.2f} GiB are missing. Activations are not paged.", missing),
          fmt::format("即使分页也显存不足：还差 {:.2f} GiB。激活不参与分页。", missing)};
}

}  // namespace

Chart residency_chart(const PagedStudy& study) {
  const PagedRun& run = study.run;
  Chart chart = chart_of("residency", ChartKind::timeline, {"Where the pages are", "各页在哪里"});
  chart.x = time_axis();
  chart.y = axis_of({"Pages, in the order of the update", "页（按更新顺序）"});
  const std::array<Text, 3> names{Text{"On the card", "在显卡上"}, Text{"Partly on the card", "部分在显卡上"},
                                  Text{"In host memory", "在主机内存"}};
  const std::array<const char*, 3> ids{"on_card", "partly", "in_host_memory"};
  std::array<Series, 3> series;
  for (std::size_t i = 0; i < series.size(); ++i) series[i] = {.name = ids[i], .label = names[i]};
  std::int64_t first = 0;
  for (int row = 0; row < run.map_rows && first < run.pages; ++row) {
    const std::int64_t pages = map_row_pages(run, row);
    chart.y.categories.push_back(same(fmt::format("{}–{}", first + 1, first + pages)));
    first += pages;
    double begin = 0;
    const auto place_at = [&](std::size_t moment) {
      return place_of(run.map[moment * static_cast<std::size_t>(run.map_rows) + static_cast<std::size_t>(row)], pages);
    };
    Place place = place_at(0);
    for (std::size_t i = 1; i < run.moments.size(); ++i) {
      const bool last = i + 1 == run.moments.size();
      const Place now = place_at(i);
      if (now == place && !last) continue;
      add_or_extend(series[place], begin, run.moments[i].seconds, row);
      begin = run.moments[i].seconds;
      place = now;
    }
  }
  if (run.pages == 0) chart.y.categories.push_back({"nothing is paged", "没有可分页的状态"});
  chart.series.assign(std::make_move_iterator(series.begin()), std::make_move_iterator(series.end()));
  chart.lines = step_lines(run);
  for (ReferenceLine& line : chart.lines) line.label = {};  // the lanes leave no room for words
  if (run.shortage) {
    chart.note = out_of_memory_note(study);
  } else if (run.pages == 0) {
    chart.note = {"bitsandbytes pages only tensors of at least 100,000 values; here all are smaller.",
                  "bitsandbytes 只对不少于 100,000 个值的张量分页；这里的张量都更小。"};
  } else {
    chart.note = {"Between the dashed lines: the long step. A model, not a measurement.",
                  "虚线之间是长序列的一步。这是模型而非实测。"};
  }
  return chart;
}

Chart memory_chart(const PagedStudy& study) {
  const PagedRun& run = study.run;
  Chart chart = chart_of("card_memory", ChartKind::staircase, {"What lies on the card", "显卡上有什么"});
  chart.x = time_axis();
  chart.y = axis_of({"Memory", "显存"}, "GiB");
  Series rest{.name = "rest", .label = {"Everything else", "其余一切"}};
  Series paged{.name = "with_pages", .label = {"With pages on the card", "加上显卡上的页"}};
  Series all{.name = "without_paging", .label = {"Without paging", "不分页"}};
  for (const Moment& moment : run.moments) {
    for (Series* series : {&rest, &paged, &all}) series->x.push_back(moment.seconds);
    rest.y.push_back(gib(moment.demand_bytes));
    // While pages still leave, the memory that was asked for is not given yet.
    const std::int64_t there = moment.demand_bytes + moment.resident_pages * study.paging.page_bytes;
    paged.y.push_back(gib(std::min(there, std::max(study.paging.card_bytes, moment.demand_bytes))));
    all.y.push_back(gib(moment.demand_bytes + study.state_bytes));
  }
  chart.series = {std::move(rest), std::move(paged), std::move(all)};
  chart.lines = {{false, gib(study.paging.card_bytes), {"the card", "显卡容量"}}};
  chart.note = {"Bytes: simulated step, exact. Seconds: products at the stated speed.",
                "字节数：单步模拟，精确。秒数：按给定速度计算矩阵乘法。"};
  return chart;
}

Chart transfers_chart(const PagedStudy& study) {
  const PagedRun& run = study.run;
  Chart chart = chart_of("transfers", ChartKind::timeline, {"Who works, who waits", "谁在算，谁在等"});
  chart.x = time_axis();
  chart.y = axis_of_names({{"Forward, backward", "前向、反向"},
                           {"Update", "更新"},
                           {"Pages leave", "页离开显卡"},
                           {"Pages return", "页回到显卡"}});
  Series work{.name = "work", .label = {"The card works", "显卡在计算"}};
  Series out{.name = "pages_out", .label = {"Waiting: card to host", "等待：显卡到主机"}};
  Series in{.name = "pages_in", .label = {"Waiting: host to card", "等待：主机到显卡"}};
  for (std::size_t i = 1; i < run.moments.size(); ++i) {
    const Moment& moment = run.moments[i];
    // A moment of the update gathers some tensors; within it the order is work, out, in.
    const double in_begin = moment.seconds - moment.waited_in;
    const double out_begin = in_begin - moment.waited_out;
    add_or_extend(work, run.moments[i - 1].seconds, out_begin, moment.updating ? 1 : 0);
    add_or_extend(out, out_begin, in_begin, 2);
    add_or_extend(in, in_begin, moment.seconds, 3);
  }
  chart.series = {std::move(work), std::move(out), std::move(in)};
  chart.lines = step_lines(run);
  chart.note = run.shortage ? out_of_memory_note(study)
                            : Text{"Model: one transfer at a time, and the step waits for it.",
                                   "模型：一次只有一项传输，训练步在等它。"};
  return chart;
}

Chart step_time_chart(const PagedStudy& study) {
  Chart chart = chart_of("step_time", ChartKind::stacked_bars, {"What a step takes", "一步要多久"});
  chart.y = axis_from_zero({"Time", "时间"}, "s");
  Series work{.name = "work", .label = {"Forward, backward, update", "前向、反向、更新"}};
  Series out{.name = "pages_out", .label = {"Waiting: pages leave", "等待：页离开"}};
  Series in{.name = "pages_in", .label = {"Waiting: pages return", "等待：页返回"}};
  const auto add = [&](Text name, double seconds, double leaving, double returning) {
    chart.x.categories.push_back(std::move(name));
    for (Series* series : {&work, &out, &in}) series->x.push_back(static_cast<double>(chart.x.categories.size() - 1));
    work.y.push_back(seconds), out.y.push_back(leaving), in.y.push_back(returning);
  };
  const std::array<Text, 3> names{Text{"Ordinary", "普通"}, Text{"Long", "长序列"}, Text{"Ordinary again", "再次普通"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < study.run.steps.size()) {
      const paging::StepFigures& step = study.run.steps[i];
      add(names[i], step.work_seconds, step.waited_out, step.waited_in);
    } else {
      const bool here = static_cast<std::size_t>(study.run.shortage->step) == i;
      add(here ? Text{names[i].en + ": out of memory", names[i].zh + "：显存不足"}
               : Text{names[i].en + ": not reached", names[i].zh + "：未到达"},
          0, 0, 0);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& shortage = study.run.shortage_unpaged;
    const bool fits = !shortage || static_cast<std::size_t>(shortage->step) > i;
    add(fits ? Text{names[i].en + ", unpaged", names[i].zh + "，不分页"}
             : Text{names[i].en + ", unpaged: out of memory", names[i].zh + "，不分页：显存不足"},
        fits ? study.work[i].seconds() : 0, 0, 0);
  }
  chart.series = {std::move(work), std::move(out), std::move(in)};
  return chart;
}

Chart card_sweep_chart(const PagedStudy& study, const CardSweep& sweep) {
  Chart chart = chart_of("slow_down_by_card", ChartKind::line, {"The smaller the card", "显卡越小"});
  chart.x = axis_of({"Card memory", "显卡容量"}, "GiB");
  chart.y = axis_from_zero({"Waiting beside work, three steps", "等待与计算之比（三步）"}, "%");
  Series slow{.name = "slow_down", .label = {"With paging", "分页"}};
  slow.x = sweep.card_gib;
  slow.y = sweep.slow_down_percent;
  chart.series = {std::move(slow)};
  const double margin =
      std::max(0.06 * (sweep.least_unpaged_gib - sweep.least_paged_gib), 0.01 * sweep.least_paged_gib);
  const double card = gib(study.paging.card_bytes);
  chart.x.minimum = std::min(card, sweep.least_paged_gib) - margin;
  chart.x.maximum = std::max(card, sweep.least_unpaged_gib) + 2 * margin;
  chart.lines = {{true, sweep.least_paged_gib, {"needed with paging", "分页时至少"}},
                 {true, sweep.least_unpaged_gib, {"needed without", "不分页时至少"}},
                 {true, card, {"this card", "当前显卡"}}};
  chart.note = {"Paging serves the cards between the two lines: below them it fails too, above them it is not needed.",
                "分页只对两线之间的显卡有用：更小时它也无能为力，更大时用不着它。"};
  return chart;
}

}  // namespace qlab::lessons
