// A format is data: which levels a code can mean, how a block is scaled, how many bits each part takes. Error, bits per
// parameter, packing and export follow from it, so a new format (MXFP4, a student's own codebook) is one more entry.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace qlab {

/// How the numbers of one block become numbers a code can stand for.
enum class ScaleRule {
  absmax,              ///< by max|x|; one constant a block
  signed_absmax,       ///< by the value of largest magnitude with its sign (the first of several); one constant a block
  min_max,             ///< from min to max; two constants a block
  min_max_zero_point,  ///< the same with 0 inside the range and an integer zero point of `bits` bits
};

/// Which code stands for a scaled number.
enum class CodeRule {
  nearest_level,  ///< the nearest entry of `codebook`; decided by fp32 midpoints, a tie goes to the lower level
  linear,         ///< the nearest of equal steps; a tie goes to the even step (signed_absmax: up, as ggml), clamped
};

/// nearest_level goes with absmax: value = level * max|x|. linear goes with every scale rule, N bits, top = 2^N - 1:
///   absmax              scale = max|x| / (2^(N-1) - 1)         value = (code - 2^(N-1)) * scale
///   signed_absmax       scale = largest / -2^(N-1)             value = (code - 2^(N-1)) * scale
///   min_max             scale = (max - min) / top              value = code * scale + min
///   min_max_zero_point  the same, range widened to hold 0      value = (code - zero point) * scale
struct Format {
  std::string name;  ///< "nf4"
  Text label;        ///< "NF4"
  Text description;  ///< one sentence: where it comes from, what it is good at
  int bits = 4;      ///< of one code
  CodeRule code_rule = CodeRule::nearest_level;
  ScaleRule scale_rule = ScaleRule::absmax;
  std::vector<float> codebook;  ///< nearest_level: level of each code in code order, in [-1, 1]; 2 to 2^bits of them
};

/// The format of that name: nf4, fp4, mirrored15, dynamic8, and with 2 to 8 for N: intN, intN_affine, intN_affine_zp,
/// qN_0. Error: not_found that lists the names.
Result<Format> find_format(std::string_view name);

/// The names for menus and help, linear ones at 4 and 8 bits.
std::vector<std::string> format_names();

/// What each code means before the block's constants are applied: the codebook, or 0, 1, 2 ... (minus 2^(bits-1) where
/// the scale rule is an absmax).
std::vector<float> code_levels(const Format& format);

/// Error: bad_argument for a format that a student's file could describe and nothing could compute.
Result<Done> check_format(const Format& format);

}  // namespace qlab
