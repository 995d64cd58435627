#include "core/memory/checkpoint_plan.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace qlab {

CheckpointPlan checkpoint_plan(std::int64_t layers, std::int64_t segments, std::int64_t layer_input_bytes,
                               std::int64_t layer_activation_bytes) {
  QLAB_CHECK(segments >= 1 && segments <= layers);
  const std::int64_t shorter = layers / segments;
  const std::int64_t longer_count = layers % segments;
  // Stored inputs grow towards the end, so the peak is at the last segment or at the last of the longer ones.
  const std::int64_t at_the_end = (segments - 1) * layer_input_bytes + shorter * layer_activation_bytes;
  const std::int64_t at_the_longer =
      longer_count == 0 ? 0 : (longer_count - 1) * layer_input_bytes + (shorter + 1) * layer_activation_bytes;

  CheckpointPlan plan;
  plan.segments = segments;
  plan.stored_input_bytes = (segments - 1) * layer_input_bytes;
  plan.peak_bytes = std::max(at_the_end, at_the_longer);
  plan.recomputed_forward_share = static_cast<double>(layers - shorter) / static_cast<double>(layers);
  plan.extra_compute_share = plan.recomputed_forward_share / 3;
  return plan;
}

std::vector<CheckpointPlan> checkpoint_plans(std::int64_t layers, std::int64_t layer_input_bytes,
                                             std::int64_t layer_activation_bytes) {
  std::vector<CheckpointPlan> plans;
  plans.reserve(static_cast<std::size_t>(layers));
  for (std::int64_t segments = 1; segments <= layers; ++segments) {
    plans.push_back(checkpoint_plan(layers, segments, layer_input_bytes, layer_activation_bytes));
  }
  return plans;
}

std::int64_t sqrt_rule_segments(std::int64_t layers) {
  std::int64_t root = 1;
  // The whole number nearest to the square root: the last one whose predecessor's half-way point lies below it.
  while (root * (root + 1) < layers) ++root;
  return root;
}

}  // namespace qlab
