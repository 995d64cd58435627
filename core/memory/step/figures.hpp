// The figures of a simulated step, read from its trace: peaks, phases, what was alive. A deep model's figures come from
// the trace of a shallow one, where two neighbouring layers prove to do the same: what is alive then grows or shrinks
// by the same amount from layer to layer, so that the highest moment lies in the first or in the last of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab {

struct StepFigures {
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
  std::int64_t paged_bytes = 0;  ///< optimizer state that may lie on the host; not in the peak
};

namespace step {

/// Numbers of events at which something begins; they are in order.
struct Moments {
  std::uint32_t step = 0;          ///< the step
  std::uint32_t backward = 0;      ///< its last backward pass
  std::uint32_t backward_end = 0;  ///< what comes behind that
  std::uint32_t end = 0;           ///< whatever is no longer part of the step
};

/// What decides what a storage without a category of its own is for.
struct LogitCount {
  std::int64_t tokens = 0;  ///< of a batch
  std::int64_t vocabulary = 0;
};
Category category_of(const StorageRecord& record, const LogitCount& logits);

/// How a shallow model stands for a deep one. `tile` layers repeat; of the shallow model's layers the first tile stands
/// for itself, the second and the third for `repeats` tiles, and the rest for itself.
struct Fold {
  std::int64_t tile = 1;
  std::int64_t shallow_layers = 0;
  std::int64_t repeats = 2;
};

/// The fold of this model, if its layers repeat and a shallow model has fewer.
std::optional<Fold> plan_fold(const ModelShape& shape, const StepSettings& settings);

/// The figures of the traced step. With a fold they are the deep model's, and nothing if the second and third tile turn
/// out to differ, or if the step would not end with what it began with.
StepFigures measure(const Tape& tape, const Moments& moments, const LogitCount& logits);
std::optional<StepFigures> measure(const Tape& tape, const Moments& moments, const LogitCount& logits,
                                   const Fold& fold);

}  // namespace step
}  // namespace qlab
