// What the parts of this lesson share: the sliders' figures, the plans for 1 to L segments, and one function for each
// part of the Report. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/experiment/context.hpp"
#include "core/memory/checkpoint_plan.hpp"
#include "core/memory/classroom.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/report/report.hpp"
#include "lessons/support/memory_recipes.hpp"

namespace qlab::lessons::checkpointing {

/// Which layers are checkpointed, and how many stand behind one checkpoint.
enum class Granularity { none, every_layer, every_k, sqrt, share };

/// The defaults are the script's, whose model has LLaMA 7B's H and L.
struct Sliders {
  std::int64_t hidden_size = 4096;  ///< H
  std::int64_t num_layers = 32;     ///< L
  std::int64_t seq_length = 1024;   ///< T
  std::int64_t batch_size = 1;      ///< B
  double ratio = 50;                ///< % that the classroom formula saves
  TrainingMethod method = TrainingMethod::qlora;
  Granularity granularity = Granularity::every_layer;
  std::int64_t every = 4;
  double share = 50;  ///< % of the layers that are checkpointed

  ModelShape shape() const;
  StepSettings settings() const;
  StepSettings settings(Granularity instead) const;
  std::int64_t checkpointed_layers() const;  ///< of the granularity
  classroom::Checkpointing classroom() const { return classroom_at(seq_length, ratio); }
  classroom::Checkpointing classroom_at(std::int64_t length, double percent) const {
    return classroom::checkpointing({hidden_size, num_layers, length}, percent / 100, batch_size);
  }
};

/// The plans of one kind of attention, for 1 to L segments, the last of which is not run again (Chen et al. 2016).
struct Plans {
  std::vector<CheckpointPlan> all;
  ActivationLedger ledger;  ///< of the sliders' batch, but for the list of tensors: with eager attention one sequence's

  const CheckpointPlan& none() const { return all.front(); }
  const CheckpointPlan& every_layer() const { return all.back(); }
  const CheckpointPlan& by_sqrt_rule() const;
  /// The smallest peak; of equal ones the one that recomputes least.
  const CheckpointPlan& best() const;
  /// For each amount of recomputation the plan with the smallest peak, from none to the most.
  std::vector<CheckpointPlan> bargains() const;
};

Plans plans_of(const Sliders& sliders, AttentionKernel attention);

/// The step as the sliders set it, and without any checkpoint.
struct Steps {
  SimulatedStep none;
  SimulatedStep chosen;
};
SimulatedStep step_of(const Sliders& sliders, const StepSettings& settings);
std::int64_t peak_of(const Sliders& sliders, const StepSettings& settings);  ///< of the same, sooner

/// The whole step's peak by the layers behind a checkpoint: 1, 2, 4 ... L.
struct SimulatedPeak {
  std::int64_t every = 1;
  std::int64_t peak_bytes = 0;
};

std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters, const Plans& fused, const Plans& eager,
                          const Steps& steps);
Chart peaks_chart(const Sliders& sliders, const std::vector<SimulatedPeak>& peaks, const Steps& steps);

/// The printed figures, for the model they are about; the sliders do not touch them.
std::vector<Check> claims();

}  // namespace qlab::lessons::checkpointing
