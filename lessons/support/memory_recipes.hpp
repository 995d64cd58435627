// How the memory lessons run their training steps: the settings that the three methods have where nothing else is said,
// and the units of their figures. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/memory/activation_ledger.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"

namespace qlab::lessons {

inline double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }
inline double gb(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GB; }

inline constexpr std::array<TrainingMethod, 3> methods{TrainingMethod::full, TrainingMethod::lora,
                                                       TrainingMethod::qlora};
Text label_of(TrainingMethod method);
Text label_of(step::Part part);
TrainingMethod method_from(const std::string& id);  ///< "full", "lora", "qlora"; anything else is a mistake of ours

struct RecipeSizes {
  std::int64_t batch = 1;
  std::int64_t seq = 1024;
  std::int64_t rank = 16;  ///< of adapters on query, key, value and output
};

/// full: everything in bf16, AdamW's states too. lora: a frozen bf16 model, fp32 adapters. qlora: nf4 with double
/// quantization after k-bit preparation, so that embedding, norms and head are fp32. All of them: bf16 autocast, fused
/// AdamW, sdpa attention, a checkpoint at every layer.
StepSettings recipe(TrainingMethod method, const ModelShape& shape, const RecipeSizes& sizes);

/// The source of a claim's check: the kind of place that prints it, and how the truth beside it was found.
Text said_by(const Text& place, const std::string& en, const std::string& zh);

}  // namespace qlab::lessons
