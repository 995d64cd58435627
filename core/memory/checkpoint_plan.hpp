// Gradient checkpointing as a plan: L layers in k segments, each but the last dropped after the forward pass except for
// its input, and run forward once more when the backward pass arrives. Memory falls, compute rises; this says by how
// much, for k checkpoints as well as for the sqrt(L) rule.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace qlab {

struct CheckpointPlan {
  std::int64_t segments = 1;            ///< 1: no checkpointing
  std::int64_t stored_input_bytes = 0;  ///< inputs of the dropped segments: (segments - 1) * layer_input_bytes
  std::int64_t peak_bytes = 0;          ///< most activations at once, stored inputs included
  double recomputed_forward_share = 0;  ///< layers run twice, as a share of all: 0 to (L - 1) / L
  double extra_compute_share = 0;       ///< of a step of 3 units: forward 1, backward 2
};

/// The layers go into segments as evenly as they can, longer ones first. While segment j is worked off, the inputs of
/// segments 1 to j and all activations of segment j are there (its own input is one of them). 1 <= segments <= layers.
CheckpointPlan checkpoint_plan(std::int64_t layers, std::int64_t segments, std::int64_t layer_input_bytes,
                               std::int64_t layer_activation_bytes);

/// The plans for 1 to `layers` segments, in this order.
std::vector<CheckpointPlan> checkpoint_plans(std::int64_t layers, std::int64_t layer_input_bytes,
                                             std::int64_t layer_activation_bytes);

/// The rule of Chen et al. 2016 ("Training deep nets with sublinear memory cost"): sqrt(L), rounded, segments. It is
/// the best choice when a stored input costs as much as a whole layer's activations.
std::int64_t sqrt_rule_segments(std::int64_t layers);

}  // namespace qlab
