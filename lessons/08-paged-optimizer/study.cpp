// The three steps of the lesson, simulated, laid out in time and played.
#include <algorithm>
#include <numeric>

#include "core/memory/model_shape.hpp"
#include "core/memory/step/simulate.hpp"
#include "lessons/08-paged-optimizer/paged_optimizer.hpp"

namespace qlab::lessons {
namespace {

// What the optimizer's kernels read and write a second; between an L4's 300 and an H100's 3350 GB/s.
constexpr double card_memory_GBps = 900;
constexpr int slices = 40;  // of forward and backward, about a layer each; more only make the curves bristle

StepSettings step_settings(const Parameters& parameters, const ModelShape& shape, const char* length) {
  StepSettings settings;
  settings.method = method_from(parameters.text("method"));
  settings.batch = parameters.integer("batch_size");
  settings.seq = parameters.integer(length);
  settings.optimizer =
      parameters.text("state_bits") == "8" ? Optimizer::paged_adamw_8bit : Optimizer::paged_adamw_32bit;
  if (settings.method != TrainingMethod::full) {
    settings.lora = LoraSettings{parameters.integer("rank"), lora_targets(shape, parameters.text("targets")), 0};
  }
  if (shape.attention_softcap) settings.attention = AttentionKernel::eager;
  return settings;
}

/// Adds `bytes` to the demand of the middle fifth of forward and backward.
void add_spike(paging::StepWork& work, std::int64_t bytes) {
  if (bytes == 0) return;
  const double begin = 0.4 * work.compute_seconds, end = 0.6 * work.compute_seconds;
  std::vector<paging::DemandPoint> spiked;
  std::int64_t before = 0;
  for (const paging::DemandPoint& point : work.demand) {
    for (const double edge : {begin, end}) {
      const bool passed = !spiked.empty() && spiked.back().seconds < edge && point.seconds > edge;
      if (passed) spiked.push_back({edge, before + (edge == begin ? bytes : 0)});
    }
    spiked.push_back({point.seconds, point.bytes + (point.seconds >= begin && point.seconds < end ? bytes : 0)});
    before = point.bytes;
  }
  work.demand = std::move(spiked);
}

std::int64_t most_of(const paging::StepWork& work) {
  return std::max_element(work.demand.begin(), work.demand.end(),
                          [](const auto& a, const auto& b) { return a.bytes < b.bytes; })
      ->bytes;
}

}  // namespace

Result<PagedStudy> study_of(const Parameters& parameters, const Context& context) {
  const auto shape = load_model_shape(context.assets / "models" / (parameters.text("model") + ".json"));
  if (!shape) return shape.error();
  PagedStudy study;
  const StepSettings ordinary = step_settings(parameters, *shape, "seq_length");
  const StepSettings longer = step_settings(parameters, *shape, "spike_length");
  const paging::CardSpeed speed{parameters.number("speed"), card_memory_GBps};

  const auto first = simulate_step(*shape, ordinary);
  if (!first) return first.error();
  context.tell_progress(0.4);
  const auto second = longer.seq == ordinary.seq ? first : simulate_step(*shape, longer);
  if (!second) return second.error();
  context.tell_progress(0.8);
  study.ordinary_peak_bytes = first->peak_bytes;
  study.state_bytes = first->paged_bytes;
  study.fixed_state_bytes = first->breakdown[static_cast<std::size_t>(step::Category::optimizer_state)];
  study.work = {
      step_work(*shape, ordinary, *first, speed, slices), step_work(*shape, longer, *second, speed, slices), {}};
  study.work[2] = study.work[0];
  add_spike(study.work[1], static_cast<std::int64_t>(parameters.number("spike_gib") * bytes_per_GiB));
  study.most_bytes = std::max(most_of(study.work[0]), most_of(study.work[1]));

  study.paging.card_bytes = static_cast<std::int64_t>(parameters.number("card_gib") * bytes_per_GiB);
  study.paging.page_bytes = std::stoll(parameters.text("page_kib")) * 1024;
  study.paging.tensors = first->paged_tensors;
  study.paging.bandwidth_GBps = parameters.number("bandwidth");
  study.paging.latency_us = parameters.number("latency");
  study.paging.prefetch = parameters.flag("prefetch");
  study.paging.keeps_memory = parameters.flag("keeps_memory");
  auto run = paging::play(study.paging, study.work);
  if (!run) return run.error();
  study.run = *std::move(run);
  return study;
}

std::int64_t PagedStudy::missing_unpaged() const {
  return std::max<std::int64_t>(0, most_bytes + state_bytes - paging.card_bytes);
}

std::int64_t PagedStudy::missing_paged() const {
  return run.shortage ? std::max(run.shortage->missing_bytes, most_bytes - paging.card_bytes) : 0;
}

double slow_down_percent(const paging::StepFigures& figures) {
  return 100 * (figures.waited_out + figures.waited_in) / figures.work_seconds;
}

CardSweep sweep_cards(const PagedStudy& study) {
  constexpr int points = 33;
  constexpr std::int64_t most_pages = 2048;  // finer ones change the curve by less than its line is thick
  paging::Settings settings = study.paging;
  settings.page_bytes = std::max(settings.page_bytes, (study.state_bytes + most_pages - 1) / most_pages);
  settings.map_rows = 1;
  CardSweep sweep;
  sweep.least_unpaged_gib = gib(study.most_bytes + study.state_bytes);
  sweep.least_paged_gib = gib(study.most_bytes);
  const double low = sweep.least_paged_gib;
  const double high = sweep.least_unpaged_gib + std::max(0.1 * (sweep.least_unpaged_gib - low), 0.02 * low);
  for (int i = 0; i < points; ++i) {
    const double card = low + (high - low) * i / (points - 1);
    settings.card_bytes = static_cast<std::int64_t>(card * bytes_per_GiB);
    const auto run = paging::play(settings, study.work);
    if (!run || run->shortage) continue;
    sweep.card_gib.push_back(card);
    sweep.slow_down_percent.push_back(slow_down_percent(run->total()));
  }
  return sweep;
}

}  // namespace qlab::lessons
