// A tensor larger than memory, quantized piece by piece: the same bits as quantize() of the whole. Double quantization
// needs the mean of all constants before the first can be stored, so it takes two passes over the tensor.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/quantization/quantize.hpp"
#include "core/quantization/sum_in_torch_order.hpp"

namespace qlab {

class Backend;

/// Bytes that each part of a quantized tensor takes; 0 for parts that it does not have.
struct PartSizes {
  std::int64_t codes = 0;
  std::int64_t scale = 0, scale_nested = 0;
  std::int64_t minimum = 0, minimum_nested = 0;
  std::int64_t zero_points = 0;
  std::int64_t offsets = 0;  ///< means removed by double quantization, kept beside the tensors

  std::int64_t total() const { return codes + scale + scale_nested + minimum + minimum_nested + zero_points + offsets; }
};

/// Of `size` values quantized with `settings` (fp32 or dynamic8 constants).
PartSizes part_sizes(const QuantizeSettings& settings, std::int64_t size);

/// Values in a piece, which every piece but the last must have a multiple of: whole nested blocks and whole bytes.
std::int64_t piece_unit(int block_size, int nested_block_size);

class PiecewiseQuantizer {
 public:
  /// Of a tensor of `size` values; fp32 or dynamic8 constants.
  PiecewiseQuantizer(QuantizeSettings settings, std::int64_t size);

  const QuantizeSettings& settings() const { return settings_; }

  /// Whether survey() must have seen the whole tensor before quantize() is called.
  bool needs_survey() const { return settings_.constants == ConstantType::dynamic8; }

  /// The next piece of the first pass. Errors: as quantize().
  Result<Done> survey(Backend& backend, std::span<const float> piece);

  /// The next piece; its constants are compressed around the mean of all. Errors: as quantize(), blocks counted from
  /// the tensor's start.
  Result<QuantizedTensor> quantize(Backend& backend, std::span<const float> piece);

  float scale_mean() const;    ///< after the survey
  float minimum_mean() const;  ///< the same for formats with a minimum

 private:
  Result<QuantizedTensor> with_exact_constants(Backend& backend, std::span<const float> piece);

  QuantizeSettings settings_;
  std::int64_t blocks_;      ///< of the whole tensor
  std::int64_t next_block_;  ///< first block of the next piece
  TorchOrderSum scale_sum_;
  TorchOrderSum minimum_sum_;
};

}  // namespace qlab
