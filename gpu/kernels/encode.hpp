// Quantization on a grid: a team takes a stripe, which is as many blocks as fill whole bytes with their codes, finds
// each block's constants together and then writes codes, eight values a thread at a time. The same bytes as
// encode_plain (core/quantization/encode.hpp), by the same bodies. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/quantization/block_body.hpp"
#include "core/quantization/encode.hpp"
#include "gpu/kernels/elements.hpp"

namespace qlab::gpu {

/// An EncodePlan as a kernel sees it: tables behind pointers that the kernel can read.
struct EncodeTables {
  int bits = 4;
  int block_size = 64;
  CodeRule code_rule = CodeRule::nearest_level;
  ScaleRule scale_rule = ScaleRule::absmax;
  std::uint8_t zero_code = 0;
  bool short_block_divides = false;
  int bound_count = 0;
  const float* bounds = nullptr;
  const std::uint8_t* code_of_rank = nullptr;
  const std::uint8_t* library_codes = nullptr;  ///< 65,536 of them, or none
};

/// Blocks in a stripe. Zero points are packed like codes, so a stripe has to fill whole bytes with them too.
inline int stripe_blocks(const EncodePlan& plan) {
  const bool zero_points = plan.scale_rule == ScaleRule::min_max_zero_point;
  return !zero_points && plan.block_size * plan.bits % 8 == 0 ? 1 : 8;
}

template <int blocks_per_stripe, class Element>
struct EncodeStripe {
  EncodeTables tables;
  const Element* values = nullptr;
  std::int64_t count = 0;
  EncodedBlocks out;

  /// Returns the largest magnitude of the stripe.
  template <class Team>
  QLAB_HD std::uint32_t operator()(const Team& team, std::int64_t stripe) const {
    const std::int64_t first = stripe * blocks_per_stripe * tables.block_size;
    const std::int64_t stripe_size = smaller(std::int64_t{blocks_per_stripe} * tables.block_size, count - first);
    BlockScale blocks[blocks_per_stripe];
    std::uint32_t largest = 0;
    std::uint8_t zero_points[8] = {};
    int present = 0;
    for (int b = 0; b < blocks_per_stripe; ++b) {
      const std::int64_t start = std::int64_t{b} * tables.block_size;
      if (start >= stripe_size) break;
      const std::int64_t n = smaller(tables.block_size, stripe_size - start);
      blocks[b] = constants_of(team, values + first + start, n);
      zero_points[b] = static_cast<std::uint8_t>(blocks[b].linear.zero_point);
      largest = blocks[b].linear.largest > largest ? blocks[b].linear.largest : largest;
      ++present;
      if (team.rank() == 0) {
        const std::int64_t block = stripe * blocks_per_stripe + b;
        out.scale[block] = blocks[b].linear.scale;
        if (out.minimum != nullptr) out.minimum[block] = blocks[b].linear.minimum;
      }
    }
    if (out.zero_points != nullptr && team.rank() == 0) {
      body::pack_codes(zero_points, present, tables.bits, out.zero_points + stripe * tables.bits);
    }
    std::uint8_t* packed = out.packed + first * tables.bits / 8;
    for (std::int64_t start = std::int64_t{team.rank()} * octet; start < stripe_size;
         start += std::int64_t{team.size()} * octet) {
      encode_octet(blocks, values + first, start, stripe_size, packed);
    }
    return largest;
  }

 private:
  /// Of a codebook: scale is the absmax as stored, factor and divisor what values are scaled by.
  struct BlockScale {
    body::LinearBlock linear;
    bool divides = false;
  };

  QLAB_HD static std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  template <class Team>
  QLAB_HD BlockScale constants_of(const Team& team, const Element* x, std::int64_t n) const {
    body::Extent extent;
    const bool range = tables.scale_rule == ScaleRule::min_max || tables.scale_rule == ScaleRule::min_max_zero_point;
    for (std::int64_t start = std::int64_t{team.rank()} * octet; start < n;
         start += std::int64_t{team.size()} * octet) {
      if (n - start >= octet && tables.block_size % octet == 0) {
        const Octet<Element> eight = load_octet(x + start);
        for (int i = 0; i < octet; ++i) extent.include(number_of(eight.at[i]));
      } else {
        for (std::int64_t i = start; i < smaller(start + octet, n); ++i) extent.include(number_of(x[i]));
      }
    }
    extent.largest = team.max(extent.largest);
    if (range) {
      extent.low = team.min(extent.low);
      extent.high = team.max(extent.high);
    }
    BlockScale block;
    if (tables.code_rule == CodeRule::linear) {
      const float first_largest = tables.scale_rule == ScaleRule::signed_absmax ? first_of(team, x, n, extent) : 0.0F;
      block.linear = body::linear_block(tables.scale_rule, tables.bits, extent, first_largest);
      return block;
    }
    const float absmax = body::float_of(extent.largest);
    block.linear.largest = extent.largest;
    block.linear.scale = absmax;
    if (tables.library_codes != nullptr) {
      block.linear.factor = 1 / absmax;
      return block;
    }
    block.linear.divisor = body::usable_absmax(absmax);
    block.linear.factor = 1 / block.linear.divisor;
    block.divides = n < tables.block_size && tables.short_block_divides;
    if (block.divides) block.linear.scale = block.linear.divisor;
    return block;
  }

  template <class Team>
  QLAB_HD float first_of(const Team& team, const Element* x, std::int64_t n, const body::Extent& extent) const {
    auto place = static_cast<std::int32_t>(n);
    for (std::int64_t start = std::int64_t{team.rank()} * octet; start < n;
         start += std::int64_t{team.size()} * octet) {
      for (std::int64_t i = start; i < smaller(start + octet, n); ++i) {
        const auto candidate = static_cast<std::int32_t>(i);
        if (body::magnitude(number_of(x[i])) == extent.largest && candidate < place) place = candidate;
      }
    }
    return number_of(x[team.min(place)]);
  }

  QLAB_HD int code_of(const BlockScale& block, float x) const {
    if (tables.code_rule == CodeRule::linear) {
      return body::linear_code(tables.scale_rule, tables.bits, block.linear, x);
    }
    if (tables.library_codes != nullptr) {
      if (block.linear.largest == 0) return 0;
      return tables.library_codes[body::library_bin(x * block.linear.factor)];
    }
    const float scaled = block.divides ? x / block.linear.divisor : x * block.linear.factor;
    return tables.code_of_rank[body::rank_of(scaled, tables.bounds, tables.bound_count)];
  }

  /// Codes of the values [start, start + 8) of the stripe, which has `size`; behind them the code of 0.0.
  QLAB_HD void encode_octet(const BlockScale* blocks, const Element* x, std::int64_t start, std::int64_t size,
                            std::uint8_t* packed) const {
    const auto filled = static_cast<int>(smaller(octet, size - start));
    std::uint64_t word = 0;
    if (filled == octet && tables.block_size % octet == 0) {  // one block, and aligned
      const Octet<Element> eight = load_octet(x + start);
      const BlockScale& block = blocks[start / tables.block_size];
      for (int i = 0; i < octet; ++i) {
        word = word << tables.bits | static_cast<std::uint64_t>(code_of(block, number_of(eight.at[i])));
      }
    } else {
      for (int i = 0; i < octet; ++i) {
        const int code =
            i < filled ? code_of(blocks[(start + i) / tables.block_size], number_of(x[start + i])) : tables.zero_code;
        word = word << tables.bits | static_cast<std::uint64_t>(code);
      }
    }
    std::uint8_t* to = packed + start / octet * tables.bits;
    if (tables.bits == 4 && filled == octet && tables.block_size % octet == 0) {
      store_bytes(to, static_cast<std::uint32_t>(word));
      return;
    }
    const int bytes = (filled * tables.bits + 7) / 8;
    for (int i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(word >> (8 * (tables.bits - 1 - i)));
  }
};

}  // namespace qlab::gpu
