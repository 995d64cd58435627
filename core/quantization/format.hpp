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
  absmax,              ///< x / max|x|, into [-1, 1]; one constant a block
  signed_absmax,       ///< x / (the value of largest magnitude, with its sign); one constant a block
  min_max,             ///< (x - min) / (max - min); two constants a block
  min_max_zero_point,  ///< the same with 0 inside the range and an integer zero point of `bits` bits
};

/// Which code stands for a scaled number.
enum class CodeRule {
  nearest_level,  ///< the nearest entry of `codebook`; decided by fp32 midpoints, a tie goes to the lower level
  linear,         ///< round half to even onto equal steps, clamped
};

struct Format {
  std::string name;  ///< "nf4"
  Text label;        ///< "NF4"
  Text description;  ///< one sentence: where it comes from, what it is good at
  int bits = 4;      ///< of one code
  CodeRule code_rule = CodeRule::nearest_level;
  ScaleRule scale_rule = ScaleRule::absmax;
  std::vector<float>
      codebook;  ///< nearest_level: value of each code, in the order of the codes; at most 2^bits entries
};

/// The format of that name: nf4, fp4, mirrored15, dynamic8, and with 2 to 8 for N: intN, intN_affine, intN_affine_zp,
/// qN_0. Error: not_found that lists the names.
Result<Format> find_format(std::string_view name);

/// The names for menus and help, linear ones at 4 and 8 bits.
std::vector<std::string> format_names();

}  // namespace qlab
