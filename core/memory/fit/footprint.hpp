// What a training step takes of a card, line by line, and whether that fits.
// Level "simulated step", with what PyTorch takes beside its tensors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/result.hpp"
#include "core/memory/fit/card.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/simulate.hpp"

namespace qlab {

/// A training run as far as memory knows it.
struct Plan {
  ModelShape shape;
  StepSettings settings;
  bool expandable_segments = false;  ///< PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
};

/// The lines add up to what nvidia-smi shows for the process.
struct Footprint {
  std::int64_t tensors = 0;        ///< alive at the peak, rounded up to 512 bytes each
  std::int64_t kernels = 0;        ///< what CUDA kernels take while they run, on top of that
  std::int64_t fragmentation = 0;  ///< reserved by the caching allocator and not in use then
  std::int64_t workspaces = 0;     ///< of cuBLAS
  std::int64_t context = 0;        ///< of CUDA

  std::int64_t reserved() const { return tensors + kernels + fragmentation; }
  std::int64_t process() const { return reserved() + workspaces + context; }
};

/// Simulates and adds up. Errors: as simulate_figures().
Result<Footprint> footprint_of(const Plan& plan, const CardOverheads& overheads);
/// The same for a step that has been simulated already.
Result<Footprint> footprint_of(const Plan& plan, const StepFigures& figures, const CardOverheads& overheads);

/// The footprint if it is within `bytes`, nothing otherwise. Much faster for what is far too large.
Result<std::optional<Footprint>> footprint_within(const Plan& plan, const CardOverheads& overheads, std::int64_t bytes);

struct Verdict {
  bool fits = false;
  std::int64_t margin = 0;                           ///< bytes to spare; negative: bytes too many
  step::Phase phase = step::Phase::forward;          ///< of the peak
  step::Category largest = step::Category::weights;  ///< at the peak
  step::Category largest_movable =
      step::Category::gradients;  ///< the largest that batch and length decide, or the step
  std::int64_t largest_bytes = 0;
  std::int64_t largest_movable_bytes = 0;
  const char* operation = "";  ///< the one that reached the peak, as PyTorch names it
};

Verdict judge(const SimulatedStep& step, const Footprint& footprint, std::int64_t card_bytes);

}  // namespace qlab
