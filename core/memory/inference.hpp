// What a model takes while it generates: weights, adapters, and the keys and values of every token so far. Formulas:
// exact for the tensors they name, with no reference run behind them; a step's temporaries are not here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/memory/ledger.hpp"
#include "core/memory/model_shape.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {

/// Keys and values of `tokens` tokens for each of `batch` sequences: 2 L B T k d values, k key-value heads of width d.
/// With grouped queries k is smaller than the number of heads (Ainslie et al. 2023, "GQA"). A layer with a sliding
/// window keeps that window's tokens only.
std::int64_t kv_cache_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t tokens,
                            Dtype dtype = Dtype::bf16);

/// Two ways to serve `tasks` fine-tunes of one model: each merged into 16-bit weights of its own, or one 4-bit base
/// with an adapter for each, in 16 bits.
struct ServingBytes {
  std::int64_t merged = 0;       ///< tasks * 16-bit weights
  std::int64_t base = 0;         ///< 4-bit weights, double quantization, everything else in 16 bits
  std::int64_t one_adapter = 0;  ///< 16 bits
  std::int64_t tasks = 1;

  std::int64_t with_adapters() const { return base + tasks * one_adapter; }
};

ServingBytes serving_bytes(const ModelShape& shape, const LoraSettings& lora, std::int64_t tasks);

}  // namespace qlab
