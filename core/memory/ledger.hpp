// Level "ledger": the bytes of every tensor that must exist for one training step, whenever it exists; what is alive at
// the same moment, temporaries and the allocator's rounding are the simulated step's (core/memory/step).
// Here are the tensors that live as long as the model and its optimizer; activations are in activation_ledger.hpp.
// Bytes everywhere; divide by bytes_per_GB or bytes_per_GiB to show them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {

/// How the weights of the Linears but the head lie in memory.
enum class WeightStore {
  plain,         ///< in the type of everything else
  int8,          ///< LLM.int8: one byte a weight, one fp32 scale per output row
  bits4,         ///< nf4 or fp4: two weights a byte, one fp32 absmax per 64 weights
  bits4_double,  ///< the same with absmax in 8 bits, one fp32 per 256 of them and one fp32 mean a Linear
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
  std::int64_t rest() const { return biases + norms + embedding + lm_head; }
  std::int64_t total() const { return linear() + rest(); }
};

/// `rest` is the type of embedding, head, norms and biases, and of plain Linears.
/// Block sizes are bitsandbytes' defaults, each Linear rounded up by itself.
WeightBytes weight_bytes(const ModelShape& shape, WeightStore store, Dtype rest = Dtype::bf16);

/// The store and the types that settings mean.
WeightStore weight_store(const StepSettings& settings);
Dtype unquantized_dtype(const StepSettings& settings);
Dtype adapter_dtype(const StepSettings& settings);

/// A tensor that is trained; `times` modules of the model have one of this size.
struct TrainedTensor {
  std::int64_t rows = 0;
  std::int64_t columns = 0;  ///< 0: it has one dimension only
  Dtype dtype = Dtype::f32;
  std::int64_t times = 1;

  std::int64_t values() const { return rows * (columns == 0 ? 1 : columns); }
};

/// Every parameter with full fine-tuning, else the two matrices of each adapter.
std::vector<TrainedTensor> trained_tensors(const ModelShape& shape, const StepSettings& settings);
std::int64_t count_values(const std::vector<TrainedTensor>& tensors);

/// What stays from step to step, by the names of the simulated step's breakdown.
struct StateLedger {
  WeightBytes base;                    ///< the model's own weights
  std::int64_t weights = 0;            ///< those of them that are not quantized
  std::int64_t quantized_weights = 0;  ///< codes
  std::int64_t quant_constants = 0;    ///< with their tables
  std::int64_t adapter = 0;
  std::int64_t gradients = 0;  ///< of what is trained, in its type
  std::int64_t optimizer_state = 0;
  std::int64_t paged_state = 0;  ///< optimizer state that may lie on the host; in no total
  std::int64_t trained_values = 0;

  std::int64_t total() const {
    return weights + quantized_weights + quant_constants + adapter + gradients + optimizer_state;
  }
};

/// Byte for byte what the simulated step holds (tests/core/memory/ledger_test.cpp).
StateLedger state_ledger(const ModelShape& shape, const StepSettings& settings);

}  // namespace qlab
