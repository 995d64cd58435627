// Vectors of floats as compilers know them, as wide as the instruction set that the file is compiled for.
// For the sources that core/training/kernels/CMakeLists.txt compiles once per instruction set, and for nothing else:
// they include no standard header with code in it, so that no inline function compiled for AVX-512 can be the one that
// the linker keeps for everybody. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/base/inline.hpp"

#ifndef QLAB_SET  // portable, avx2 or avx512: the namespace of what is compiled, set on the command line
#define QLAB_SET portable
#endif

namespace qlab::kernels::QLAB_SET {

#if defined(__AVX512F__)
inline constexpr int native_lanes = 16;
#elif defined(__AVX__)
inline constexpr int native_lanes = 8;
#else
inline constexpr int native_lanes = 4;
#endif

// May lie anywhere a float may.
using Native = float __attribute__((vector_size(native_lanes * sizeof(float)), aligned(4), may_alias));
using Four = float __attribute__((vector_size(16), aligned(4), may_alias));

template <class V>
QLAB_INLINE V load(const float* from) {
  return *reinterpret_cast<const V*>(from);
}
template <class V>
QLAB_INLINE void store(float* to, V value) {
  *reinterpret_cast<V*>(to) = value;
}

}  // namespace qlab::kernels::QLAB_SET
