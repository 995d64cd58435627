// PyTorch's order of summation on one thread, so that a mean of fp32 numbers is that library's own to the bit.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace qlab {

/// The fp32 sum of contiguous numbers as torch.sum adds them on an x86-64 CPU: 8 lanes by 4 rows of partial sums in a
/// cascade of 4 levels (each level takes over the one below after a fixed number of steps), then rows, then the numbers
/// that fill no lane, then lanes. Source: observed order of PyTorch 2.x, pinned by golden tests.
float sum_in_torch_order(std::span<const float> numbers);

}  // namespace qlab
