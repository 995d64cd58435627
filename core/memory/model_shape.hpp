// The sizes of a causal language model as its config.json on the hub gives them, and what follows from them exactly:
// every module with parameters, every parameter by kind, and which weights bitsandbytes quantizes.
// Families: llama, mistral, qwen2, qwen3, gemma2, phi3, opt, gpt2, gpt_neox. What a family has in common is in its
// modules (modules_of_layer) and in the switches of ModelShape, so a new one is a reader in model_shape.cpp and a list.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace qlab {

enum class Norm { rms, rms_from_one, layer };  ///< rms_from_one: gemma's, which multiplies by 1 + weight in fp32
enum class Positions { rotary, learned };
enum class Activation { silu, gelu, gelu_new, relu };  ///< gelu: one kernel; gelu_new: eight operations in Python
/// How query, key and value leave their Linears.
enum class Projections { separate, fused_by_part, fused_by_head, split_conv1d };

/// Which of the four ways to write a decoder layer the family's code follows.
enum class Blueprint { llama, opt, gpt2, gpt_neox };

struct ModelShape {
  std::string model_type = "llama";      ///< as config.json names it
  std::int64_t hidden_size = 0;          ///< H
  std::int64_t num_layers = 0;           ///< L
  std::int64_t num_heads = 0;            ///< query heads
  std::int64_t num_key_value_heads = 0;  ///< fewer than num_heads: grouped queries
  std::int64_t head_dim = 0;             ///< num_heads * head_dim need not be hidden_size
  std::int64_t intermediate_size = 0;    ///< inner width of the MLP
  std::int64_t vocab_size = 0;           ///< V
  bool attention_bias = false;           ///< q, k and v have biases
  bool output_bias = false;              ///< the attention's output projection has one
  bool mlp_bias = false;                 ///< the MLP's Linears have biases
  bool tie_word_embeddings = false;      ///< the head is the embedding's own tensor

  std::int64_t max_positions = 0;   ///< longest sequence the model was made for; 0: not said
  std::int64_t embedding_size = 0;  ///< width of the token embedding, hidden_size but for OPT 350M
  std::int64_t rotary_size = 0;     ///< values of a head that are rotated; head_dim but for partial rotation
  std::int64_t position_rows = 0;   ///< rows of a learned position table
  Blueprint blueprint = Blueprint::llama;
  Positions positions = Positions::rotary;
  Projections projections = Projections::separate;
  Norm norm = Norm::rms;
  bool query_key_norm = false;     ///< qwen3: an RMS norm of each head of q and k
  bool sandwich_norms = false;     ///< gemma2: a norm behind attention and MLP too
  bool norm_first = true;          ///< false: OPT 350M, norms behind the residual sums and none at the end
  bool gated_mlp = true;           ///< activation(gate) * up
  bool fused_gate_up = false;      ///< phi3: gate and up are one Linear
  bool parallel_residual = false;  ///< gpt_neox: attention and MLP read the same input
  bool scaled_embedding = false;   ///< gemma2: embeddings times sqrt(H)
  bool attention_softcap = false;  ///< gemma2: tanh of the scores
  bool logit_softcap = false;      ///< gemma2: tanh of the logits
  Activation activation = Activation::silu;
  std::int64_t sliding_window = 0;       ///< 0: none
  std::int64_t first_sliding_layer = 0;  ///< of every `sliding_period` layers from here on the first has the window
  std::int64_t sliding_period = 1;
  double embedding_dropout = 0;
  double residual_dropout = 0;
  double attention_dropout = 0;
};

/// Reads the text of a config.json; `where` is what errors call it. Sizes that the family may leave out get the
/// family's defaults, for example num_key_value_heads is num_attention_heads, head_dim is hidden_size /
/// num_attention_heads. Errors: bad_file for text that is no JSON object, for a key that is
/// missing, of a wrong kind or outside its range, and for head counts that do not divide; unsupported for a model_type
/// of another family, with the known ones.
Result<ModelShape> parse_model_shape(std::string_view json, const std::string& where);

/// The same from a file of at most 1 MiB. Errors also: not_found, io.
Result<ModelShape> load_model_shape(const std::filesystem::path& config_json);

/// The llama-like model of the sliders: heads of 128 (as many as cover H), an MLP of 8/3 H rounded up to a multiple of
/// 256, separate embedding and head. At H 4096, 5120, 6656 and 8192 that is LLaMA 7B, 13B, 33B and 65B (Touvron et al.
/// 2023, table 2).
ModelShape llama_like_shape(std::int64_t hidden_size, std::int64_t num_layers, std::int64_t vocab_size);

enum class LayerPart { embedding, attention, mlp, norm, lm_head };
enum class ModuleKind { linear, conv1d, norm, embedding };

/// A module with parameters: weight [outputs, inputs] (conv1d: [inputs, outputs]; norm: [outputs]), bias [outputs].
struct Module {
  std::string_view path;  ///< below the layer or the model: "self_attn.q_proj"
  ModuleKind kind = ModuleKind::linear;
  LayerPart part = LayerPart::attention;
  std::int64_t inputs = 1;
  std::int64_t outputs = 0;
  bool bias = false;
  bool tied = false;  ///< its weight is the token embedding's

  bool is_linear() const { return kind == ModuleKind::linear || kind == ModuleKind::conv1d; }
  std::int64_t weights() const { return inputs * outputs; }
  std::int64_t biases() const { return bias ? outputs : 0; }
};

/// The modules of one decoder layer, in the order of the model's parameters; every layer has the same.
std::vector<Module> modules_of_layer(const ModelShape& shape);
/// The modules before and behind the layers, in that order too; the head is the last.
std::vector<Module> modules_before_layers(const ModelShape& shape);
std::vector<Module> modules_after_layers(const ModelShape& shape);

/// One Linear of a decoder layer: weight [outputs, inputs], bias [outputs] if it has one.
struct LinearModule {
  std::string_view name;  ///< "q_proj", the last part of its path
  std::string_view path;
  LayerPart part = LayerPart::attention;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  bool bias = false;

  std::int64_t weights() const { return inputs * outputs; }
  std::int64_t biases() const { return bias ? outputs : 0; }
};

/// The Linears of one decoder layer, in the model's own order; every layer has the same.
std::vector<LinearModule> linears_of_layer(const ModelShape& shape);

/// Whether LoRA's targets mean this module: one of them is its whole path or the last parts of it; "all-linear" alone
/// means every Linear but the head.
bool is_target(const Module& module, std::span<const std::string> targets);

/// The Linears that "qv" (query and value) or "qkvo" (the attention's) mean in this model, as PEFT's target_modules;
/// any other name is itself.
std::vector<std::string> lora_targets(const ModelShape& shape, std::string_view name);

/// Trainable parameters of LoRA: rank * (inputs + outputs) for every module that the targets mean.
std::int64_t adapter_parameters(const ModelShape& shape, std::int64_t rank, std::span<const std::string> targets);

/// The targets that mean no module of this model; PEFT says nothing about them as long as one other does.
std::vector<std::string> unmatched_targets(const ModelShape& shape, std::span<const std::string> targets);

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
