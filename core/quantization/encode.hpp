// The loops that turn values into packed codes and exact fp32 constants, one variant an instruction set. Internal:
// quantize.hpp is the door. A variant must equal encode_plain byte for byte. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/quantization/format.hpp"
#include "core/quantization/quantize.hpp"

namespace qlab {

/// What the loops need of a format, worked out once.
struct EncodePlan {
  explicit EncodePlan(const QuantizeSettings& settings);  ///< of a format that check_format accepts

  int bits;
  int block_size;
  CodeRule code_rule;
  ScaleRule scale_rule;
  bool short_block_divides;                ///< codebooks: by the absmax, instead of multiplying with its reciprocal
  bool reads_bins;                         ///< Compatibility::bitsandbytes in an 8-bit codebook
  std::vector<float> bounds;               ///< codebooks: ascending, one less than levels
  std::vector<std::uint8_t> code_of_rank;  ///< codebooks: by number of bounds below the value
  std::vector<std::uint8_t> code_of_bin;   ///< 65,536 entries if reads_bins
  std::uint8_t zero_code;                  ///< of 0.0, which pads the last byte
};

/// Where a run of blocks goes: caller's memory, one entry a block but for `packed`.
struct EncodedBlocks {
  std::uint8_t* packed = nullptr;
  float* scale = nullptr;
  float* minimum = nullptr;             ///< min_max only
  std::uint8_t* zero_points = nullptr;  ///< min_max_zero_point only, packed like codes
};

/// Encodes `count` values; `out` begins at a byte's edge, which every eighth block does. Returns the largest magnitude
/// (body::magnitude), by which the caller sees NaN and infinity.
using Encode = std::uint32_t (*)(const EncodePlan& plan, const float* values, std::int64_t count,
                                 const EncodedBlocks& out);

std::uint32_t encode_plain(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out);

}  // namespace qlab
