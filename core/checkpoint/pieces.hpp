// Walks over tensors of a mapped file in pieces and keeps count of the work. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/checkpoint/quantize_file.hpp"
#include "core/tensor/safetensors.hpp"
#include "core/tensor/tensor.hpp"

namespace qlab {

/// How much of the work is done, told to whoever watches; and whether it is to stop.
class WorkMeter {
 public:
  WorkMeter(const FileWork& work, std::int64_t total) : work_(work), total_(total) {}

  /// Error: cancelled.
  Result<Done> advance(std::int64_t amount);

 private:
  const FileWork& work_;
  std::int64_t total_;
  std::int64_t done_ = 0;
};

/// Values of a piece: about a million, a multiple of `unit`.
std::int64_t piece_values(std::int64_t unit);

/// Calls take(first, values) for the pieces of `tensor`, widened to fp32; pages that were read are released. Errors: as
/// read_f32 and take.
Result<Done> for_each_piece_of(const TensorView& tensor, std::int64_t unit,
                               const std::function<Result<Done>(std::int64_t first, std::span<const float>)>& take);

/// Copies `tensor` into `file` as it is.
Result<Done> copy_tensor(const TensorView& tensor, SafetensorsWriter& file, std::size_t entry, WorkMeter& meter);

/// Error: bad_argument if both name the same file, also by links.
Result<Done> check_not_same_file(const std::filesystem::path& input, const std::filesystem::path& output);

/// Error: bad_argument if a name is there twice.
Result<Done> check_names_differ(const std::vector<TensorEntry>& entries, const std::filesystem::path& input);

}  // namespace qlab
