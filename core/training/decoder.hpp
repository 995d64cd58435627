// A Llama-style decoder: embedding, layers of (RMS norm, grouped-query attention, RMS norm, SwiGLU MLP) around a
// residual stream, a last norm, an untied head. Source: Touvron et al. 2023. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/config.hpp"
#include "core/training/linear.hpp"

namespace qlab::training {

struct DecoderLayer {
  Parameter input_norm;  ///< [H]
  Linear query, key, value, output;
  Parameter post_norm;  ///< [H]
  Linear gate, up, down;

  /// In the order of the hub's files: q, k, v, o, gate, up, down.
  std::array<Linear*, 7> linears() { return {&query, &key, &value, &output, &gate, &up, &down}; }
  std::array<const Linear*, 7> linears() const { return {&query, &key, &value, &output, &gate, &up, &down}; }
};

/// Last parts of the linear layers' names: what LoRA's targets name.
inline constexpr std::array<std::string_view, 7> linear_names = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                                 "gate_proj", "up_proj", "down_proj"};

struct Decoder {
  ModelConfig config;
  Parameter embedding;  ///< [V, H]
  std::vector<DecoderLayer> layers;
  Parameter norm;  ///< [H]
  Parameter head;  ///< [V, H]

  /// Every tensor of the model by its hub name, adapters not among them; those of quantized layers have no value.
  std::vector<Parameter*> tensors();
  /// What training changes: trainable tensors, then adapters' A and B.
  std::vector<Parameter*> trainable();
  std::vector<Linear*> linears();  ///< of all layers
  std::int64_t parameter_count() const;
};

/// Every tensor in place and named, values uninitialized.
Decoder make_decoder(Engine& engine, const ModelConfig& config);

/// N(0, 0.02) in matrices, 1 in norms, as the library initializes; element i of each tensor from its own stream.
void initialize(Decoder& decoder, std::uint64_t seed);

/// No tensor of the base model is trained: what LoRA starts from.
void freeze(Decoder& decoder);

}  // namespace qlab::training
