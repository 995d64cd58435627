// The sizes of a causal language model as its config.json on the hub gives them, and what follows from them exactly:
// every Linear of a layer, every parameter by kind, and which weights bitsandbytes quantizes.
// Families so far: llama and mistral. A new family is a name in parse_model_shape and a list in linears_of_layer.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace qlab {

struct ModelShape {
  std::string model_type = "llama";      ///< as config.json names it
  std::int64_t hidden_size = 0;          ///< H
  std::int64_t num_layers = 0;           ///< L
  std::int64_t num_heads = 0;            ///< query heads
  std::int64_t num_key_value_heads = 0;  ///< fewer than num_heads: grouped queries
  std::int64_t head_dim = 0;             ///< num_heads * head_dim need not be hidden_size
  std::int64_t intermediate_size = 0;    ///< inner width of the MLP
  std::int64_t vocab_size = 0;           ///< V
  bool attention_bias = false;           ///< q, k, v and o have biases
  bool mlp_bias = false;                 ///< gate, up and down have biases
  bool tie_word_embeddings = false;      ///< the head is the embedding's own tensor
};

/// Reads the text of a config.json; `where` is what errors call it. Sizes that the family may leave out get the
/// family's defaults: num_key_value_heads is num_attention_heads, head_dim is hidden_size / num_attention_heads, the
/// biases and tie_word_embeddings are false. Errors: bad_file for text that is no JSON object, for a key that is
/// missing, of a wrong kind or outside its range, and for head counts that do not divide; unsupported for a model_type
/// of another family, with the known ones.
Result<ModelShape> parse_model_shape(std::string_view json, const std::string& where);

/// The same from a file of at most 1 MiB. Errors also: not_found, io.
Result<ModelShape> load_model_shape(const std::filesystem::path& config_json);

/// The llama-like model of the sliders: heads of 128 (as many as cover H), an MLP of 8/3 H rounded up to a multiple of
/// 256, separate embedding and head. At H 4096, 5120, 6656 and 8192 that is LLaMA 7B, 13B, 33B and 65B (Touvron et al.
/// 2023, table 2).
ModelShape llama_like_shape(std::int64_t hidden_size, std::int64_t num_layers, std::int64_t vocab_size);

enum class LayerPart { attention, mlp };

/// One Linear of a decoder layer: weight [outputs, inputs], bias [outputs] if it has one.
struct LinearModule {
  std::string_view name;  ///< "q_proj", as LoRA's target_modules names it
  LayerPart part = LayerPart::attention;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  bool bias = false;

  std::int64_t weights() const { return inputs * outputs; }
  std::int64_t biases() const { return bias ? outputs : 0; }
};

/// The Linears of one decoder layer, in the model's own order; every layer has the same.
std::vector<LinearModule> linears_of_layer(const ModelShape& shape);

/// Parameters by kind, each counted once: a tied head counts as embedding.
struct ParameterCounts {
  std::int64_t embedding = 0;
  std::int64_t attention = 0;
  std::int64_t mlp = 0;
  std::int64_t norm = 0;
  std::int64_t lm_head = 0;

  std::int64_t total() const { return embedding + attention + mlp + norm + lm_head; }
};

ParameterCounts count_parameters(const ModelShape& shape);

/// What bitsandbytes quantizes when transformers loads a model in 4 or 8 bits: the weight of every Linear but the head.
/// Embedding, norms, head and the biases keep their type.
struct QuantizedLinears {
  std::int64_t modules = 0;
  std::int64_t weights = 0;
  std::int64_t biases_not_quantized = 0;
};

QuantizedLinears quantized_linears(const ModelShape& shape);

}  // namespace qlab
