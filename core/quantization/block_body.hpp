// Kernel bodies of block-wise quantization: what happens to one block, one value, one code. Inline functions over raw
// pointers that g++ and nvcc both compile; the loops over blocks (encode.cpp, decode.cpp, a GPU's grid) call them.
// IEEE + - * / only, never fused, so that both sides agree to the bit. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/hd.hpp"
#include "core/quantization/format.hpp"

namespace qlab::body {

/// The smallest absmax that is divided by.
inline constexpr float least_absmax = 1e-38F;
inline constexpr std::uint32_t infinity_bits = 0x7f800000;

/// |x| as an integer that orders like it: infinity above every number, NaN above infinity.
QLAB_HD inline std::uint32_t magnitude(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits & 0x7fffffff;
}

QLAB_HD inline float float_of(std::uint32_t bits) {
  float x = 0;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// The largest magnitude of n values; float_of it is their absmax, NaN if one of them is.
QLAB_HD inline std::uint32_t largest_magnitude(const float* x, std::int64_t n) {
  std::uint32_t largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t m = magnitude(x[i]);
    largest = m > largest ? m : largest;
  }
  return largest;
}

/// The place of the first value of that magnitude, which is among the n.
QLAB_HD inline std::int64_t first_of_magnitude(const float* x, std::int64_t n, std::uint32_t largest) {
  std::int64_t first = n;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t candidate = magnitude(x[i]) == largest ? i : n;
    first = candidate < first ? candidate : first;
  }
  return first;
}

/// A number as an integer of the same order (-0 below 0), and back: it is its own inverse.
QLAB_HD inline std::int32_t ordered(std::int32_t bits) { return bits ^ ((bits >> 31) & 0x7fffffff); }

/// What a linear format asks of a block before it can be scaled. Integers throughout, so that any order of comparing,
/// by one thread or by many, finds the same.
struct Extent {
  std::uint32_t largest = 0;        ///< magnitude
  std::int32_t low = 0x7fffffff;    ///< the smallest number, by `ordered`
  std::int32_t high = -0x7fffffff;  ///< the largest

  QLAB_HD void include(float x) {
    const std::uint32_t m = magnitude(x);
    std::int32_t place = 0;
    std::memcpy(&place, &x, sizeof place);
    place = ordered(place);
    largest = m > largest ? m : largest;
    low = place < low ? place : low;
    high = place > high ? place : high;
  }
};

QLAB_HD inline float number_at(std::int32_t place) { return float_of(static_cast<std::uint32_t>(ordered(place))); }

/// What an absmax is divided by. NaN stays NaN.
QLAB_HD inline float usable_absmax(float absmax) { return absmax < least_absmax ? least_absmax : absmax; }

/// How many of the ascending bounds v is above: a tie goes to the lower level, NaN is above them all.
QLAB_HD inline int rank_of(float v, const float* bounds, int bound_count) {
  int low = 0;
  int high = bound_count;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (v <= bounds[middle]) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// Which of bitsandbytes' 65,536 bins of [-1, 1] a scaled value falls into. NaN: the highest.
QLAB_HD inline int library_bin(float v) {
  v = v < 1 ? v : 1;
  v = v > -1 ? v : -1;
  return static_cast<int>((v + 1) * 0.5F * 65535.0F + 0.5F);  // NOLINT(bugprone-incorrect-roundings): that library's
}

/// v clamped to the integers [low, high] and rounded half to even; |low| and |high| at most 2^21. NaN: high.
/// Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
QLAB_HD inline int round_to_code(float v, float low, float high) {
  constexpr float shift = 12582912.0F;
  v = v < high ? v : high;
  v = v > low ? v : low;
  return static_cast<int>(magnitude(v + shift)) - static_cast<int>(magnitude(shift));
}

/// v + middle rounded half up, in [0, 2 middle - 1], as ggml. NaN: the highest.
QLAB_HD inline int round_up_to_code(float v, float middle) {
  v = v + (middle + 0.5F);
  v = v < 2 * middle - 1 ? v : 2 * middle - 1;
  v = v > 0 ? v : 0;
  return static_cast<int>(v);
}

/// What is stored once a block of a linear format, and what encoding needs besides.
struct LinearBlock {
  float scale = 0;
  float minimum = 0;          ///< min_max
  int zero_point = 0;         ///< min_max_zero_point
  float divisor = 0;          ///< the scale; infinity where it is 0, so that every value becomes 0
  float factor = 0;           ///< signed_absmax, which multiplies: 1 / scale; 0 where that overflows
  std::uint32_t largest = 0;  ///< magnitude of the values, to find NaN and infinity by
};

/// The block whose values have that extent; `first_largest` is the first of them of the largest magnitude.
QLAB_HD inline LinearBlock linear_block(ScaleRule rule, int bits, const Extent& extent, float first_largest) {
  LinearBlock block;
  block.largest = extent.largest;
  const float top = static_cast<float>((1 << bits) - 1);
  const float middle = static_cast<float>(1 << (bits - 1));
  if (rule == ScaleRule::absmax) {
    block.scale = float_of(block.largest) / (middle - 1);
  } else if (rule == ScaleRule::signed_absmax) {
    block.scale = first_largest / -middle;
    const float factor = 1 / block.scale;
    block.factor = magnitude(factor) == infinity_bits ? 0 : factor;
  } else {
    const bool widen = rule == ScaleRule::min_max_zero_point;
    const float smallest = number_at(extent.low);
    const float greatest = number_at(extent.high);
    const float low = widen && smallest > 0 ? 0 : smallest;
    const float high = widen && greatest < 0 ? 0 : greatest;
    // A NaN is in no range, and must not vanish.
    block.scale = block.largest > infinity_bits ? float_of(block.largest) : (high - low) / top;
    if (!widen) block.minimum = low;
    if (widen && block.scale > 0) block.zero_point = round_to_code(-low / block.scale, 0, top);
  }
  block.divisor = block.scale == 0 ? float_of(infinity_bits) : block.scale;
  return block;
}

QLAB_HD inline LinearBlock linear_block(ScaleRule rule, int bits, const float* x, std::int64_t n) {
  Extent extent;
  if (rule == ScaleRule::absmax || rule == ScaleRule::signed_absmax) {
    extent.largest = largest_magnitude(x, n);
  } else {
    for (std::int64_t i = 0; i < n; ++i) extent.include(x[i]);
  }
  const bool signed_scale = rule == ScaleRule::signed_absmax;
  return linear_block(rule, bits, extent, signed_scale ? x[first_of_magnitude(x, n, extent.largest)] : 0.0F);
}

/// The code of one value of that block.
QLAB_HD inline int linear_code(ScaleRule rule, int bits, const LinearBlock& block, float x) {
  const float top = static_cast<float>((1 << bits) - 1);
  const float middle = static_cast<float>(1 << (bits - 1));
  switch (rule) {
    case ScaleRule::absmax: return round_to_code(x / block.divisor, -middle, middle - 1) + (1 << (bits - 1));
    case ScaleRule::signed_absmax: return round_up_to_code(x * block.factor, middle);
    case ScaleRule::min_max: return round_to_code((x - block.minimum) / block.divisor, 0, top);
    case ScaleRule::min_max_zero_point: break;
  }
  const float zero_point = static_cast<float>(block.zero_point);
  return round_to_code(x / block.divisor, -zero_point, top - zero_point) + block.zero_point;
}

/// Writes n codes of `bits` bits one after the other, the first in the high bits. `codes` is readable up to the next
/// multiple of 8, where it holds what pads the last byte; ceil(n * bits / 8) bytes are written.
QLAB_HD inline void pack_codes(const std::uint8_t* codes, std::int64_t n, int bits, std::uint8_t* packed) {
  const std::int64_t bytes = (n * bits + 7) / 8;
  for (std::int64_t group = 0; group * 8 < n; ++group) {
    std::uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word = word << bits | codes[group * 8 + i];
    for (int i = 0; i < bits && group * bits + i < bytes; ++i) {
      packed[group * bits + i] = static_cast<std::uint8_t>(word >> (8 * (bits - 1 - i)));
    }
  }
}

/// Code i of a packed row.
QLAB_HD inline int code_at(const std::uint8_t* packed, std::int64_t i, int bits) {
  const std::int64_t bit = i * bits;
  const std::int64_t byte = bit / 8;
  const int end = static_cast<int>(bit % 8) + bits;
  const int pair = packed[byte] << 8 | (end > 8 ? packed[byte + 1] : 0);
  return pair >> (16 - end) & ((1 << bits) - 1);
}

/// A block's constants as they were stored.
struct DecodeBlock {
  float scale = 0;
  float zero_point = 0;
  float minimum = 0;
  bool has_minimum = false;  ///< adding 0 instead would lose the sign of -0
};

/// From constants one a block: `minimum` and `zero_points` (packed like codes) are nullptr where a format has none.
QLAB_HD inline DecodeBlock decode_block(const float* scale, const float* minimum, const std::uint8_t* zero_points,
                                        int bits, std::int64_t block) {
  DecodeBlock constants;
  constants.scale = scale[block];
  if (zero_points != nullptr) constants.zero_point = static_cast<float>(code_at(zero_points, block, bits));
  constants.has_minimum = minimum != nullptr;
  if (constants.has_minimum) constants.minimum = minimum[block];
  return constants;
}

QLAB_HD inline float decode_level(const DecodeBlock& block, float level) {
  const float value = (level - block.zero_point) * block.scale;
  return block.has_minimum ? value + block.minimum : value;
}

}  // namespace qlab::body
