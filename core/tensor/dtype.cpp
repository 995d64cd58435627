#include "core/tensor/dtype.hpp"

#include <array>

#include "core/base/check.hpp"

namespace qlab {
namespace {

struct DtypeRow {
  Dtype dtype;
  const char* name;
  const char* torch_name;
  int bytes;
};

constexpr std::array rows = {
    DtypeRow{Dtype::boolean, "BOOL", "bool", 1},
    DtypeRow{Dtype::u8, "U8", "uint8", 1},
    DtypeRow{Dtype::i8, "I8", "int8", 1},
    DtypeRow{Dtype::f8_e5m2, "F8_E5M2", "float8_e5m2", 1},
    DtypeRow{Dtype::f8_e4m3, "F8_E4M3", "float8_e4m3fn", 1},
    DtypeRow{Dtype::f8_e8m0, "F8_E8M0", "float8_e8m0fnu", 1},
    DtypeRow{Dtype::i16, "I16", "int16", 2},
    DtypeRow{Dtype::u16, "U16", "uint16", 2},
    DtypeRow{Dtype::f16, "F16", "float16", 2},
    DtypeRow{Dtype::bf16, "BF16", "bfloat16", 2},
    DtypeRow{Dtype::i32, "I32", "int32", 4},
    DtypeRow{Dtype::u32, "U32", "uint32", 4},
    DtypeRow{Dtype::f32, "F32", "float32", 4},
    DtypeRow{Dtype::c64, "C64", "complex64", 8},
    DtypeRow{Dtype::f64, "F64", "float64", 8},
    DtypeRow{Dtype::i64, "I64", "int64", 8},
    DtypeRow{Dtype::u64, "U64", "uint64", 8},
};

const DtypeRow& row_of(Dtype dtype) {
  const auto& row = rows.at(static_cast<std::size_t>(dtype));
  QLAB_CHECK(row.dtype == dtype);
  return row;
}

}  // namespace

int bytes_of(Dtype dtype) { return row_of(dtype).bytes; }
const char* name_of(Dtype dtype) { return row_of(dtype).name; }
const char* torch_name_of(Dtype dtype) { return row_of(dtype).torch_name; }

std::optional<Dtype> dtype_from_name(std::string_view name) {
  for (const DtypeRow& row : rows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::optional<Dtype> dtype_from_torch_name(std::string_view name) {
  for (const DtypeRow& row : rows) {
    if (row.torch_name == name) return row.dtype;
  }
  return std::nullopt;
}

bool is_floating_input(Dtype dtype) { return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16; }

std::uint16_t f16_from_f32(float value) {
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

std::uint16_t bf16_from_f32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace qlab
