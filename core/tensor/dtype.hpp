// Element types of tensors in files, and the conversions the laboratory computes with.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/hd.hpp"

namespace qlab {

/// The element types that safetensors names; only f32, f16 and bf16 can be quantized, f64 too from npy files.
/// In safetensors' order of alignment, by which that library lays a file out.
enum class Dtype { boolean, u8, i8, f8_e5m2, f8_e4m3, f8_e8m0, i16, u16, f16, bf16, i32, u32, f32, c64, f64, i64, u64 };

int bytes_of(Dtype dtype);
const char* name_of(Dtype dtype);                             ///< safetensors' name: "F32", "BF16"
std::optional<Dtype> dtype_from_name(std::string_view name);  ///< safetensors' name
std::optional<Dtype> dtype_from_torch_name(std::string_view name);
const char* torch_name_of(Dtype dtype);  ///< "float32", "bfloat16"
bool is_floating_input(Dtype dtype);     ///< f32, f16, bf16: what the quantizer takes

/// Exact; without branches or denormal operands, so that a loop of it is vectorized and runs at one speed.
QLAB_HD inline float f32_from_f16(std::uint16_t bits) {
  const std::uint32_t magnitude = std::uint32_t{bits & 0x7fffU} << 13;
  const std::uint32_t normal = magnitude + (112U << 23);  // the exponent's bias is 15 there and 127 here
  const float denormal = std::bit_cast<float>(magnitude | (113U << 23)) - 0x1p-14F;
  const std::uint32_t special = magnitude | 0x7f800000U;
  const std::uint32_t finite = magnitude < (1U << 23) ? std::bit_cast<std::uint32_t>(denormal) : normal;
  return std::bit_cast<float>((magnitude >= (31U << 23) ? special : finite) | (std::uint32_t{bits & 0x8000U} << 16));
}
/// Rounds half to even; overflow to infinity, NaN stays NaN.
QLAB_HD inline std::uint16_t f16_from_f32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000);
  const std::uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // 65520, half way from the largest fp16 to the next step
  if (magnitude < 0x38800000) {                       // below 2^-14: the adder rounds to fp16's last place, 2^-24
    const float placed = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(placed) - 0x3f000000));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1;
  return static_cast<std::uint16_t>(sign | ((magnitude - (112U << 23) + 0xfff + odd) >> 13));
}
QLAB_HD inline float f32_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
/// Rounds half to even; NaN stays NaN.
QLAB_HD inline std::uint16_t bf16_from_f32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace qlab
