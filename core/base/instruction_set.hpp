// Which instruction sets the SIMD variants are written for, and whether this processor has them.
// SPDX-License-Identifier: MIT
#pragma once

// Target attributes of functions; the build itself stays portable.
#define QLAB_AVX2 __attribute__((target("avx2")))
#if defined(__clang__)  // knows no vector width here, and would drop the whole attribute
#define QLAB_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#else
#define QLAB_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif

namespace qlab {

#if defined(__x86_64__)
inline bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
/// F, BW, DQ and VL: what every processor with AVX-512 has had since 2017.
inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}
#endif

}  // namespace qlab
