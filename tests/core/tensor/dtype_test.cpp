#include "core/tensor/dtype.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "core/tensor/tensor.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

// The definition of binary16, written without bit tricks.
double meaning_of_f16(int bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST_CASE("every finite fp16 widens to its meaning and narrows back to itself", "[core][tensor][property]") {
  int wrong = 0;
  for (int bits = 0; bits < 65536; ++bits) {
    if (((bits >> 10) & 31) == 31) continue;
    const float wide = f32_from_f16(static_cast<std::uint16_t>(bits));
    wrong += static_cast<double>(wide) != meaning_of_f16(bits) || std::signbit(wide) != (bits >= 0x8000);
    wrong += f16_from_f32(wide) != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("fp16 rounds half to even, overflows to infinity and keeps NaN", "[core][tensor][property]") {
  int wrong = 0;
  for (int bits = 0; bits < 0x7bff; ++bits) {  // between each two neighbours: below, at and above the middle
    const double middle = (meaning_of_f16(bits) + meaning_of_f16(bits + 1)) / 2;
    const auto at = static_cast<float>(middle);
    wrong += f16_from_f32(std::nextafter(at, 0.0F)) != bits;
    wrong += f16_from_f32(at) != (bits % 2 == 0 ? bits : bits + 1);
    wrong += f16_from_f32(std::nextafter(at, 1e9F)) != bits + 1;
    wrong += f16_from_f32(-at) != (0x8000 | (bits % 2 == 0 ? bits : bits + 1));
  }
  CHECK(wrong == 0);
  CHECK(f16_from_f32(65519.996F) == 0x7bff);
  CHECK(f16_from_f32(65520.0F) == 0x7c00);
  CHECK(f16_from_f32(-1e30F) == 0xfc00);
  CHECK(std::isinf(f32_from_f16(0xfc00)));
  for (int bits = 0x7c01; bits < 0x8000; ++bits) wrong += !std::isnan(f32_from_f16(static_cast<std::uint16_t>(bits)));
  CHECK(wrong == 0);
  CHECK(std::isnan(f32_from_f16(f16_from_f32(std::numeric_limits<float>::quiet_NaN()))));
}

TEST_CASE("bf16 rounds half to even and keeps NaN and infinity", "[core][tensor]") {
  CHECK(bf16_from_f32(1.0F) == 0x3f80);
  CHECK(bf16_from_f32(1.00390625F) == 0x3f80);  // the middle of 1 and the next, 1 is even
  CHECK(bf16_from_f32(1.01171875F) == 0x3f82);  // the middle above an odd one
  CHECK(bf16_from_f32(std::nextafter(1.00390625F, 2.0F)) == 0x3f81);
  CHECK(bf16_from_f32(-3.4e38F) == 0xff80);  // past the largest bf16
  CHECK(bf16_from_f32(std::numeric_limits<float>::infinity()) == 0x7f80);
  const float low_nan = std::bit_cast<float>(0x7f800001U);  // its only fraction bit lies in the part cut off
  CHECK(std::isnan(f32_from_bf16(bf16_from_f32(low_nan))));
  int wrong = 0;
  for (int bits = 0; bits < 65536; ++bits) {
    const float wide = f32_from_bf16(static_cast<std::uint16_t>(bits));
    wrong += !std::isnan(wide) && bf16_from_f32(wide) != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("dtype names go there and back", "[core][tensor]") {
  for (int i = 0; i <= static_cast<int>(Dtype::u64); ++i) {
    const auto dtype = static_cast<Dtype>(i);
    CHECK(dtype_from_name(name_of(dtype)) == dtype);
    CHECK(dtype_from_torch_name(torch_name_of(dtype)) == dtype);
  }
  CHECK(bytes_of(Dtype::bf16) == 2);
  CHECK(std::string(torch_name_of(Dtype::bf16)) == "bfloat16");
  CHECK_FALSE(dtype_from_name("F17"));
  CHECK_FALSE(dtype_from_name("f32"));
}

TEST_CASE("read_f32 widens any part of a tensor, aligned or not", "[core][tensor]") {
  std::array<std::byte, 33> storage{};
  const double stored[] = {1.5, -0.1, 1e-50, 3e300};
  std::memcpy(storage.data() + 1, stored, sizeof stored);
  const TensorView tensor{"t", {2, 2}, Dtype::f64, std::span(storage).subspan(1)};
  std::array<float, 3> out{};
  REQUIRE(read_f32(tensor, 1, out));
  CHECK(out[0] == -0.1F);
  CHECK(out[1] == 0.0F);
  CHECK(std::isinf(out[2]));
}

TEST_CASE("read_f32 refuses a tensor of whole numbers by its name", "[core][tensor]") {
  const std::array<std::byte, 4> storage{};
  std::array<float, 1> out{};
  const auto result = read_f32({"ids", {1}, Dtype::i32, storage}, 0, out);
  REQUIRE_FALSE(result);
  CHECK(result.error().message() == "tensor 'ids' is I32: use a tensor of F32, F16, BF16 or F64");
}

}  // namespace
