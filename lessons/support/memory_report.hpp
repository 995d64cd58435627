// A simulated training step as tables and charts: what the memory lessons and `qloralab estimate` show of it. All of it
// is of the level "simulated step". SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/memory/step/simulate.hpp"
#include "core/report/report.hpp"

namespace qlab::lessons {

Text label_of(step::Category category);  ///< "Saved activations"
Text label_of(step::Phase phase);        ///< "Backward pass"

/// What is alive at the peak, the largest part first: part, GiB, share of the peak; the last row is the peak itself.
/// Parts under a two-thousandth are one row. Table "breakdown".
Table memory_breakdown_table(const SimulatedStep& step);

struct NamedStep {
  Text name;
  const SimulatedStep* step = nullptr;
};

/// The same as one stacked bar a step. Chart "breakdown_bars".
Chart memory_breakdown_bars(std::span<const NamedStep> steps);

/// A horizontal line: a card's memory, less what does not go into tensors.
struct CardLine {
  std::int64_t bytes = 0;
  Text label;
};

/// What is alive over the step, part on part, with the beginning of each phase and the peak marked. Parts that never
/// reach a hundredth of the peak are one part, "other". Chart "timeline".
Chart memory_timeline(const SimulatedStep& step, const std::optional<CardLine>& card = std::nullopt);

}  // namespace qlab::lessons
