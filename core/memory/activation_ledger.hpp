// Level "ledger", the part that depends on the data: what the forward pass leaves for the backward pass, tensor by
// tensor. It is read off the recorded forward pass of the simulated step (core/memory/step), which is PyTorch's to the
// byte, so it holds for every family and setting that one knows. Bytes are exact, not rounded to allocations.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/result.hpp"
#include "core/memory/ledger.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/op.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab {

/// One tensor that waits for the backward pass.
struct KeptTensor {
  step::Op made_by = step::Op::init;
  step::Part part = step::Part::outside;
  Dtype dtype = Dtype::f32;
  step::Sizes sizes;
  std::int64_t bytes = 0;
};

struct ActivationLedger {
  /// What one layer keeps where it is not checkpointed, in the order in which it is made. The second layer, which is
  /// like all behind it but where a sliding window alternates; of one-layer models the only one.
  std::vector<KeptTensor> layer;
  std::array<std::int64_t, step::part_count> layer_parts{};  ///< the same by part
  std::int64_t layer_bytes = 0;                              ///< and in all
  std::int64_t layers_bytes = 0;                             ///< of all layers, none checkpointed
  std::int64_t layer_input_bytes = 0;                        ///< what stays of a checkpointed layer
  std::int64_t outside_bytes = 0;      ///< kept before and behind the layers: rotary tables, last norm, head's input
  std::int64_t cast_bytes = 0;         ///< 16-bit copies of trained weights that autocast has made and the graph keeps
  std::int64_t logits_kept_bytes = 0;  ///< tensors of B T V values that wait: the log-softmax
  std::int64_t logits_bytes = 0;       ///< the most of them at once: with their gradients
};

/// The count that papers cite for one layer with 16-bit activations: B T (34 H + 5 a T) bytes (Korthikanti et al. 2022,
/// "Reducing activation recomputation in large transformer models", eq. 1; a is the number of heads). It is for a GPT
/// layer with dropout; the scores are kept by eager attention only.
struct PublishedActivations {
  std::int64_t dense = 0;             ///< 34 B T H
  std::int64_t attention_scores = 0;  ///< 5 a B T^2
};
PublishedActivations published_activations(const ModelShape& shape, std::int64_t batch, std::int64_t seq);

/// settings.checkpointing and its granularity do not matter here; activation_bytes() applies them.
/// Errors: as simulate_step.
Result<ActivationLedger> activation_ledger(const ModelShape& shape, const StepSettings& settings);

/// What the layers keep under the settings' checkpointing: the inputs of checkpointed segments, whole layers where
/// there is none, and the segment that is computed again.
std::int64_t activation_bytes(const ActivationLedger& ledger, const ModelShape& shape, const StepSettings& settings);

/// Everything that one training step needs, each tensor once, whenever it exists.
struct StepLedger {
  StateLedger state;
  ActivationLedger activations;
  std::int64_t layers_bytes = 0;  ///< activation_bytes() under the settings' checkpointing

  std::int64_t activation_total() const { return layers_bytes + activations.outside_bytes + activations.cast_bytes; }
  std::int64_t total() const { return state.total() + activation_total() + activations.logits_bytes; }
};

/// Errors: as activation_ledger.
Result<StepLedger> step_ledger(const ModelShape& shape, const StepSettings& settings);

}  // namespace qlab
