// The state that optimizers keep between steps, for every tensor that is trained.
// Exact where runs were compared (AdamW in its forms, SGD); momentum, Lion and Adafactor are formulas and say so.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "core/memory/ledger.hpp"

namespace qlab {

enum class OptimizerRule {
  adamw,             ///< two moments in the parameter's type
  adamw_fused,       ///< the same, and a step counter for each tensor on the card
  adamw_8bit,        ///< two moments in 8 bits with a constant per 256 values; small tensors in fp32
  paged_adamw,       ///< fp32 moments, those of larger tensors on pages that may move to the host
  paged_adamw_8bit,  ///< 8-bit moments, paged likewise; constants are not
  sgd,               ///< nothing
  sgd_momentum,      ///< one moment
  lion,              ///< one moment in the parameter's type (Chen et al. 2023, "Symbolic discovery", algorithm 2)
  lion_8bit,         ///< that moment in 8 bits with a constant per 256 values
  adafactor,         ///< a row and a column of sums for each matrix, a vector for each vector, all fp32, no first
                     ///< moment (Shazeer and Stern 2018, "Adafactor", algorithm 4)
};

/// The rule of an optimizer that the simulated step knows.
OptimizerRule rule_of(Optimizer optimizer);

/// Whether no reference run exists for it: to be labelled "formula".
bool is_formula(OptimizerRule rule);

struct OptimizerBytes {
  std::int64_t on_card = 0;
  std::int64_t paged = 0;  ///< state that may lie on the host

  std::int64_t total() const { return on_card + paged; }
};

OptimizerBytes optimizer_bytes(OptimizerRule rule, std::span<const TrainedTensor> trained);

/// Mixed precision in the manner of Micikevicius et al. 2018: an fp32 copy of what is trained in 16 bits. A formula.
std::int64_t master_weight_bytes(std::span<const TrainedTensor> trained);

}  // namespace qlab
