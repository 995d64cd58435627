// Values as they lie in memory (fp32, fp16, bf16), read and written eight at a time where that is one access.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/hd.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab::gpu {

struct Half {
  std::uint16_t bits;
};
struct Bfloat16 {
  std::uint16_t bits;
};

QLAB_HD inline float number_of(float x) { return x; }
QLAB_HD inline float number_of(Half x) { return f32_from_f16(x.bits); }
QLAB_HD inline float number_of(Bfloat16 x) { return f32_from_bf16(x.bits); }

template <class Element>
QLAB_HD Element element_of(float x);
template <>
QLAB_HD inline float element_of<float>(float x) {
  return x;
}
template <>
QLAB_HD inline Half element_of<Half>(float x) {
  return {f16_from_f32(x)};
}
template <>
QLAB_HD inline Bfloat16 element_of<Bfloat16>(float x) {
  return {bf16_from_f32(x)};
}

/// What one thread handles: as many values as fill whole bytes whatever the width of a code.
inline constexpr int octet = 8;

/// Eight neighbouring elements; a GPU moves them in accesses of 16 bytes, to which the array must be aligned.
template <class Element>
struct alignas(16) Octet {
  Element at[octet];
};

template <class Element>
QLAB_HD Octet<Element> load_octet(const Element* from) {
#ifdef __CUDA_ARCH__
  return *reinterpret_cast<const Octet<Element>*>(from);
#else
  Octet<Element> loaded;
  std::memcpy(loaded.at, from, sizeof loaded.at);
  return loaded;
#endif
}

template <class Element>
QLAB_HD void store_octet(Element* to, const Octet<Element>& values) {
#ifdef __CUDA_ARCH__
  *reinterpret_cast<Octet<Element>*>(to) = values;
#else
  std::memcpy(to, values.at, sizeof values.at);
#endif
}

/// Four bytes, the first in the high bits; a GPU needs them aligned to 4.
QLAB_HD inline std::uint32_t load_bytes(const std::uint8_t* from) {
#ifdef __CUDA_ARCH__
  return __byte_perm(*reinterpret_cast<const std::uint32_t*>(from), 0, 0x0123);
#else
  return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
#endif
}

QLAB_HD inline void store_bytes(std::uint8_t* to, std::uint32_t bytes) {
#ifdef __CUDA_ARCH__
  *reinterpret_cast<std::uint32_t*>(to) = __byte_perm(bytes, 0, 0x0123);
#else
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(bytes >> (24 - 8 * i));
#endif
}

}  // namespace qlab::gpu
