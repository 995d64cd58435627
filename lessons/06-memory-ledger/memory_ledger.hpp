// What the parts of this lesson share: the sliders' figures at the three levels, and one function for each part of the
// Report. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/experiment/context.hpp"
#include "core/memory/classroom.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/report/report.hpp"
#include "lessons/support/memory_recipes.hpp"

namespace qlab::lessons::memory_ledger {

enum class Level { classroom, ledger, simulated };
using lessons::label_of;
Text label_of(Level level);

/// The defaults are the script's, whose model has LLaMA 7B's H and L.
struct Sliders {
  std::int64_t hidden_size = 4096;  ///< H
  std::int64_t num_layers = 32;     ///< L
  std::int64_t seq_length = 1024;   ///< T
  std::int64_t vocab_size = 32000;  ///< V
  std::int64_t batch_size = 1;      ///< B
  TrainingMethod method = TrainingMethod::qlora;
  bool checkpointed = true;  ///< every layer

  classroom::Stats stats() const { return {hidden_size, num_layers, seq_length}; }
  ModelShape shape() const { return llama_like_shape(hidden_size, num_layers, vocab_size); }
  StepSettings settings(TrainingMethod trained) const;
  /// What stays from step to step.
  StateLedger state(TrainingMethod trained) const { return state_ledger(shape(), settings(trained)); }
  /// Of full fine-tuning with fp32 AdamW states, as the QLoRA paper counts: 12 bytes a parameter.
  std::int64_t full_state_with_fp32_moments() const;
  /// GiB of a whole step by the script's rules: FP16 weights, or its QLoRA, and what activations are kept.
  double classroom_gib() const;
};

/// The three levels of one setting of the sliders. A model like Llama suits every kernel, so nothing here fails.
StepLedger ledger_of(const Sliders& sliders, TrainingMethod method);
StepFigures step_of(const Sliders& sliders, TrainingMethod method);

std::vector<Table> level_tables(const Sliders& sliders, const StepLedger& ledger, const StepFigures& step);
std::vector<Table> formula_tables(const Sliders& sliders);  ///< optimizers, sharding, generating: labelled "formula"

/// Bars and curves at the present sliders.
std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters, const StepLedger& ledger,
                          const StepFigures& step);

/// The maps over H x L, H x T and L x T at one level: first coarse, then finer. `show` gets each state of all three and
/// how much of the work is done. Ends early when stopped() says so.
void draw_maps(const Sliders& sliders, const Parameters& parameters, Level level, const std::function<bool()>& stopped,
               const std::function<void(std::vector<Chart> maps, double fraction)>& show);

/// The script's printed figures; the sliders do not touch them.
std::vector<Check> claims();

}  // namespace qlab::lessons::memory_ledger
