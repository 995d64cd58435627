// Named floats in and out of one safetensors file, atomically. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/safetensors.hpp"

namespace qlab::training {

/// A tensor to be written; `bytes` may be asked for only when its turn has come.
struct NamedBytes {
  TensorEntry entry;
  std::function<Result<Done>(SafetensorsWriter& file, std::size_t index)> write;
};

/// Writes them into `path`, whole or not at all. Error: io.
Result<Done> write_safetensors(const std::filesystem::path& path, const std::vector<NamedBytes>& tensors,
                               const FileMetadata& metadata);

/// An fp32 tensor that lies in memory until it is written.
NamedBytes named_floats(std::string name, std::vector<std::int64_t> shape, std::span<const float> values);

/// "[64, 176]".
std::string text_of_shape(std::span<const std::int64_t> shape);

/// A folder that appears whole: `fill` writes into a new one beside `target`, which then takes its name. If `target`
/// is there already, `fill` writes into it. Errors: io, and those of `fill`, after which nothing new stays behind.
Result<Done> write_folder(const std::filesystem::path& target,
                          const std::function<Result<Done>(const std::filesystem::path& folder)>& fill);

}  // namespace qlab::training
