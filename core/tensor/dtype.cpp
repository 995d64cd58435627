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

}  // namespace qlab
