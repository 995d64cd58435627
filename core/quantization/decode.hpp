// The loops that turn packed codes back into values, one variant an instruction set. Internal: quantize.hpp is the
// door. Every variant gives the bytes of decode_plain. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/quantization/quantize.hpp"

namespace qlab {

/// What the loops need of a quantized tensor.
class DecodePlan {
  std::vector<float> decoded_scale_;  // empty where the tensor holds fp32
  std::vector<float> decoded_minimum_;

 public:
  explicit DecodePlan(const QuantizedTensor& tensor);  ///< which must outlive the plan
  DecodePlan(const DecodePlan&) = delete;
  DecodePlan& operator=(const DecodePlan&) = delete;
  ~DecodePlan() = default;

  int bits;
  int block_size;
  bool past_caches;           ///< the output is too large to stay in them: write around
  std::vector<float> levels;  ///< one for each of the 2^bits codes
  const std::uint8_t* packed;
  const float* scale;
  const float* minimum;             ///< nullptr: nothing is added
  const std::uint8_t* zero_points;  ///< nullptr: nothing is subtracted; else packed like codes
};

/// Who runs the loops over a whole tensor: the processor's threads, or a GPU's grid. Fills `out`.
using DecodeDriver = std::function<Result<Done>(const DecodePlan& plan, std::span<float> out)>;

/// What dequantize() does around the loops. Errors: also the driver's.
Result<Done> dequantize_with(const DecodeDriver& decode, const QuantizedTensor& tensor, std::span<float> out);

/// Decodes the values [first, first + count) to out[0], out[1] ...; `first` begins a block whose codes begin at a
/// byte's edge.
using Decode = void (*)(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);

/// The reference: the bodies of block_body.hpp, value by value.
void decode_plain(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);

/// Codes of 4 bits from a table of a block's 16 values, 8 bits byte by byte; the named ones may only be called where
/// decode_variants offers them.
void decode_portable(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);
void decode_avx2(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);
void decode_avx512(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out);

struct DecodeVariant {
  const char* name;
  Decode decode;
};

/// Those that run on this processor, the reference first and the fastest last.
std::vector<DecodeVariant> decode_variants();

}  // namespace qlab
