// A simulated step as the JSON that other programs read (design, section 4). SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "core/memory/fit/footprint.hpp"
#include "core/memory/step/simulate.hpp"

namespace qlab::cli {

using Json = nlohmann::ordered_json;

/// total, by_kind, quantized, trainable.
Json parameters_json(const ModelShape& shape, const StepSettings& settings);

/// peak_bytes, peak_bytes_cuda, peak_phase, phase_peaks, breakdown, peak_reserved_bytes, optimizer_paged_bytes,
/// parameters.
Json step_json(const ModelShape& shape, const StepSettings& settings, const StepFigures& step,
               std::int64_t reserved_bytes);

/// kernel_bytes, fragmentation_bytes, cublas_workspace_bytes, cuda_context_bytes, process_bytes.
Json footprint_json(const Footprint& footprint);

}  // namespace qlab::cli
