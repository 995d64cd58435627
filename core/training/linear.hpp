// A linear layer y = x W^T whose weight is dense or quantized and which may carry a LoRA adapter.
// The quantized weight is decoded for each product, forward and backward, and nothing of it is kept in between.
// Source of adapters: Hu et al. 2021 (LoRA); of frozen 4-bit weights below them: Dettmers et al. 2023 (QLoRA).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/quantization/quantize.hpp"
#include "core/training/engine.hpp"

namespace qlab::training {

/// A tensor of the model, and its gradient while there is one.
struct Parameter {
  std::string name;  ///< as in the hub's files: "model.norm.weight"
  std::vector<std::int64_t> shape;
  Buffer value;
  Buffer gradient;  ///< empty until the first product writes it
  bool trainable = true;

  std::int64_t size() const;
  /// Where a product puts its share of this gradient: written the first time, added from then on.
  kernels::ProductTarget gradient_target(Memory& memory, float factor);
};

/// Rows of zeros and 1 / (1 - rate), from a counter-based generator: made again whenever they are needed.
struct DropoutMask {
  double rate = 0;
  std::uint64_t seed = 0;    ///< of the step
  std::uint64_t stream = 0;  ///< of the layer

  /// out[i] = x[first + i] with its mask applied.
  void apply(const float* x, std::int64_t first, std::int64_t count, float* out) const;
};

/// y += scale * dropout(x) A^T B^T, A [rank, in], B [out, rank].
struct Adapter {
  std::int64_t rank = 0;
  float scale = 1;     ///< alpha / rank
  double dropout = 0;  ///< share of the inputs that is dropped in training
  std::uint64_t stream = 0;
  Parameter a;
  Parameter b;
};

/// What a forward pass must remember of one layer for its backward pass, beside x.
struct LinearTape {
  Buffer projected;  ///< dropout(x) A^T, [rows, rank]; empty without an adapter
};

struct Linear {
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  Parameter weight;  ///< [outputs, inputs]; its value is empty while `quantized` holds the weight
  std::optional<QuantizedTensor> quantized;
  Buffer quantized_bytes;  ///< counts `quantized`
  std::optional<Adapter> adapter;

  /// Whether the backward pass needs x again.
  bool needs_input() const { return weight.trainable || adapter.has_value(); }
  const std::string& name() const { return weight.name; }  ///< "model.layers.0.self_attn.q_proj.weight"

  /// y = (y +) x W^T and the adapter's part; x [rows, inputs], y [rows, outputs]. `dropout_seed`: unset outside
  /// training.
  void forward(Engine& engine, const float* x, std::int64_t rows, float* y, bool add,
               std::optional<std::uint64_t> dropout_seed, LinearTape& tape) const;

  /// Gradients of the trainable tensors, and dx = (dx +) that of x unless dx is nullptr.
  void backward(Engine& engine, const float* x, const float* dy, std::int64_t rows, float* dx, bool add,
                std::optional<std::uint64_t> dropout_seed, const LinearTape& tape);
};

/// The weight as numbers: a copy, or decoded. Temporary memory.
Buffer dense_weight(Engine& engine, const Linear& linear);

/// Replaces the weight by its codes. Errors: as quantize().
Result<Done> quantize_weight(Engine& engine, Linear& linear, const QuantizeSettings& settings);

/// W + scale * B A: what the layer computes, as one matrix. Temporary memory.
Buffer merged_weight(Engine& engine, const Linear& linear);

}  // namespace qlab::training
