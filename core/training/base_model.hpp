// The small model that the lessons fine-tune: trained by the program itself on the grammar's sentences, once, and kept
// in the user's cache. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/training/decoder.hpp"

namespace qlab::training {

/// Sizes of the base model: hidden 64, 2 layers, bytes as tokens.
ModelConfig base_model_config();

/// Where it is kept: $XDG_CACHE_HOME/qloralab, else ~/.cache/qloralab; empty if neither is known.
std::filesystem::path base_model_folder();

/// The model from the cache, or trained now (seconds) and put there whole or not at all. A cache that cannot be written
/// costs the next caller the training, nothing else. `progress` goes from 0 to 1 while it trains. Error: cancelled.
Result<Decoder> base_model(Engine& engine, const std::stop_token& stop, const std::function<void(double)>& progress);

/// The folder of the model in the cache, trained first if need be. Errors: io where nothing can be kept.
Result<std::filesystem::path> cached_base_model();

}  // namespace qlab::training
