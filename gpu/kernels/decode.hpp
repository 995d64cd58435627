// Dequantization on a grid: eight values a thread, whose codes begin at a byte's edge whatever their width. The same
// bits as decode_plain (core/quantization/decode.hpp), by the same bodies. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/quantization/block_body.hpp"
#include "gpu/kernels/elements.hpp"

namespace qlab::gpu {

/// A DecodePlan as a kernel sees it.
struct DecodeTables {
  int bits = 4;
  int block_size = 64;
  const float* levels = nullptr;  ///< one for each of the 2^bits codes
  const std::uint8_t* packed = nullptr;
  const float* scale = nullptr;
  const float* minimum = nullptr;             ///< nullptr: nothing is added
  const std::uint8_t* zero_points = nullptr;  ///< nullptr: nothing is subtracted
};

template <class Element>
struct DecodeOctet {
  DecodeTables tables;
  Element* out = nullptr;
  std::int64_t count = 0;

  template <class Team>
  QLAB_HD void operator()(const Team&, std::int64_t index) const {
    const std::int64_t first = index * octet;
    if (count - first >= octet && tables.bits == 4 && tables.block_size % octet == 0) {
      const body::DecodeBlock block = block_at(first / tables.block_size);
      const std::uint32_t codes = load_bytes(tables.packed + first / 2);
      Octet<Element> eight;
      for (int i = 0; i < octet; ++i) {
        eight.at[i] = element_of<Element>(body::decode_level(block, tables.levels[codes >> (28 - 4 * i) & 15]));
      }
      store_octet(out + first, eight);
      return;
    }
    for (std::int64_t i = first; i < first + octet && i < count; ++i) {
      const float level = tables.levels[body::code_at(tables.packed, i, tables.bits)];
      out[i] = element_of<Element>(body::decode_level(block_at(i / tables.block_size), level));
    }
  }

 private:
  QLAB_HD body::DecodeBlock block_at(std::int64_t block) const {
    return body::decode_block(tables.scale, tables.minimum, tables.zero_points, tables.bits, block);
  }
};

}  // namespace qlab::gpu
