// The encoding loops as templates that every variant instantiates under its own target attribute, so that the compiler
// vectorizes one source for each instruction set. Internal to encode*.cpp. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/inline.hpp"
#include "core/quantization/block_body.hpp"
#include "core/quantization/encode.hpp"

namespace qlab::loops {

struct BlockScale {
  float absmax;  ///< as it is stored
  std::uint32_t largest;
};

// The loops below copy what they need of the plan: `codes` are bytes, which may alias anything a pointer leads to.

/// 16 levels or fewer: adds up the steps from code to code at every bound that v is above, which takes no table look-up
/// and so runs in any vector unit. No NaN.
template <class Scaled>
QLAB_INLINE void count_bounds(const EncodePlan& plan, std::int64_t n, std::uint8_t* codes, Scaled scaled) {
  const auto bounds = plan.few;
  const auto steps = plan.few_steps;
  const std::int32_t lowest = plan.code_of_rank[0];
  for (std::int64_t i = 0; i < n; ++i) {
    const float v = scaled(i);
    std::int32_t code = lowest;
    for (int k = 0; k < EncodePlan::few_bounds; ++k) code += v > bounds[k] ? steps[k] : 0;
    codes[i] = static_cast<std::uint8_t>(code);
  }
}

QLAB_INLINE std::size_t bin_of(float v, std::uint32_t floor, int shift, std::size_t first_negative) {
  const std::uint32_t m = body::magnitude(v);
  return ((m > floor ? m - floor : 0) >> shift) + (std::signbit(v) ? first_negative : 0);
}

/// More levels: the leading bits of v say which bound to compare with. No NaN.
template <class Scaled>
QLAB_INLINE void compare_in_bin(const EncodePlan& plan, std::int64_t n, std::uint8_t* codes, Scaled scaled) {
  const EncodePlan::Bin* bins = plan.bins.data();
  const std::size_t first_negative = plan.bins.size() / 2;
  const std::uint32_t floor = plan.bin_floor;
  const int shift = plan.bin_shift;
  for (std::int64_t i = 0; i < n; ++i) {
    const float v = scaled(i);
    const EncodePlan::Bin& bin = bins[bin_of(v, floor, shift, first_negative)];
    codes[i] = bin.code_above[v > bin.bound ? 1 : 0];
  }
}

template <class Scaled>
QLAB_INLINE void search(const EncodePlan& plan, std::int64_t n, std::uint8_t* codes, Scaled scaled) {
  for (std::int64_t i = 0; i < n; ++i) {
    codes[i] = plan.code_of_rank[body::rank_of(scaled(i), plan.bounds.data(), static_cast<int>(plan.bounds.size()))];
  }
}

/// A codebook's block. `reference` takes the one way that is right for every value.
template <bool reference>
QLAB_INLINE BlockScale encode_levels(const EncodePlan& plan, const float* x, std::int64_t n, std::uint8_t* codes) {
  const std::uint32_t largest = body::largest_magnitude(x, n);
  const float absmax = body::float_of(largest);
  if (!plan.library_codes.empty()) {
    const float factor = 1 / absmax;
    for (std::int64_t i = 0; i < n; ++i) {
      codes[i] = largest == 0 ? 0 : plan.library_codes[body::library_bin(x[i] * factor)];
    }
    return {absmax, largest};
  }
  const float usable = body::usable_absmax(absmax);
  if (n < plan.block_size && plan.short_block_divides) {
    search(plan, n, codes, [&](std::int64_t i) { return x[i] / usable; });
    return {usable, largest};
  }
  const float factor = 1 / usable;
  const auto scaled = [&](std::int64_t i) { return x[i] * factor; };
  const bool has_shortcut = !reference && largest < body::infinity_bits;
  if (has_shortcut && plan.has_few) {
    count_bounds(plan, n, codes, scaled);
  } else if (has_shortcut && !plan.bins.empty()) {
    compare_in_bin(plan, n, codes, scaled);
  } else {
    search(plan, n, codes, scaled);
  }
  return {absmax, largest};
}

/// One loop for each scale rule, so that none has to choose inside.
template <ScaleRule rule>
QLAB_INLINE void encode_linear(int bits, const body::LinearBlock& block, const float* x, std::int64_t n,
                               std::uint8_t* codes) {
  for (std::int64_t i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(body::linear_code(rule, bits, block, x[i]));
}

QLAB_INLINE void encode_linear(const EncodePlan& plan, const body::LinearBlock& block, const float* x, std::int64_t n,
                               std::uint8_t* codes) {
  switch (plan.scale_rule) {
    case ScaleRule::absmax: return encode_linear<ScaleRule::absmax>(plan.bits, block, x, n, codes);
    case ScaleRule::signed_absmax: return encode_linear<ScaleRule::signed_absmax>(plan.bits, block, x, n, codes);
    case ScaleRule::min_max: return encode_linear<ScaleRule::min_max>(plan.bits, block, x, n, codes);
    case ScaleRule::min_max_zero_point: break;
  }
  encode_linear<ScaleRule::min_max_zero_point>(plan.bits, block, x, n, codes);
}

/// `codes` is readable up to a multiple of 8.
QLAB_INLINE void pack(const std::uint8_t* codes, std::int64_t n, int bits, std::uint8_t* packed) {
  if (bits == 8) {
    std::memcpy(packed, codes, n);
  } else if (bits == 4) {
    for (std::int64_t i = 0; i < (n + 1) / 2; ++i) {
      packed[i] = static_cast<std::uint8_t>(codes[2 * i] << 4 | codes[2 * i + 1]);
    }
  } else {
    body::pack_codes(codes, n, bits, packed);
  }
}

/// Eight blocks at a time: their packed codes and zero points end at a byte's edge whatever the width of a code.
template <bool reference>
QLAB_INLINE std::uint32_t encode_run(const EncodePlan& plan, const float* values, std::int64_t count,
                                     const EncodedBlocks& out) {
  const std::int64_t stripe = std::int64_t{8} * plan.block_size;
  std::vector<std::uint8_t> codes(stripe);
  std::uint32_t largest = 0;
  for (std::int64_t first = 0; first < count; first += stripe) {
    const std::int64_t size = std::min(stripe, count - first);
    const EncodedBlocks to = out.from_block(first / plan.block_size, plan);
    std::uint8_t zero_points[8] = {};
    std::int64_t blocks = 0;
    for (std::int64_t start = 0; start < size; start += plan.block_size, ++blocks) {
      const std::int64_t n = std::min<std::int64_t>(plan.block_size, size - start);
      const float* x = values + first + start;
      if (plan.code_rule == CodeRule::nearest_level) {
        const BlockScale block = encode_levels<reference>(plan, x, n, &codes[start]);
        to.scale[blocks] = block.absmax;
        largest = std::max(largest, block.largest);
      } else {
        const body::LinearBlock block = body::linear_block(plan.scale_rule, plan.bits, x, n);
        encode_linear(plan, block, x, n, &codes[start]);
        to.scale[blocks] = block.scale;
        if (to.minimum != nullptr) to.minimum[blocks] = block.minimum;
        zero_points[blocks] = static_cast<std::uint8_t>(block.zero_point);
        largest = std::max(largest, block.largest);
      }
    }
    std::fill_n(codes.begin() + size, -size & 7, plan.zero_code);
    if constexpr (reference) {
      body::pack_codes(codes.data(), size, plan.bits, to.packed);
    } else {
      pack(codes.data(), size, plan.bits, to.packed);
    }
    if (to.zero_points != nullptr) body::pack_codes(zero_points, blocks, plan.bits, to.zero_points);
  }
  return largest;
}

}  // namespace qlab::loops
