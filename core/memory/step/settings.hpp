// How a training step is run: what is trained, in which types, with which optimizer.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/dtype.hpp"

namespace qlab {

enum class TrainingMethod {
  full,   ///< every parameter
  lora,   ///< adapters beside 16-bit weights
  qlora,  ///< adapters beside 4-bit weights
};
enum class AttentionKernel { eager, sdpa };
enum class Checkpointing { none, nonreentrant, reentrant };
enum class Optimizer { adamw_foreach, adamw_fused, adamw_8bit, paged_adamw_8bit, paged_adamw_32bit, sgd };
/// How long the model's output object, and with it the logits, stays.
enum class OutputLifetime { until_backward, through_backward, through_step };

struct LoraSettings {
  std::int64_t rank = 16;
  std::vector<std::string> targets;  ///< names of Linears; "all-linear" alone means every one but the head
  double dropout = 0;
};

/// The defaults are QLoRA as its paper and the libraries' tutorials run it.
struct StepSettings {
  TrainingMethod method = TrainingMethod::qlora;
  std::int64_t batch = 1;
  std::int64_t seq = 1024;
  AttentionKernel attention = AttentionKernel::sdpa;
  Checkpointing checkpointing = Checkpointing::nonreentrant;
  std::int64_t checkpoint_every = 1;                ///< layers behind one checkpoint ("uniform" in Megatron-LM)
  std::optional<std::int64_t> checkpointed_layers;  ///< the first so many ("block" there); the rest keep everything
  Optimizer optimizer = Optimizer::adamw_foreach;
  std::optional<LoraSettings> lora;
  Dtype half = Dtype::bf16;      ///< the 16-bit type: bf16 or f16
  Dtype base = Dtype::bf16;      ///< of the weights that are not quantized, as loaded
  bool adapters_fp32 = true;     ///< PEFT's default, whatever the base
  bool kbit_preparation = true;  ///< PEFT's prepare_model_for_kbit_training: what is not quantized becomes fp32
  bool double_quantization = true;
  /// Linear4bit's graph node holds its input, as in bitsandbytes 0.41: the weight needs no gradient, so it is for
  /// nothing.
  bool linear4bit_keeps_input = false;
  bool autocast = true;
  bool flash_attention = true;  ///< sdpa may take the flash kernel (16 bits, no mask); else the efficient one
  OutputLifetime outputs = OutputLifetime::until_backward;
  std::int64_t accumulation = 1;  ///< forward and backward passes of `batch` before the optimizer's step
};

}  // namespace qlab
