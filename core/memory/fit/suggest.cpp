#include "core/memory/fit/suggest.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace qlab {
namespace {

constexpr std::int64_t most_sequences = 4096;
constexpr std::int64_t longest_without_positions = 131'072;
constexpr std::int64_t shortest_worth_training = 64;

const Error cancelled{Errc::cancelled, "stopped", "", ""};

void set(Plan& plan, Knob knob, std::int64_t value) {
  if (knob == Knob::batch) plan.settings.batch = value;
  if (knob == Knob::seq) plan.settings.seq = value;
  if (knob == Knob::rank && plan.settings.lora) plan.settings.lora->rank = value;
}

std::vector<std::string> all_linears() { return {"all-linear"}; }

/// The plan with the change, or nothing where it does not apply.
std::optional<Plan> changed(const Plan& plan, ChangeKind kind) {
  Plan next = plan;
  StepSettings& settings = next.settings;
  switch (kind) {
    case ChangeKind::expandable_segments:
      if (plan.expandable_segments) return std::nullopt;
      next.expandable_segments = true;
      return next;
    case ChangeKind::double_quantization:
      if (settings.method != TrainingMethod::qlora || settings.double_quantization) return std::nullopt;
      settings.double_quantization = true;
      return next;
    case ChangeKind::fused_attention:
      if (settings.attention == AttentionKernel::sdpa || plan.shape.attention_softcap) return std::nullopt;
      settings.attention = AttentionKernel::sdpa;
      return next;
    case ChangeKind::checkpointing:
      if (settings.checkpointing != Checkpointing::none) return std::nullopt;
      settings.checkpointing = Checkpointing::nonreentrant;
      return next;
    case ChangeKind::paged_8bit_optimizer:
      if (settings.optimizer == Optimizer::paged_adamw_8bit || settings.optimizer == Optimizer::sgd) {
        return std::nullopt;
      }
      settings.optimizer = Optimizer::paged_adamw_8bit;
      return next;
    case ChangeKind::accumulation:
      if (settings.batch == 1) return std::nullopt;
      settings.accumulation *= settings.batch;
      settings.batch = 1;
      return next;
    case ChangeKind::qlora:
      if (settings.method != TrainingMethod::lora) return std::nullopt;
      settings.method = TrainingMethod::qlora;
      return next;
    case ChangeKind::lora:
      if (settings.method != TrainingMethod::full) return std::nullopt;
      settings.method = TrainingMethod::lora;
      settings.base = settings.half;
      settings.lora = LoraSettings{16, all_linears(), 0};
      return next;
    case ChangeKind::qlora_for_full:
      if (settings.method != TrainingMethod::full) return std::nullopt;
      settings.method = TrainingMethod::qlora;
      settings.base = settings.half;
      settings.lora = LoraSettings{16, all_linears(), 0};
      return next;
    case ChangeKind::shorter_sequence: return std::nullopt;  // its length is looked for
  }
  return std::nullopt;
}

constexpr std::array by_cost{ChangeKind::expandable_segments,
                             ChangeKind::double_quantization,
                             ChangeKind::fused_attention,
                             ChangeKind::checkpointing,
                             ChangeKind::paged_8bit_optimizer,
                             ChangeKind::accumulation,
                             ChangeKind::qlora,
                             ChangeKind::lora,
                             ChangeKind::qlora_for_full,
                             ChangeKind::shorter_sequence};

/// One change, simulated. nullopt where it does not apply.
Result<std::optional<Change>> attempt(const Plan& plan, const Footprint& before, ChangeKind kind,
                                      const CardMemory& memory, const std::stop_token& stop) {
  if (stop.stop_requested()) return cancelled;
  Change change;
  change.kind = kind;
  if (kind == ChangeKind::shorter_sequence) {
    if (plan.settings.seq <= shortest_worth_training) return std::optional<Change>();
    const auto limit = largest_that_fits(plan, Knob::seq, plan.settings.seq - 1, memory, stop);
    if (!limit) return limit.error();
    if (limit->largest < shortest_worth_training) return std::optional<Change>();
    change.plan = plan;
    change.plan.settings.seq = limit->largest;
    change.footprint = limit->footprint;
    change.value = limit->largest;
  } else {
    auto next = changed(plan, kind);
    if (!next) return std::optional<Change>();
    change.plan = *std::move(next);
    const auto footprint = footprint_of(change.plan, memory.overheads);
    if (!footprint) return footprint.error();
    change.footprint = *footprint;
    if (kind == ChangeKind::accumulation) change.value = change.plan.settings.accumulation;
  }
  change.saved_bytes = before.process() - change.footprint.process();
  change.fits = change.footprint.process() <= memory.bytes;
  return std::optional(std::move(change));
}

}  // namespace

std::int64_t usual_bound(const Plan& plan, Knob knob) {
  if (knob == Knob::batch) return most_sequences;
  if (knob == Knob::seq) return plan.shape.max_positions > 0 ? plan.shape.max_positions : longest_without_positions;
  if (!plan.settings.lora) return 0;
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const Module& module : modules_of_layer(plan.shape)) {
    if (is_target(module, plan.settings.lora->targets)) {
      smallest = std::min({smallest, module.inputs, module.outputs});
    }
  }
  return smallest == std::numeric_limits<std::int64_t>::max() ? 0 : smallest;
}

Result<Limit> largest_that_fits(const Plan& plan, Knob knob, std::int64_t most, const CardMemory& memory,
                                std::stop_token stop) {
  Limit limit;
  limit.knob = knob;
  limit.looked_to = most;
  std::optional<Error> failure;
  const auto fits = [&](std::int64_t value) {
    if (failure) return false;
    if (stop.stop_requested()) {
      failure = cancelled;
      return false;
    }
    Plan there = plan;
    set(there, knob, value);
    const auto footprint = footprint_within(there, memory.overheads, memory.bytes);
    if (!footprint) {
      failure = footprint.error();
      return false;
    }
    if (!*footprint) return false;
    if (value > limit.largest) {
      limit.largest = value;
      limit.footprint = **footprint;
    }
    return true;
  };
  const auto bisect = [&](std::int64_t good, std::int64_t bad) {
    while (!failure && bad - good > 1) {
      const std::int64_t middle = good + (bad - good) / 2;
      (fits(middle) ? good : bad) = middle;
    }
    return good;
  };

  if (most >= 1 && fits(1)) {
    std::int64_t good = 1;
    std::int64_t bad = most + 1;
    while (!failure && good < most) {
      const std::int64_t next = std::min(2 * good, most);
      if (!fits(next)) {
        bad = next;
        break;
      }
      good = next;
    }
    good = bisect(good, bad);
    // The allocator's rounding is not monotonic: a value a little beyond may fit again.
    for (const std::int64_t parts : {64, 32, 16, 8, 4}) {
      const std::int64_t beyond = good + std::max<std::int64_t>(1, good / parts) + 1;
      if (beyond <= most && beyond > limit.largest && fits(beyond)) bisect(beyond, beyond + good / parts + 2);
    }
  }
  if (failure) return *failure;
  return limit;
}

Result<Advice> advise(const Plan& plan, const CardMemory& memory, const std::stop_token& stop) {
  const auto before = footprint_of(plan, memory.overheads);
  if (!before) return before.error();
  Advice advice;
  for (const ChangeKind kind : by_cost) {
    auto change = attempt(plan, *before, kind, memory, stop);
    if (!change) return change.error();
    if (*change) advice.alone.push_back(**std::move(change));
  }
  Plan now = plan;
  Footprint footprint = *before;
  for (const ChangeKind kind : by_cost) {
    if (kind == ChangeKind::lora) continue;  // where adapters are needed, 4-bit weights under them come with it
    auto change = attempt(now, footprint, kind, memory, stop);
    if (!change) return change.error();
    if (!*change || (*change)->saved_bytes <= 0) continue;
    now = (*change)->plan;
    footprint = (*change)->footprint;
    advice.together.push_back(**std::move(change));
    if (advice.together.back().fits) break;
  }
  advice.helps = !advice.together.empty() && advice.together.back().fits;
  return advice;
}

}  // namespace qlab
