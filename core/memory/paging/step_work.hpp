// A simulated training step laid out in time: how long its phases take on a card of a stated speed, and what it needs
// on the card at each moment. Bytes come from the step simulator and are exact; seconds are a model: products at a
// sustained rate, everything else free, the events of a phase evenly spread over it.
// SPDX-License-Identifier: MIT
#pragma once

#include "core/memory/model_shape.hpp"
#include "core/memory/paging/paged_run.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/simulate.hpp"

namespace qlab::paging {

/// Floating-point operations of one step's matrix products; a multiplication and an addition are two.
struct StepProducts {
  double forward = 0;
  double backward = 0;   ///< towards the inputs, and towards the weights that are trained
  double recompute = 0;  ///< the layers' forward once more, with checkpointing

  double total() const { return forward + backward + recompute; }
};

/// Linears, head and attention's two products over the whole T x T square. The backward pass of a frozen weight has one
/// product, that of a trained one two.
StepProducts step_products(const ModelShape& shape, const StepSettings& settings);

struct CardSpeed {
  double products_TFLOPs = 0;  ///< 10^12 operations a second, sustained
  double memory_GBps = 0;      ///< of the card's own memory; the optimizer reads and writes
};

/// The step as work for play(). Its demand holds the most bytes alive in each of `slices` parts of the forward pass and
/// of the backward pass, and in a few of the update; so the most of every part and of the whole is kept.
/// The update reads and writes state and weights and reads gradients once.
StepWork step_work(const ModelShape& shape, const StepSettings& settings, const SimulatedStep& step,
                   const CardSpeed& speed, int slices = 128);

}  // namespace qlab::paging
