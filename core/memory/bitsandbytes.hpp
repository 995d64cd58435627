// The sizes by which bitsandbytes cuts and stores: 4-bit weights with their constants, and optimizer states.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace qlab::bitsandbytes {

inline constexpr std::int64_t weight_block = 64;     ///< weights of a constant, in 4 bits
inline constexpr std::int64_t constant_block = 256;  ///< constants of a nested constant, with double quantization
inline constexpr std::int64_t levels_4bit = 16;      ///< fp32 levels that each Linear keeps
inline constexpr std::int64_t levels_8bit = 256;     ///< fp32 levels of an 8-bit code

inline constexpr std::int64_t state_block = 256;              ///< values of a constant, in 8-bit optimizer states
inline constexpr std::int64_t fewest_8bit_values = 4096;      ///< a smaller tensor's state stays in fp32
inline constexpr std::int64_t fewest_paged_values = 100'000;  ///< a smaller tensor's state stays on the card

constexpr std::int64_t blocks(std::int64_t values, std::int64_t block) { return (values + block - 1) / block; }

}  // namespace qlab::bitsandbytes
