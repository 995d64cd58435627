// Recipe profiles: what a training stack keeps in which type. The same model takes 8 or 21 GB depending on the stack,
// so that is data (assets/profiles/*.json), and a user may write one.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"

namespace qlab {

struct Profile {
  std::string name;  ///< "peft-kbit"
  Text summary;      ///< one sentence
  Text differs;      ///< what the simulation does otherwise than that stack; may be empty
  Dtype half = Dtype::bf16;
  Dtype full_weights = Dtype::bf16;  ///< where everything is trained
  Dtype lora_base = Dtype::bf16;     ///< of frozen weights beside adapters
  Dtype unquantized = Dtype::f32;    ///< embeddings, norms, head and biases beside 4-bit weights
  Dtype adapters = Dtype::f32;
  bool double_quantization = true;
  bool linear4bit_keeps_input = false;  ///< as bitsandbytes 0.41
  bool autocast = true;
  AttentionKernel attention = AttentionKernel::sdpa;
  Checkpointing checkpointing = Checkpointing::nonreentrant;
  Optimizer optimizer = Optimizer::adamw_foreach;
  OutputLifetime outputs = OutputLifetime::until_backward;
  std::int64_t rank = 16;
  std::vector<std::string> targets{"all-linear"};  ///< as lora_targets() reads one
  double lora_dropout = 0;
};

/// Every key must be there, and no other. Errors: bad_file that names the file and the key.
Result<Profile> parse_profile(std::string_view json, const std::string& where);
/// Errors also: not_found, io.
Result<Profile> load_profile(const std::filesystem::path& file);

/// The step that the profile's stack runs with this method on this model. A model whose attention sdpa cannot compute
/// gets eager attention.
StepSettings settings_of(const Profile& profile, TrainingMethod method, const ModelShape& shape);

}  // namespace qlab
