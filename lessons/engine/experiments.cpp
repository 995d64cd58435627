#include "lessons/engine/experiments.hpp"

#include <algorithm>
#include <array>

namespace qlab::lessons {

// One line a lesson: the declaration of its experiment.cpp, and its row below.
Result<Report> why_qlora_experiment(const Parameters& parameters, const Context& context);
Result<Report> linear_int4_experiment(const Parameters& parameters, const Context& context);
Result<Report> nf4_experiment(const Parameters& parameters, const Context& context);
Result<Report> blockwise_experiment(const Parameters& parameters, const Context& context);
Result<Report> double_quant_experiment(const Parameters& parameters, const Context& context);
Result<Report> memory_ledger_experiment(const Parameters& parameters, const Context& context);
Result<Report> checkpointing_experiment(const Parameters& parameters, const Context& context);
Result<Report> paged_optimizer_experiment(const Parameters& parameters, const Context& context);
Result<Report> lora_experiment(const Parameters& parameters, const Context& context);
Result<Report> finetune_experiment(const Parameters& parameters, const Context& context);
Result<Report> scoreboard_experiment(const Parameters& parameters, const Context& context);

std::span<const NamedExperiment> experiments() {
  static constexpr auto rows = std::to_array<NamedExperiment>({
      {"why-qlora", why_qlora_experiment},
      {"linear-int4", linear_int4_experiment},
      {"nf4", nf4_experiment},
      {"blockwise", blockwise_experiment},
      {"double-quant", double_quant_experiment},
      {"memory-ledger", memory_ledger_experiment},
      {"checkpointing", checkpointing_experiment},
      {"paged-optimizer", paged_optimizer_experiment},
      {"lora", lora_experiment},
      {"finetune", finetune_experiment},
      {"scoreboard", scoreboard_experiment},
  });
  return rows;
}

const NamedExperiment* find_experiment(std::string_view name) {
  const auto rows = experiments();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const NamedExperiment& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace qlab::lessons
