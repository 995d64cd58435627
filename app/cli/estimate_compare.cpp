// `qloralab estimate --compare full,lora,qlora`: the same model trained in several ways, side by side.
#include <fmt/format.h>

#include <deque>

#include "app/cli/estimate.hpp"
#include "app/cli/estimate_json.hpp"
#include "core/memory/fit/check_plan.hpp"
#include "lessons/support/fit_report.hpp"
#include "lessons/support/memory_report.hpp"

namespace qlab::cli {

Result<int> estimate_compare(const EstimateOptions& typed, const Common& common) {
  EstimateOptions first = typed;
  first.method = typed.compare.front();
  const auto task = read_task(first, common);
  if (!task) return task.error();

  std::deque<SimulatedStep> steps;  // stays where it is while it grows
  std::vector<lessons::NamedFootprint> plans;
  std::vector<lessons::NamedStep> bars;
  Json rows = Json::array();
  for (const std::string& method : typed.compare) {
    auto plan = plan_of(typed, task->profile, task->plan.shape, method);
    if (!plan) return plan.error();
    plan->settings.flash_attention = task->plan.settings.flash_attention;
    if (const auto sound = check_plan(*plan); !sound) return sound.error();
    auto step = simulate_step(plan->shape, plan->settings);
    if (!step) return step.error();
    steps.push_back(*std::move(step));
    const auto footprint = footprint_of(*plan, steps.back(), task->overheads());
    if (!footprint) return footprint.error();
    const Text name{method, method};
    plans.push_back({name, &steps.back(), *footprint});
    bars.push_back({name, &steps.back()});
    Json row = {{"method", method}};
    row.update(step_json(plan->shape, plan->settings, steps.back(), footprint->reserved()));
    row.update(footprint_json(*footprint));
    if (task->memory) row["fits"] = footprint->process() <= task->memory->bytes;
    rows.push_back(std::move(row));
  }

  EstimateAnswer answer;
  answer.title = {
      fmt::format("{} · {} · batch {} × {} tokens", task->model, task->profile.name, typed.batch, typed.seq),
      fmt::format("{} · {} · 批大小 {} × {} 个词元", task->model, task->profile.name, typed.batch, typed.seq)};
  answer.summary = task->profile.summary;
  answer.report.tables.push_back(lessons::compare_table(plans, task->memory));
  answer.report.charts.push_back(lessons::memory_breakdown_bars(bars));
  const Json document = {
      {"format_version", 1}, {"model", task->model}, {"profile", task->profile.name}, {"plans", rows}};
  answer.json = document.dump(2) + "\n";
  if (const auto shown = show(std::move(answer), task->exported, task->command, common); !shown) return shown.error();
  return 0;
}

}  // namespace qlab::cli
