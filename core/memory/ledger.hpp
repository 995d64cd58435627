// Level "ledger": the bytes of every tensor that must exist in one training step, from a model's exact shape. What is
// alive at the same moment, temporaries and the allocator's rounding are not here; a step simulator has to add them.
// Bytes everywhere; divide by bytes_per_GB or bytes_per_GiB to show them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/memory/model_shape.hpp"

namespace qlab {

/// How the weights of the Linears lie in memory. Embedding, head, norms and biases take 16 bits in every case.
enum class WeightStore {
  bits16,      ///< fp16 or bf16
  int8,        ///< LLM.int8: one byte a weight, one fp32 scale per output row
  nf4,         ///< two weights a byte, one fp32 absmax per 64 weights
  nf4_double,  ///< the same with absmax in 8 bits, one fp32 per 256 of them and one fp32 mean a Linear
};

struct WeightBytes {
  std::int64_t codes = 0;      ///< the Linears' weights themselves
  std::int64_t constants = 0;  ///< scales, absmax, nested absmax, means
  std::int64_t tables = 0;     ///< 16 fp32 levels a Linear, and the 256 levels of the 8-bit absmax once
  std::int64_t biases = 0;     ///< of the Linears
  std::int64_t norms = 0;
  std::int64_t embedding = 0;
  std::int64_t lm_head = 0;  ///< 0 when tied to the embedding

  std::int64_t linear() const { return codes + constants + tables; }
  std::int64_t kept_in_16_bits() const { return biases + norms + embedding + lm_head; }
  std::int64_t total() const { return linear() + kept_in_16_bits(); }
};

/// Block sizes as bitsandbytes' defaults: 64 weights, 256 constants, each Linear rounded up by itself.
WeightBytes weight_bytes(const ModelShape& shape, WeightStore store);

/// What one layer keeps from its forward pass for the backward pass with 16-bit activations: B T (34 H + 5 a T) bytes
/// (Korthikanti et al. 2022, "Reducing activation recomputation in large transformer models", eq. 1; a is the number of
/// heads). Counted there for a GPT layer with dropout; a Llama layer differs in the parts, not in the order of size.
struct LayerActivations {
  std::int64_t dense = 0;             ///< 34 B T H
  std::int64_t attention_scores = 0;  ///< 5 a B T^2; fused attention kernels (flash, sdpa) do not keep them
};

LayerActivations layer_activations(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length);

/// 2 B T H: a layer's input in 16 bits, the part that stays when the layer is checkpointed.
std::int64_t layer_input_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length);

/// 8 B T V: the logits in fp32 and their gradient.
std::int64_t logits_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length);

enum class Method {
  full,   ///< every weight trained: 16-bit weights and gradients, fp32 AdamW states, 12 bytes a parameter
  lora,   ///< 16-bit weights frozen; adapters, their gradients and states in fp32, as PEFT keeps them
  qlora,  ///< the same on NF4 weights with double quantization
};

struct StepSetup {
  Method method = Method::qlora;
  std::int64_t batch = 1;
  std::int64_t seq_length = 1024;
  std::int64_t rank = 16;  ///< of adapters on q, k, v and o; full fine-tuning has none
};

struct StepLedger {
  WeightBytes weights;  ///< of the model
  std::int64_t trainable_parameters = 0;
  std::int64_t adapters = 0;          ///< fp32
  std::int64_t gradients = 0;         ///< of what is trained
  std::int64_t optimizer_states = 0;  ///< AdamW: two fp32 a trained parameter
  std::int64_t activations = 0;       ///< every layer's dense part: fused attention, no checkpointing
  std::int64_t logits = 0;            ///< and their gradient

  /// What is there before the first token: weights, adapters, gradients and states.
  std::int64_t model_state() const { return weights.total() + adapters + gradients + optimizer_states; }
  std::int64_t total() const { return model_state() + activations + logits; }
};

StepLedger step_ledger(const ModelShape& shape, const StepSetup& setup);

}  // namespace qlab
