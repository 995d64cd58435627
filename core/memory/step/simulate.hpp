// One training step, simulated: every allocation and free of the forward pass, the loss, the backward pass and the
// optimizer, as PyTorch, transformers, PEFT and bitsandbytes make them, and the peak that follows.
// Level "simulated step" of the three levels of memory truth; evidence in tests/core/memory/simulated_step_test.cpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/figures.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab {

struct SimulatedStep : StepFigures {
  std::shared_ptr<const step::Tape> tape;  ///< storages and events of the model and of every step that was run
  step::LogitCount logits;
  std::vector<std::int64_t> paged_tensors;  ///< paged_bytes, tensor by tensor in the order of the update
  step::Moments moments;
  std::uint32_t first_event = 0;  ///< where the reported step begins: moments.step
  std::uint32_t last_event = 0;   ///< and where it has ended; behind it the model goes
};

/// What a storage of the step is for, as `breakdown` counts it.
step::Category category_of(const SimulatedStep& step, const step::StorageRecord& record);

/// One step in the steady state: the optimizer has its state, and the last step's gradients are there until the step
/// begins. The second step and every later one are like that. Errors: unsupported for a combination that the libraries
/// refuse, bad_argument for sizes out of range.
Result<SimulatedStep> simulate_step(const ModelShape& shape, const StepSettings& settings);

/// The same step's figures without its trace, many times as fast for a deep model.
Result<StepFigures> simulate_figures(const ModelShape& shape, const StepSettings& settings);

/// Runs the first `count` steps and reports the last of them: 1 is the step in which the optimizer makes its state.
Result<SimulatedStep> simulate_first_steps(const ModelShape& shape, const StepSettings& settings, int count);

/// What autograd keeps between forward and backward pass, outside checkpoints, in the order of the operations.
struct SavedTensors {
  std::vector<step::SavedTensor> tensors;  ///< one storage may be there several times
  std::shared_ptr<const step::Tape> tape;  ///< has their storages
};
Result<SavedTensors> simulate_saved_tensors(const ModelShape& shape, const StepSettings& settings);

/// What PyTorch's caching allocator has reserved and handed out at most, from the model's first tensor to the end of
/// the second step.
struct AllocatorReplay {
  std::int64_t peak_reserved_bytes = 0;  ///< segments taken from the driver; they are kept
  std::int64_t peak_block_bytes = 0;     ///< blocks in use, with rests that were not worth splitting off
};
Result<AllocatorReplay> replay_allocator(const ModelShape& shape, const StepSettings& settings,
                                         bool expandable_segments = false);

const char* name_of(step::Phase phase);        ///< "forward"
const char* name_of(step::Category category);  ///< "saved_activations"

}  // namespace qlab
