// What the parts of this lesson share: one model, three ways to fine-tune it, each at the three levels of memory truth.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/experiment/context.hpp"
#include "core/memory/classroom.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/report/report.hpp"
#include "lessons/support/memory_recipes.hpp"

namespace qlab::lessons::why_qlora {

/// One way to fine-tune the model: how it is run, and what that takes.
struct Run {
  StepSettings settings;
  StepLedger ledger;
  StepFigures step;  ///< simulated
};

struct Subject {
  std::string id;  ///< "llama-7b"
  ModelShape shape;
  double nominal = 0;  ///< parameters as the name rounds them: 7e9
  double parameters = 0;
  RecipeSizes sizes;
  classroom::PracticeTask printed;
  std::array<Run, methods.size()> runs;

  const Run& run(TrainingMethod method) const { return runs[static_cast<std::size_t>(method)]; }
};

/// The model that the parameters name, from assets/models. Errors: those of load_model_shape and simulate_step.
Result<Subject> subject_of(const Parameters& parameters, const Context& context);

/// A run that others measured and published with its settings: Lit-GPT on Llama 2 7B in pure bf16, adapters of rank 8
/// on q and v, one sequence of 1304 tokens, no checkpointing, no double quantization. Simulated with the transformers
/// library's code, which is not the one that was measured.
Result<StepFigures> published_run(TrainingMethod method, const ModelShape& llama_2_7b);

/// The figures that course texts print for this model, each beside its own formula, the ledger and the simulated step.
Result<Table> printed_table(const Subject& subject);
Table parts_table(const Subject& subject);

Chart bytes_chart(const Subject& subject);
Chart levels_chart(const Subject& subject);
Result<Chart> sizes_chart(const Subject& subject, const Context& context);

/// The printed figures in circulation, each about a model of its own; the parameters do not touch them.
Result<std::vector<Check>> claims(const Context& context);

}  // namespace qlab::lessons::why_qlora
