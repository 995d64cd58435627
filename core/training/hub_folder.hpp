// A model's folder as the hub lays it out: config.json and model.safetensors. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/training/decoder.hpp"

namespace qlab::training {

/// Reads the model of a folder; fp32, fp16 and bf16 tensors. Errors: as load_model_config() and open_tensor_file();
/// bad_file that names a tensor that is missing, left over or of another shape, with both shapes; for values that are
/// not finite.
Result<Decoder> load_decoder(Engine& engine, const std::filesystem::path& folder);

/// Writes the folder: a new one appears whole or not at all, in one that is there each file is replaced whole.
/// Quantized weights are written as what their codes mean, adapters merged into their weights. Errors: io.
Result<Done> save_decoder(Engine& engine, Decoder& decoder, const std::filesystem::path& folder);

}  // namespace qlab::training
