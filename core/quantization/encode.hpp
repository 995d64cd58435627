// The loops that turn values into packed codes and exact fp32 constants, one variant an instruction set. Internal:
// quantize.hpp is the door. Every variant gives the bytes of encode_plain. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/quantization/quantize.hpp"

namespace qlab {

/// What the loops need of a format, worked out once.
struct EncodePlan {
  explicit EncodePlan(const QuantizeSettings& settings);  ///< of a format that check_format accepts

  int bits;
  int block_size;
  CodeRule code_rule;
  ScaleRule scale_rule;
  std::uint8_t zero_code;  ///< of 0.0, which pads the last byte

  // Codebooks only.
  bool short_block_divides = false;        ///< by the absmax, instead of multiplying with its reciprocal
  std::vector<float> bounds;               ///< ascending, one less than levels
  std::vector<std::uint8_t> code_of_rank;  ///< by the number of bounds below the value

  /// 16 levels or fewer: the bounds, filled up with infinity, and the steps from code to code at each.
  static constexpr int few_bounds = 15;
  bool has_few = false;
  std::array<float, few_bounds> few{};
  std::array<std::int32_t, few_bounds> few_steps{};

  /// More levels: values that share their leading bits share a bin, in which at most one bound lies. Empty: it cannot
  /// be so arranged, every value is searched for.
  struct Bin {
    float bound;                 ///< infinity: none
    std::uint8_t code_above[2];  ///< of a value up to the bound, and above it
  };
  std::vector<Bin> bins;        ///< by magnitude from 0 up, first of positive numbers, then of negative ones
  std::uint32_t bin_floor = 0;  ///< magnitudes up to this one share a bin
  int bin_shift = 0;            ///< trailing bits that do not matter

  /// Compatibility::bitsandbytes in an 8-bit codebook: that library's 65,536 bins, else empty.
  std::vector<std::uint8_t> library_codes;
};

/// Where a run of blocks goes: caller's memory, one entry a block but for `packed`.
struct EncodedBlocks {
  std::uint8_t* packed = nullptr;
  float* scale = nullptr;
  float* minimum = nullptr;             ///< min_max only
  std::uint8_t* zero_points = nullptr;  ///< min_max_zero_point only, packed like codes

  /// The place of a later block whose codes begin at a byte's edge.
  EncodedBlocks from_block(std::int64_t block, const EncodePlan& plan) const;
};

/// Who runs the loops over a whole tensor: the processor's threads, or a GPU's grid. Fills every entry of `out` and
/// returns the largest magnitude (body::magnitude) among the values.
using EncodeDriver = std::function<Result<std::uint32_t>(const EncodePlan& plan, std::span<const float> values,
                                                         const EncodedBlocks& out)>;

/// What quantize() does around the loops: checks before, constants compressed behind. Errors: also the driver's.
Result<Done> quantize_with(const EncodeDriver& encode, std::span<const float> values, const QuantizeSettings& settings,
                           int threads, QuantizedTensor& out);

/// Encodes `count` values; `out` begins at a byte's edge, as every eighth block does. Returns the largest magnitude
/// (body::magnitude), by which the caller sees NaN and infinity.
using Encode = std::uint32_t (*)(const EncodePlan& plan, const float* values, std::int64_t count,
                                 const EncodedBlocks& out);

/// The reference: the bodies of block_body.hpp, value by value.
std::uint32_t encode_plain(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out);

/// The loops that compilers vectorize, in the instruction set of the build, then in named ones; and AVX-512's own
/// kernel for codebooks of 16 levels. The named ones may only be called where encode_variants offers them.
std::uint32_t encode_portable(const EncodePlan& plan, const float* values, std::int64_t count,
                              const EncodedBlocks& out);
std::uint32_t encode_avx2(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out);
std::uint32_t encode_avx512(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out);

struct EncodeVariant {
  const char* name;
  Encode encode;
};

/// Those that run on this processor, the reference first and the fastest last.
std::vector<EncodeVariant> encode_variants();

}  // namespace qlab
