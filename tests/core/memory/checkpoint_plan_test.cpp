#include "core/memory/checkpoint_plan.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

/// The same step played segment by segment: most bytes that are alive while the backward pass walks back.
std::int64_t played_peak(std::int64_t layers, std::int64_t segments, std::int64_t input, std::int64_t layer) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(segments), 0);
  for (std::int64_t i = 0; i < layers; ++i) ++lengths[static_cast<std::size_t>(i % segments)];
  std::int64_t peak = 0;
  std::int64_t stored = (segments - 1) * input;
  for (std::int64_t j = segments - 1; j >= 0; --j) {
    peak = std::max(peak, stored + lengths[static_cast<std::size_t>(j)] * layer);
    stored -= input;  // the next segment's own input is one of its activations
  }
  return peak;
}

TEST_CASE("a plan's peak is that of the step played segment by segment", "[core][memory][property]") {
  for (std::int64_t layers : {1, 2, 7, 12, 32, 80, 128}) {
    for (std::int64_t segments = 1; segments <= layers; ++segments) {
      CAPTURE(layers, segments);
      CHECK(checkpoint_plan(layers, segments, 2, 34).peak_bytes == played_peak(layers, segments, 2, 34));
      CHECK(checkpoint_plan(layers, segments, 5, 3).peak_bytes == played_peak(layers, segments, 5, 3));
    }
  }
}

TEST_CASE("one segment is no checkpointing, one a layer is the library's default", "[core][memory]") {
  const CheckpointPlan none = checkpoint_plan(32, 1, 2, 34);
  CHECK(none.peak_bytes == 32 * 34);
  CHECK(none.stored_input_bytes == 0);
  CHECK(none.extra_compute_share == 0);
  const CheckpointPlan every = checkpoint_plan(32, 32, 2, 34);
  CHECK(every.stored_input_bytes == 62);
  CHECK(every.peak_bytes == 96);
  CHECK(every.recomputed_forward_share == 31.0 / 32);
  CHECK(every.extra_compute_share == Approx(31.0 / 96));
}

TEST_CASE("more segments never recompute less, and never more than one forward", "[core][memory][property]") {
  double before = 0;
  for (const CheckpointPlan& plan : checkpoint_plans(80, 2, 34)) {
    CHECK(plan.recomputed_forward_share >= before);
    CHECK(plan.extra_compute_share < 1.0 / 3);
    before = plan.recomputed_forward_share;
  }
}

TEST_CASE("the sqrt rule rounds the square root and is best when inputs cost as much as layers",
          "[core][memory][property]") {
  for (std::int64_t layers = 1; layers <= 200; ++layers) {
    CAPTURE(layers);
    const std::int64_t rule = sqrt_rule_segments(layers);
    CHECK(rule == std::llround(std::sqrt(static_cast<double>(layers))));
    const auto plans = checkpoint_plans(layers, 1, 1);
    const auto best = std::min_element(plans.begin(), plans.end(),
                                       [](const auto& a, const auto& b) { return a.peak_bytes < b.peak_bytes; });
    CHECK(plans[static_cast<std::size_t>(rule - 1)].peak_bytes == best->peak_bytes);
  }
}

}  // namespace
