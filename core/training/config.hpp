// The models that the trainer builds: Llama-style decoders, as their config.json on the hub describes them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace qlab::training {

struct ModelConfig {
  std::int64_t hidden_size = 256;
  std::int64_t intermediate_size = 688;
  std::int64_t num_layers = 4;
  std::int64_t num_heads = 4;
  std::int64_t num_key_value_heads = 4;  ///< divides num_heads
  std::int64_t head_dim = 64;            ///< even
  std::int64_t vocab_size = 256;
  std::int64_t max_positions = 2048;
  double rms_norm_eps = 1e-5;
  double rope_theta = 10000;

  std::int64_t query_width() const { return num_heads * head_dim; }
  std::int64_t key_width() const { return num_key_value_heads * head_dim; }

  bool operator==(const ModelConfig&) const = default;
};

/// Reads the text of a config.json; `where` is what errors call it. Errors: bad_file as parse_model_shape();
/// unsupported for what is no Llama decoder (another family, biases, tied embeddings, another activation, scaled
/// rotary positions, quantized weights), with what was found and what is wanted.
Result<ModelConfig> parse_model_config(std::string_view json, const std::string& where);

/// The same from a file.
Result<ModelConfig> load_model_config(const std::filesystem::path& config_json);

/// The text of a config.json that transformers loads.
std::string config_json(const ModelConfig& config);

}  // namespace qlab::training
