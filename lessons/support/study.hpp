// What the tensor lessons (linear-int4, nf4, blockwise, double-quant) share: the tensor that their parameters ask for,
// and what one format does to it. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/experiment/context.hpp"
#include "core/experiment/parameters.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/quantization/quantize.hpp"
#include "core/tensor/source.hpp"

namespace qlab::lessons {

/// Values of a larger file tensor that a lesson looks at, so that a slider answers at once.
inline constexpr std::int64_t live_limit = std::int64_t{1} << 18;

struct Study {
  std::vector<float> values;
  double sigma = 0;     ///< the generator's standard deviation where it has one, else that of the values
  bool normal = false;  ///< drawn from a normal distribution: the published figures apply
  Text description;     ///< what the tensor is, and whether it is a sample
};

/// Loads the tensor of the parameters tensor, n, sigma, seed, nu, outlier_rate and outlier_size. Errors: those of
/// parse_tensor_source and load.
Result<Study> load_study(const Parameters& parameters, const Context& context);

/// One format at work on one tensor.
struct Measurement {
  QuantizedTensor quantized;
  std::vector<float> decoded;  ///< as long as the tensor
  ErrorFigures figures;
  double bits = 0;  ///< per parameter, from the real bytes
};

Result<Measurement> measure(std::span<const float> values, const QuantizeSettings& settings, Backend& backend);

/// The constant type of the choice parameter `name` (fp32, fp16, dynamic8).
ConstantType constants_of(const Parameters& parameters, std::string_view name);
Text label_of(ConstantType type);

/// A format that the laboratory always has; a name without one is a mistake of ours and aborts.
Format known_format(std::string_view name);

}  // namespace qlab::lessons
