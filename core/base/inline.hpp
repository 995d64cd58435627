// QLAB_INLINE forces a function into its caller, so that a loop is compiled for the instruction set of a caller that
// has a target attribute. For the loops of SIMD variants only. SPDX-License-Identifier: MIT
#pragma once

#define QLAB_INLINE inline __attribute__((always_inline))
