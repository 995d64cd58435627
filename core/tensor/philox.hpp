// Philox4x32-10: a block of 128 random bits that depends on a counter and a key only. Element i of a generated tensor
// takes counter i, so any piece can be made alone, in any order, on any device.
// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; pinned by that paper's test vectors.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/base/hd.hpp"

namespace qlab {

struct PhiloxBlock {
  std::uint32_t word[4];
};

QLAB_HD inline PhiloxBlock philox4x32_10(PhiloxBlock counter, std::uint64_t key) {
  constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9, weyl_1 = 0xBB67AE85;  // golden ratio, sqrt(3) - 1
  auto key_0 = static_cast<std::uint32_t>(key);
  auto key_1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product_0 = multiplier_0 * counter.word[0];
    const std::uint64_t product_1 = multiplier_1 * counter.word[2];
    counter = {
        {static_cast<std::uint32_t>(product_1 >> 32) ^ counter.word[1] ^ key_0, static_cast<std::uint32_t>(product_1),
         static_cast<std::uint32_t>(product_0 >> 32) ^ counter.word[3] ^ key_1, static_cast<std::uint32_t>(product_0)}};
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  return counter;
}

/// A double strictly between 0 and 1 from 64 random bits: the middle of one of 2^52 equal intervals, without rounding.
QLAB_HD inline double uniform_from(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t interval = ((std::uint64_t{high} << 32) | low) >> 12;
  return (static_cast<double>(interval) + 0.5) * 0x1p-52;
}

}  // namespace qlab
