// Block-wise quantization: a tensor as codes and constants, and back.
//
// Rules of codebooks (as bitsandbytes' CPU library, pinned by golden tests): a full block multiplies by the fp32
// reciprocal of its absmax, a short last block divides (8-bit codes: multiplies); the absmax counts as at least 1e-38;
// a tie goes to the lower level; an all-zero block gets the code of 0.0; NaN gets the code of the highest level. Linear
// codes: a block too small for its scale decodes to zero. Codes are chosen with the exact constants; the constants are
// compressed afterwards.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/quantization/format.hpp"

namespace qlab {

inline constexpr int min_block_size = 16;
inline constexpr int max_block_size = 4096;

enum class ConstantType {
  fp32,      ///< 32 bits a constant
  fp16,      ///< 16 bits, round half to even
  dynamic8,  ///< double quantization: mean removed, 8-bit dynamic map, fp32 absmax per `nested_block_size` constants
};

/// How the code in an 8-bit codebook is found: that of 8-bit constants, and of formats like dynamic8.
enum class Compatibility {
  nearest,       ///< the nearest level
  bitsandbytes,  ///< that library's 65,536-bin table, which misses the nearest level now and then: files equal byte for
                 ///< byte
};

struct QuantizeSettings {
  Format format;
  int block_size = 64;
  ConstantType constants = ConstantType::fp32;
  int nested_block_size = 256;
  Compatibility compatibility = Compatibility::nearest;
  bool allow_nonfinite = false;  ///< false: NaN or infinity is an error that names the first one
};

/// One constant a block (absmax, scale or minimum), stored as `type` says. Exactly one of the stores is used.
struct BlockConstants {
  ConstantType type = ConstantType::fp32;
  std::vector<float> fp32;
  std::vector<std::uint16_t> fp16;
  std::vector<std::uint8_t> codes;   ///< dynamic8
  std::vector<float> nested_absmax;  ///< dynamic8: one per nested_block_size codes
  float offset = 0;                  ///< dynamic8: the mean that was removed
  int nested_block_size = 256;

  std::int64_t bytes() const;         ///< that must be kept, offset included, code tables not
  std::vector<float> decode() const;  ///< what dequantization multiplies with
};

struct QuantizedTensor {
  Format format;
  std::int64_t size = 0;  ///< number of values
  int block_size = 64;
  std::vector<std::uint8_t> packed;  ///< codes, first value in the high bits; the tail is padded with the code of 0.0
  BlockConstants scale;              ///< what levels are multiplied with: the absmax, or a linear format's step
  BlockConstants minimum;            ///< min_max only, else empty
  std::vector<std::uint8_t> zero_points;  ///< min_max_zero_point only: packed like codes

  std::int64_t blocks() const { return (size + block_size - 1) / block_size; }
  std::int64_t bytes() const;         ///< packed + constants + zero points
  double bits_per_parameter() const;  ///< 8 * bytes() / size
};

/// Errors: bad_argument for a block size outside 16..4096, an empty input, NaN or infinity (unless allowed), and for
/// constants that their type cannot hold (fp16 beyond 65504; max - min beyond fp32).
Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings, int threads);

/// The same into `out`, whose memory is used again: whoever quantizes piece after piece pays for fresh pages once.
/// After an error `out` holds nothing of use.
Result<Done> quantize(std::span<const float> values, const QuantizeSettings& settings, int threads,
                      QuantizedTensor& out);

/// out holds exactly `tensor.size` values: level * scale (+ minimum) in fp32.
Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out, int threads);

/// Compresses exact fp32 constants; quantize() calls it once for the whole tensor. The mean is taken in PyTorch's order
/// of summation on one thread, so that `offset` is bitsandbytes' own to the bit.
BlockConstants compress_constants(std::span<const float> constants, ConstantType type, int nested_block_size,
                                  Compatibility compatibility, int threads = 1);

/// dynamic8 constants of a part of a tensor (whole nested blocks, at least one constant), the mean of all being known.
/// Whoever quantizes in pieces calls it, see piecewise.hpp.
BlockConstants compress_constants_around(float mean, std::span<const float> constants, int nested_block_size,
                                         Compatibility compatibility, int threads = 1);

/// The code of every value, one a byte.
std::vector<std::uint8_t> unpack_codes(const QuantizedTensor& tensor);

}  // namespace qlab
