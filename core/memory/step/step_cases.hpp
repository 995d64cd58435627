// Training steps described in JSON: the `settings` that reference runs carry and that `qloralab estimate --cases`
// reads. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"

namespace qlab {

/// Reads a JSON object with `method` (full_bf16, full_fp32, full_fp32_amp, lora_bf16, lora_bf16_adapters_bf16, qlora,
/// qlora_noprep), `batch`, `seq` and, where they differ from the defaults, `attn` (eager, sdpa), `ckpt` (none,
/// nonreentrant, reentrant), `optimizer`, `lora` ([rank, targets] or null), `lora_dropout`, `autocast`, `hold_outputs`
/// (true, false, "step"), `single_quant`, `half` (bf16, fp16), `flash` (whether sdpa may take that kernel) and
/// `accumulation`; `model` and `id` are names and are not read. `where` is what errors call it.
/// Errors: bad_argument for a missing or unknown key, a value out of range and a sequence of no token.
Result<StepSettings> parse_step_settings(std::string_view json, const ModelShape& shape, const std::string& where);

}  // namespace qlab
