// The sets of kernels that were built, and which of them run here. SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "core/training/kernels/kernels.hpp"

namespace qlab::kernels {

struct KernelSet {
  const char* name;  ///< "portable", "avx2", "avx512"
  ProductKernels product;
  RowKernels rows;
};

/// Those that run on this processor, the fastest last.
std::span<const KernelSet> kernel_sets();

}  // namespace qlab::kernels
