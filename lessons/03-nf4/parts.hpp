// The parts of the nf4 lesson: how the codebook comes about, how one weight finds its code, and where every format
// stands between bits and error. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/experiment/context.hpp"
#include "core/quantization/format.hpp"
#include "core/quantization/quantize.hpp"
#include "core/report/report.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {

/// The sixteen levels as bitsandbytes ships them (fp32, also printed in the QLoRA paper's appendix): the reference that
/// our construction is held against, never what we compute with.
std::span<const float> bitsandbytes_nf4();

/// Probability, normal quantile, normalised level, stored fp32, bitsandbytes' value and the difference, code by code.
Table codebook_table(double offset, bool extra_value);

/// The codebook's levels on the normal density they were cut from, and the density of the tensor's own normalised
/// values in blocks of `block_size`.
Chart levels_chart(double offset, bool extra_value, std::span<const float> values, int block_size);

/// How one weight becomes a code and a value again, each quantity as the kernel has it in fp32.
struct DecisionPath {
  std::int64_t index = 0;
  std::int64_t block = 0;
  float value = 0;
  float absmax = 0;           ///< exact: the code is chosen with it
  float stored_constant = 0;  ///< as compressed: decoding multiplies with it
  bool short_block = false;   ///< a last block that is not full divides instead of multiplying by the reciprocal
  float normalised = 0;
  std::vector<float> thresholds;
  int code = 0;  ///< number of thresholds below `normalised`
  float level = 0;
  float decoded = 0;
};

/// The path of values[index] through an absmax format with an ascending codebook.
DecisionPath decision_path(std::span<const float> values, std::int64_t index, const Measurement& measured);
Table path_table(const DecisionPath& path);
Table thresholds_table(const DecisionPath& path, std::span<const float> levels);
Chart decision_chart(const DecisionPath& path, std::span<const float> levels);

/// One way to store the tensor, and its price.
struct Operating {
  std::string type;
  Text label;
  int block_size = 0;
  ConstantType constants = ConstantType::fp32;
  double bits = 0;
  double mse = 0;
  bool best_of_type = false;  ///< no point of its type comes close for fewer bits
  bool best = false;          ///< no point at all does
};

/// Every format at 4 block sizes with 3 constant types: points_per_format points each. Stops early when asked to: then
/// fewer points come back.
inline constexpr std::size_t points_per_format = 12;
Result<std::vector<Operating>> operating_points(std::span<const float> values, const std::vector<Format>& formats,
                                                const Context& context);
/// One line a type with the lesson's present type of constants.
Chart error_against_bits_chart(const std::vector<Operating>& points, ConstantType constants, double nf4_bits);
/// One staircase a type over its best points; the best of all carry names.
Chart least_error_chart(const std::vector<Operating>& points);
Table frontier_table(const std::vector<Operating>& points);

}  // namespace qlab::lessons
