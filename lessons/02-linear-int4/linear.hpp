// Linear quantization of a whole tensor with one scale, exactly as tutorials print it: fp32 arithmetic, a true
// division, rounding half to even. The blockwise kernels of core are another thing; a check of the lesson compares the
// two. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qlab::lessons {

struct LinearTensor {
  float scale = 0;    ///< distance of two neighbouring levels, in the unit of the values
  float minimum = 0;  ///< value of code 0; affine only
  std::vector<std::int32_t> codes;
  std::vector<float> decoded;
};

/// scale = max|x| / (2^(bits-1) - 1); code = round(x / scale) clamped to [-2^(bits-1), 2^(bits-1) - 1]; a tensor of
/// zeros keeps scale 0 and code 0. `values` is not empty, bits is 2 to 8.
LinearTensor quantize_symmetric(std::span<const float> values, int bits);

/// scale = (max - min) / (2^bits - 1); code = round((x - min) / scale), 0 to 2^bits - 1; a constant tensor gets code 0.
LinearTensor quantize_affine(std::span<const float> values, int bits);

}  // namespace qlab::lessons
