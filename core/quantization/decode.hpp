// The loops that turn packed codes back into values, one variant an instruction set. Internal: quantize.hpp is the
// door. A variant must equal decode_plain byte for byte. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/quantization/format.hpp"

namespace qlab {

/// What the loops need of a quantized tensor.
struct DecodePlan {
  int bits = 4;
  int block_size = 64;
  std::vector<float> levels;  ///< of each code (code_levels)
  const std::uint8_t* packed = nullptr;
  const float* scale = nullptr;
  const float* minimum = nullptr;             ///< nullptr: nothing is added
  const std::uint8_t* zero_points = nullptr;  ///< nullptr: nothing is subtracted; else packed like codes
};

/// Decodes the values [first, first + count) into out[0], out[1] ...; `first` is at the beginning of a block that
/// begins at a byte's edge.
using Decode = void (*)(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);

void decode_plain(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);

}  // namespace qlab
