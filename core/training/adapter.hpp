// LoRA adapters: attaching new ones, PEFT's files, merging. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/training/decoder.hpp"

namespace qlab::training {

struct LoraSettings {
  std::int64_t rank = 8;
  double alpha = 16;
  double dropout = 0;                ///< 0 to below 1
  std::vector<std::string> targets;  ///< of linear_names; empty: all seven
  std::uint64_t seed = 1;            ///< of A
};

/// Freezes the model and gives the targets fresh adapters: A uniform in +-1/sqrt(in) as PEFT's, B zero, so that the
/// model computes what it did. Errors: bad_argument for figures out of range and for a target that does not exist.
Result<Done> attach_adapters(Engine& engine, Decoder& decoder, const LoraSettings& settings);

/// The same with the adapters of a PEFT folder (adapter_config.json, adapter_model.safetensors); returns what its
/// config says. Errors: as for any file; unsupported for kinds of adapters beside plain LoRA; bad_file for a tensor
/// that does not fit the model, with the names and shapes of both.
Result<LoraSettings> load_adapters(Engine& engine, Decoder& decoder, const std::filesystem::path& folder);

/// Writes the adapters as PEFT does. `base_model` becomes base_model_name_or_path. Errors: io.
Result<Done> save_adapters(const Decoder& decoder, const LoraSettings& settings, const std::string& base_model,
                           const std::filesystem::path& folder);

/// W becomes W + (alpha / rank) B A and the adapters go. Quantized layers become dense: their decoded weights and the
/// update in fp32.
void merge_adapters(Engine& engine, Decoder& decoder);

/// The opposite: takes the update of `adapter` off a dense weight it was merged into; equal up to rounding.
void unmerge_adapter(Engine& engine, Linear& linear, Adapter adapter);

}  // namespace qlab::training
