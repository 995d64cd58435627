// One training step, simulated: every allocation and free of the forward pass, the loss, the backward pass and the
// optimizer, as PyTorch, transformers, PEFT and bitsandbytes make them, and the peak that follows.
// Level "simulated step" of the three levels of memory truth; evidence in tests/core/memory/step.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab {

struct SimulatedStep {
  std::int64_t peak_bytes = 0;       ///< tensors, each rounded up to 512 bytes
  std::int64_t peak_bytes_cuda = 0;  ///< with what CUDA kernels take while they run
  step::Phase peak_phase = step::Phase::forward;
  /// By phase: setup (not used), forward (with the loss), loss, backward, optimizer.
  std::array<std::int64_t, 5> phase_peaks{};
  /// What was alive at peak_bytes, by step::Category; it sums to peak_bytes.
  std::array<std::int64_t, step::category_count> breakdown{};
  std::int64_t start_bytes = 0;  ///< at the step's beginning, the last step's gradients included
  std::int64_t bytes_before_backward = 0;
  std::int64_t bytes_after_backward = 0;
  std::int64_t paged_bytes = 0;               ///< optimizer state that may lie on the host; not in the peak
  std::vector<std::int64_t> paged_tensors{};  ///< the same, tensor by tensor in the order of the update
  std::shared_ptr<const step::Tape> tape;     ///< storages and events of every step that was run
  std::uint32_t first_event = 0;              ///< where the reported step begins
  std::uint32_t last_event = 0;               ///< and where it has ended; behind it the model goes
};

/// Runs `steps` steps and reports the last one. The second is the steady state: optimizer state exists, gradients are
/// None at its start. Errors: unsupported for a combination that the libraries refuse, bad_argument for sizes out of
/// range.
Result<SimulatedStep> simulate_step(const ModelShape& shape, const StepSettings& settings, int steps = 2);

/// What PyTorch's caching allocator has reserved and handed out at most, from the model's first tensor to the end of
/// the last step, if each step is run as simulated.
struct AllocatorReplay {
  std::int64_t peak_reserved_bytes = 0;  ///< segments taken from the driver; they are kept
  std::int64_t peak_block_bytes = 0;     ///< blocks in use, with rests that were not worth splitting off
};
AllocatorReplay replay_allocator(const SimulatedStep& step, bool expandable_segments = false);

const char* name_of(step::Phase phase);        ///< "forward"
const char* name_of(step::Category category);  ///< "saved_activations"

}  // namespace qlab
