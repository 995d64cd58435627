#include "core/memory/fit/footprint.hpp"

#include <algorithm>
#include <cstddef>

namespace qlab {
namespace {

using step::Category;

/// What loading the model alone decides.
bool is_of_the_model(Category category) {
  return category == Category::weights || category == Category::quantized_weights ||
         category == Category::quant_constants || category == Category::adapter || category == Category::buffers;
}

/// The allocation that reached the peak.
const char* peak_operation(const SimulatedStep& step) {
  const auto& storages = step.tape->storages();
  std::int64_t live = step.start_bytes;
  for (std::uint32_t i = step.first_event; i < step.last_event; ++i) {
    const step::Event event = step.tape->events()[i];
    const step::StorageRecord& record = storages[static_cast<std::size_t>(event < 0 ? -event : event)];
    live += (event < 0 ? -1 : 1) * step::rounded_allocation(record.bytes);
    if (event > 0 && live == step.peak_bytes) return step::name_of(record.op);
  }
  return "";
}

}  // namespace

Result<Footprint> footprint_of(const Plan& plan, const StepFigures& figures, const CardOverheads& overheads) {
  const auto replay = replay_allocator(plan.shape, plan.settings, plan.expandable_segments);
  if (!replay) return replay.error();
  Footprint footprint;
  footprint.tensors = figures.peak_bytes;
  footprint.kernels = figures.peak_bytes_cuda - figures.peak_bytes;
  footprint.fragmentation = std::max<std::int64_t>(0, replay->peak_reserved_bytes - figures.peak_bytes_cuda);
  footprint.workspaces = overheads.workspace_bytes;
  footprint.context = overheads.context_bytes;
  return footprint;
}

Result<Footprint> footprint_of(const Plan& plan, const CardOverheads& overheads) {
  const auto figures = simulate_figures(plan.shape, plan.settings);
  if (!figures) return figures.error();
  return footprint_of(plan, *figures, overheads);
}

Result<std::optional<Footprint>> footprint_within(const Plan& plan, const CardOverheads& overheads,
                                                  std::int64_t bytes) {
  const auto figures = simulate_figures(plan.shape, plan.settings);
  if (!figures) return figures.error();
  if (figures->peak_bytes_cuda + overheads.workspace_bytes + overheads.context_bytes > bytes) {
    return std::optional<Footprint>();
  }
  const auto footprint = footprint_of(plan, *figures, overheads);
  if (!footprint) return footprint.error();
  return footprint->process() <= bytes ? std::optional(*footprint) : std::nullopt;
}

Verdict judge(const SimulatedStep& step, const Footprint& footprint, std::int64_t card_bytes) {
  Verdict verdict;
  verdict.margin = card_bytes - footprint.process();
  verdict.fits = verdict.margin >= 0;
  verdict.phase = step.peak_phase;
  for (std::size_t i = 0; i < step.breakdown.size(); ++i) {
    const auto category = static_cast<Category>(i);
    const std::int64_t bytes = step.breakdown[i];
    if (bytes > verdict.largest_bytes) {
      verdict.largest = category;
      verdict.largest_bytes = bytes;
    }
    if (!is_of_the_model(category) && bytes > verdict.largest_movable_bytes) {
      verdict.largest_movable = category;
      verdict.largest_movable_bytes = bytes;
    }
  }
  verdict.operation = peak_operation(step);
  return verdict;
}

}  // namespace qlab
