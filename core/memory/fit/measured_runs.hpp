// Runs that were measured on real cards, as a file of them gives them, and what the simulated step predicts for each.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/memory/fit/card.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"

namespace qlab {

struct MeasuredRun {
  std::string name;  ///< "TinyLlama-1.1B-Chat-v1.0 nf4 sdpa batch 2 seq 512"
  ModelShape shape;
  StepSettings settings;
  std::int64_t measured_bytes = 0;            ///< peak allocated memory, torch.cuda.max_memory_allocated
  std::int64_t workspace_bytes = 0;           ///< of cuBLAS on that card, in the measured number too
  std::optional<double> estimator_percent{};  ///< how far fitcheck-llm is off on the whole process, where the run says
};

/// Reads {"runs": [{"model_config": {...}, "gpu", "attn", "batch", "seq", "precision", "quantization", "double_quant",
/// "optimizer", "lora_rank", "lora_targets", "grad_checkpoint", "measured_mib": {"peak_allocated_mib"}}, ...]}, other
/// keys being notes. Runs of quantization "nf4" are prepared for k-bit training; the output object lives until the step
/// ends; nothing runs under autocast. `gpu` is looked up among the cards for its attention kernels and cuBLAS
/// workspaces; of another name it counts as a newer one. Errors: bad_file that names the run and the key.
Result<std::vector<MeasuredRun>> parse_measured_runs(std::string_view json, const std::string& where,
                                                     std::span<const Card> cards);

/// The same from a file. Errors also: not_found, io.
Result<std::vector<MeasuredRun>> load_measured_runs(const std::filesystem::path& file, std::span<const Card> cards);

/// Predicted peak allocated memory, workspaces included. Errors: as simulate_step().
Result<std::int64_t> predicted_bytes(const MeasuredRun& run);

}  // namespace qlab
