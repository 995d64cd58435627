// What is alive over a simulated step, by category: few enough samples for a chart, with every peak among them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/memory/step/simulate.hpp"

namespace qlab {

struct LiveBytes {
  struct Sample {
    std::uint32_t event = 0;  ///< allocations and frees since the step began
    std::array<std::int64_t, step::category_count> bytes{};

    std::int64_t total() const;
  };
  struct PhaseStart {
    step::Phase phase = step::Phase::forward;
    std::uint32_t event = 0;
  };

  std::vector<Sample> samples;     ///< in order; the first is the step's beginning
  std::vector<PhaseStart> phases;  ///< forward (with the loss), backward and optimizer, each time one begins
  std::size_t peak = 0;            ///< the sample of SimulatedStep::peak_bytes
  std::uint32_t event_count = 0;   ///< of the step
};

/// Samples the reported step at no more than `max_samples` moments (at least 4): equal stretches of its events, of each
/// the first moment and the one with most alive.
LiveBytes sample_live_bytes(const SimulatedStep& step, std::size_t max_samples = 600);

}  // namespace qlab
