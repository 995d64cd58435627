// `qloralab estimate --model`: one plan, with the verdict for a card and, if asked, what would make it fit.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "app/cli/estimate.hpp"
#include "app/cli/estimate_json.hpp"
#include "app/cli/interrupt.hpp"
#include "core/memory/fit/check_plan.hpp"
#include "core/memory/fit/suggest.hpp"
#include "core/memory/step/trace_export.hpp"
#include "lessons/support/fit_report.hpp"
#include "lessons/support/memory_report.hpp"

namespace qlab::cli {
namespace {

constexpr std::size_t most_models = 5;  // of those that fit

/// What --suggest adds.
struct Suggestions {
  std::vector<Limit> limits;
  std::vector<lessons::NamedModel> models;  ///< the largest first
  Advice advice;                            ///< of a plan that does not fit
};

Text title_of(const EstimateTask& task) {
  const StepSettings& settings = task.plan.settings;
  const char* method = settings.method == TrainingMethod::full   ? "full"
                       : settings.method == TrainingMethod::lora ? "LoRA"
                                                                 : "QLoRA";
  const std::string head = fmt::format("{} · {} · {}", task.model, method, task.profile.name);
  return {fmt::format("{} · batch {} × {} tokens", head, settings.batch, settings.seq),
          fmt::format("{} · 批大小 {} × {} 个词元", head, settings.batch, settings.seq)};
}

/// The same recipe on another model.
Plan on_model(const EstimateTask& task, const ModelShape& shape) {
  Plan plan = task.plan;
  const StepSettings fresh = settings_of(task.profile, plan.settings.method, shape);
  if (shape.attention_softcap) plan.settings.attention = AttentionKernel::eager;
  if (plan.settings.lora) plan.settings.lora->targets = fresh.lora->targets;
  plan.shape = shape;
  return plan;
}

Result<std::vector<lessons::NamedModel>> models_that_fit(const EstimateTask& task, const std::stop_token& stop) {
  auto presets = load_presets();
  if (!presets) return presets.error();
  const auto total = [](const Preset& preset) { return count_parameters(preset.shape).total(); };
  std::stable_sort(presets->begin(), presets->end(),
                   [&](const Preset& a, const Preset& b) { return total(a) > total(b); });
  std::vector<lessons::NamedModel> fitting;
  for (const Preset& preset : *presets) {
    if (fitting.size() == most_models) break;
    if (stop.stop_requested()) return Error{Errc::cancelled, "stopped", "--suggest", ""};
    const Plan plan = on_model(task, preset.shape);
    if (const auto sound = check_plan(plan); !sound || plan.settings.seq > plan.shape.max_positions) continue;
    const auto footprint = footprint_within(plan, task.memory->overheads, task.memory->bytes);
    if (!footprint) return footprint.error();
    if (*footprint) fitting.push_back({preset.name, total(preset), **footprint});
  }
  return fitting;
}

Result<Suggestions> suggest(const EstimateTask& task, bool fits) {
  const InterruptWatch interrupt;
  Suggestions found;
  for (const Knob knob : {Knob::batch, Knob::seq, Knob::rank}) {
    if (knob == Knob::rank && !task.plan.settings.lora) continue;
    auto limit = largest_that_fits(task.plan, knob, usual_bound(task.plan, knob), *task.memory, interrupt.token());
    if (!limit) return limit.error();
    found.limits.push_back(*limit);
  }
  auto models = models_that_fit(task, interrupt.token());
  if (!models) return models.error();
  found.models = *std::move(models);
  if (!fits) {
    auto advice = advise(task.plan, *task.memory, interrupt.token());
    if (!advice) return advice.error();
    found.advice = *std::move(advice);
  }
  return found;
}

Json change_json(const Change& change) {
  Json json = {{"change", lessons::label_of(change.kind).en},
               {"saved_bytes", change.saved_bytes},
               {"process_bytes", change.footprint.process()},
               {"fits", change.fits}};
  if (change.value != 0) json["value"] = change.value;
  return json;
}

Json suggestions_json(const Suggestions& found) {
  Json limits = Json::object(), models = Json::array(), alone = Json::array(), together = Json::array();
  for (const Limit& limit : found.limits) {
    const char* names[] = {"batch", "seq", "rank"};
    limits[names[static_cast<std::size_t>(limit.knob)]] = {
        {"largest", limit.largest}, {"looked_to", limit.looked_to}, {"process_bytes", limit.footprint.process()}};
  }
  for (const auto& model : found.models) {
    models.push_back(
        {{"model", model.name}, {"parameters", model.parameters}, {"process_bytes", model.footprint.process()}});
  }
  for (const Change& change : found.advice.alone) alone.push_back(change_json(change));
  for (const Change& change : found.advice.together) together.push_back(change_json(change));
  return {{"limits", limits}, {"models", models}, {"changes", alone}, {"changes_together", together}};
}

Json document_of(const EstimateTask& task, const SimulatedStep& step, const Footprint& footprint,
                 const Verdict& verdict) {
  Json document = {{"format_version", 1}, {"model", task.model}, {"profile", task.profile.name}};
  document.update(step_json(task.plan.shape, task.plan.settings, step, footprint.reserved()));
  document.update(footprint_json(footprint));
  document["peak_operation"] = verdict.operation;
  document["largest_at_peak"] = name_of(verdict.largest);
  if (task.memory) {
    document["gpu"] = task.memory->label;
    document["gpu_bytes"] = task.memory->bytes;
    document["fits"] = verdict.fits;
    document["margin_bytes"] = verdict.margin;
    document["reason"] = lessons::verdict_sentence(verdict, *task.memory).en;
  }
  return document;
}

std::optional<lessons::CardLine> card_line(const EstimateTask& task, const Footprint& footprint) {
  if (!task.memory) return std::nullopt;
  const std::int64_t room = task.memory->bytes - footprint.workspaces - footprint.context;
  return lessons::CardLine{room, {"room for tensors on " + task.memory->label, task.memory->label + " 可供张量的空间"}};
}

}  // namespace

Result<int> estimate_one(const EstimateOptions& typed, const Common& common) {
  const auto task = read_task(typed, common);
  if (!task) return task.error();
  if (typed.suggest && !task->memory) {
    return Error{Errc::bad_argument, "--suggest without --gpu", "qloralab estimate", "say what it must fit: --gpu 24"};
  }
  const auto step = simulate_step(task->plan.shape, task->plan.settings);
  if (!step) return step.error();
  if (!typed.trace.empty()) {
    if (const auto written = write_trace(*step, typed.trace); !written) return written.error();
  }
  const auto added_up = footprint_of(task->plan, *step, task->overheads());
  if (!added_up) return added_up.error();
  const Footprint& footprint = *added_up;
  const Verdict verdict = judge(*step, footprint, task->memory ? task->memory->bytes : 0);
  const bool fits = !task->memory || verdict.fits;

  EstimateAnswer answer;
  answer.title = title_of(*task);
  answer.summary = task->memory ? lessons::verdict_sentence(verdict, *task->memory) : lessons::peak_sentence(verdict);
  Report& report = answer.report;
  report.tables = {lessons::footprint_table(footprint, task->overheads(), task->memory),
                   lessons::memory_breakdown_table(*step),
                   lessons::parameters_table(task->plan.shape, task->plan.settings)};
  report.notes.push_back(task->profile.summary);
  if (!task->profile.differs.empty()) report.notes.push_back(task->profile.differs);
  Json document = document_of(*task, *step, footprint, verdict);
  if (typed.suggest) {
    const auto found = suggest(*task, fits);
    if (!found) return found.error();
    if (!fits) {
      answer.summary.en += " " + lessons::advice_sentence(found->advice, *task->memory).en;
      answer.summary.zh += lessons::advice_sentence(found->advice, *task->memory).zh;
      for (Table& table : lessons::advice_tables(found->advice)) report.tables.push_back(std::move(table));
    }
    report.tables.push_back(lessons::limits_table(found->limits, task->plan));
    if (!found->models.empty()) report.tables.push_back(lessons::models_table(found->models));
    document["suggestions"] = suggestions_json(*found);
  }
  const std::vector<lessons::NamedStep> named{{answer.title, &*step}};
  report.charts = {lessons::memory_timeline(*step, card_line(*task, footprint)), lessons::memory_breakdown_bars(named)};
  answer.json = document.dump(2) + "\n";
  if (const auto shown = show(std::move(answer), task->exported, task->command, common); !shown) return shown.error();
  return fits ? 0 : 1;
}

}  // namespace qlab::cli
