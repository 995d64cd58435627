// The levels that codes stand for, built from their definitions: NF4 from normal quantiles, FP4 from its bit fields,
// the dynamic 8-bit map from its decades. Goldens pin every float to bitsandbytes' own.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

namespace qlab {

/// Where NF4 cuts the normal distribution's tails: (1 - 1/30 + 1 - 1/32) / 2 = 0.96770833..., halfway between the
/// outermost centres of 15 and of 16 equal shares of probability. The QLoRA code keeps seven decimals, and the stored
/// floats depend on that.
inline constexpr double nf4_offset = 0.9677083;

/// NF4's construction with its steps kept, for those who want to see it. All in double.
struct NormalFloatSteps {
  std::vector<double> positive_probabilities;  ///< evenly spaced from `offset` down to 1/2, which is left out
  std::vector<double> negative_probabilities;
  std::vector<double> quantiles;  ///< ascending: minus the negative side's, 0, the positive side's
  double largest = 0;             ///< the largest quantile, which normalises
  std::vector<double> levels;     ///< quantiles / largest, ascending in [-1, 1]
};

/// With the extra value 8 positive, 0, 7 negative levels (16); without it 7 on both sides (15, mirrored).
/// `offset` is a probability in (1/2, 1). Source: Dettmers et al. 2023 (QLoRA), sec. 3 and the authors' code.
NormalFloatSteps normal_float_levels(double offset = nf4_offset, bool extra_value = true);

/// The same levels in the precision in which the library's stored sixteen floats were made: probabilities spaced in
/// fp32, quantiles in double rounded to fp32, an fp32 division. Rounding normal_float_levels is up to 6 ulp off them.
std::vector<float> normal_float_codebook(double offset = nf4_offset, bool extra_value = true);

/// The 15 mirrored levels as tutorials print them: with seven decimals.
std::vector<float> mirrored15_codebook();

/// bitsandbytes' 4-bit float in the order of its codes: sign, two exponent bits, one mantissa bit, over 12. Codes 0 and
/// 8 both mean 0; the smallest positive level is 1/192 by that library's definition, where e2m1 would have 1/24.
std::vector<float> fp4_codebook();

/// The dynamic 8-bit map (Dettmers 2015 and 2022), ascending, 256 levels: decades 1e-6 to 1, each cut into twice as
/// many equal parts as the one below, their centres are the levels; 0 and 1 join them.
std::vector<float> dynamic_map(bool is_signed);

/// fp32 midpoints between neighbours of an ascending codebook: the bounds that decide.
std::vector<float> decision_bounds(std::span<const float> ascending_levels);

}  // namespace qlab
