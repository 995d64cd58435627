// `qloralab estimate --sweep`: a grid of simulated peaks.
#include <fmt/format.h>

#include "app/cli/estimate.hpp"
#include "app/cli/estimate_json.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/terminal.hpp"
#include "core/memory/fit/sweep.hpp"
#include "lessons/support/fit_report.hpp"

namespace qlab::cli {

Result<int> estimate_sweep(const EstimateOptions& typed, const Common& common) {
  const auto axes = parse_sweep(typed.sweep);
  if (!axes) return axes.error();
  const auto task = read_task(typed, common);
  if (!task) return task.error();
  const auto grid = [&] {
    const InterruptWatch interrupt;
    ProgressBar progress;
    return sweep(task->plan, *axes, task->overheads(), common.threads, interrupt.token(), progress.sink());
  }();
  if (!grid) return grid.error();

  EstimateAnswer answer;
  answer.title = {task->model + " · " + task->profile.name, task->model + " · " + task->profile.name};
  answer.summary = {"Peak of all tensors with what kernels, cuBLAS and the CUDA context take, without fragmentation.",
                    "全部张量的峰值，加上内核、cuBLAS 和 CUDA 上下文所需，不计碎片。"};
  answer.report.tables.push_back(lessons::sweep_table(*grid));
  answer.report.charts.push_back(lessons::sweep_chart(*grid, task->memory));
  Json keys = Json::array(), bytes = Json::array();
  for (const SweepAxis& axis : grid->axes) keys.push_back({{"key", name_of(axis.key)}, {"values", axis.values}});
  for (const auto& point : grid->bytes) bytes.push_back(point ? Json(*point) : Json());
  Json document = {
      {"format_version", 1}, {"model", task->model}, {"profile", task->profile.name}, {"axes", keys}, {"bytes", bytes}};
  if (task->memory) document["gpu_bytes"] = task->memory->bytes;
  answer.json = document.dump(2) + "\n";
  if (const auto shown = show(std::move(answer), task->exported, task->command, common); !shown) return shown.error();
  return 0;
}

}  // namespace qlab::cli
