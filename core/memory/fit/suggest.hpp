// What to change: how far batch, length and rank may go on a card, and which change makes a plan fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/memory/fit/footprint.hpp"

namespace qlab {

enum class Knob { batch, seq, rank };

/// The largest value of one knob with which the plan fits, everything else as it is. Found by bisection on simulated
/// steps; values up to a quarter beyond are tried too, so that a step that is not monotonic is not cut short.
struct Limit {
  Knob knob = Knob::batch;
  std::int64_t largest = 0;    ///< 0: not even 1 fits
  std::int64_t looked_to = 0;  ///< the largest value that was considered
  Footprint footprint;         ///< at `largest`, unless that is 0
};

/// Looks up to `most`. Errors: as simulate_step(); cancelled.
Result<Limit> largest_that_fits(const Plan& plan, Knob knob, std::int64_t most, const CardMemory& memory,
                                std::stop_token stop = {});

/// How far largest_that_fits() looks by default: batch 4096; the model's positions, or 131072; the smallest side of a
/// Linear that has an adapter.
std::int64_t usual_bound(const Plan& plan, Knob knob);

/// In the order of what they cost the one who trains: nothing, time, quality.
enum class ChangeKind {
  expandable_segments,  ///< an environment variable
  double_quantization,
  fused_attention,  ///< sdpa in place of eager
  checkpointing,    ///< every layer: about a third more time
  paged_8bit_optimizer,
  accumulation,      ///< one sequence at a time, as many passes as the batch had
  qlora,             ///< 4-bit weights under the adapters
  lora,              ///< adapters in place of training everything
  qlora_for_full,    ///< both
  shorter_sequence,  ///< the longest that fits
};

struct Change {
  ChangeKind kind = ChangeKind::checkpointing;
  Plan plan;  ///< with the change
  Footprint footprint;
  std::int64_t saved_bytes = 0;  ///< of the process, may be negative
  bool fits = false;
  std::int64_t value = 0;  ///< accumulation: passes; shorter_sequence: its length
};

struct Advice {
  std::vector<Change> alone;     ///< each change that applies, by itself, in the order of cost
  std::vector<Change> together;  ///< the changes one after the other until it fits; saved_bytes of each step
  bool helps = false;            ///< the last of `together` fits
};

/// For a plan that does not fit. Errors: as simulate_step(); cancelled.
Result<Advice> advise(const Plan& plan, const CardMemory& memory, const std::stop_token& stop = {});

}  // namespace qlab
