#include "core/quantization/quantize.hpp"

#include <cmath>
#include <limits>

#include "core/tensor/generate.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

std::vector<float> normal_values(std::int64_t count) {
  std::vector<float> values(count);
  REQUIRE(generate({}, 0, values, 1));
  return values;
}

QuantizeSettings settings_of(const char* format, int block_size, ConstantType constants = ConstantType::fp32) {
  QuantizeSettings settings;
  settings.format = *find_format(format);
  settings.block_size = block_size;
  settings.constants = constants;
  return settings;
}

QuantizedTensor quantized(std::span<const float> values, const QuantizeSettings& settings) {
  auto tensor = quantize(values, settings, 1);
  REQUIRE(tensor);
  return std::move(*tensor);
}

std::vector<float> there_and_back(std::span<const float> values, const QuantizeSettings& settings) {
  const QuantizedTensor tensor = quantized(values, settings);
  std::vector<float> back(values.size());
  REQUIRE(dequantize(tensor, back, 1));
  return back;
}

std::vector<std::uint8_t> codes_of(std::span<const float> values, const char* format) {
  return unpack_codes(quantized(values, settings_of(format, 64)));
}

using Codes = std::vector<std::uint8_t>;

TEST_CASE("a codebook's code stands for the nearest level, and a tie for the lower one", "[core][quant][property]") {
  const char* name = GENERATE("nf4", "fp4", "mirrored15", "dynamic8");
  const QuantizeSettings settings = settings_of(name, 64);
  std::vector<float> values = normal_values(64 * 100);
  for (std::size_t i = 0; i < values.size(); i += 64) values[i] = 4;  // a power of two: scaling rounds nothing
  const Codes codes = unpack_codes(quantized(values, settings));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) > 4) continue;
    const float v = values[i] / 4;
    const float level = settings.format.codebook[codes[i]];
    for (const float other : settings.format.codebook) {
      CAPTURE(name, v, level, other);
      // Bounds are rounded to fp32, so that near one of them the two levels are equally near to within that rounding.
      REQUIRE(std::abs(v - level) <= std::abs(v - other) + 6e-8F);
    }
  }
}

TEST_CASE("the absmax of a block comes back exactly in NF4, and zero too", "[core][quant][property]") {
  std::vector<float> values = normal_values(64 * 50);
  for (std::size_t i = 5; i < values.size(); i += 64) values[i] = 0;
  const std::vector<float> back = there_and_back(values, settings_of("nf4", 64));
  for (std::size_t block = 0; block < values.size(); block += 64) {
    std::size_t largest = block;
    for (std::size_t i = block; i < block + 64; ++i) {
      if (std::abs(values[i]) > std::abs(values[largest])) largest = i;
    }
    CHECK(back[largest] == values[largest]);
    CHECK(back[block + 5] == 0);
  }
}

TEST_CASE("a block of zeros has the code of 0 and absmax 0; as a short tail it has absmax 1e-38", "[core][quant]") {
  const std::vector<float> zeros(64 + 3);
  const QuantizedTensor tensor = quantized(zeros, settings_of("nf4", 64));
  CHECK(tensor.packed == std::vector<std::uint8_t>(34, 0x77));
  CHECK(tensor.scale.fp32 == std::vector<float>{0, 1e-38F});
}

TEST_CASE("symmetric INT4 reproduces round(x / (absmax / 7)), half to even", "[core][quant]") {
  // Scale 1: the numbers are their own codes minus 8, and x.5 goes to the even one.
  CHECK(codes_of(std::vector<float>{7, -7, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 0, 6.4F}, "int4") ==
        Codes{15, 1, 8, 10, 10, 8, 6, 8, 14});
}

TEST_CASE("symmetric codes never use the lowest one", "[core][quant][property]") {
  const char* name = GENERATE("int2", "int3", "int4", "int5", "int6", "int7", "int8");
  for (const std::uint8_t code : codes_of(normal_values(6400), name)) REQUIRE(code >= 1);
}

TEST_CASE("affine INT4 of the tutorial's three weights has codes 12, 0, 15", "[core][quant]") {
  const std::vector<float> weights = {0.5234F, -1.2341F, 0.8923F};
  CHECK(codes_of(weights, "int4_affine") == Codes{12, 0, 15});
  const std::vector<float> back = there_and_back(weights, settings_of("int4_affine", 64));
  CHECK(back[0] == Approx(0.4670).margin(5e-5));
  CHECK(back[1] == weights[1]);
  CHECK(back[2] == Approx(weights[2]).epsilon(1e-6));
}

TEST_CASE("a zero point keeps 0 exact and lies within the codes", "[core][quant][property]") {
  const int bits = GENERATE(2, 3, 4, 8);
  const std::string name = "int" + std::to_string(bits) + "_affine_zp";
  for (const float shift : {0.0F, 0.7F, -2.0F, 50.0F, -50.0F}) {  // 50: a range that must be widened to hold 0
    std::vector<float> values = normal_values(64 * 20);
    for (float& x : values) x += shift;
    for (std::size_t i = 7; i < values.size(); i += 64) values[i] = 0;
    const std::vector<float> back = there_and_back(values, settings_of(name.c_str(), 64));
    for (std::size_t i = 7; i < values.size(); i += 64) REQUIRE(back[i] == 0);
    const float worst_step = (std::abs(shift) + 8) / static_cast<float>((1 << bits) - 1);
    for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(std::abs(back[i] - values[i]) <= worst_step);
  }
}

TEST_CASE("q4_0 takes the sign of the largest value and rounds half up", "[core][quant]") {
  // d = 8 / -8 = -1: code = trunc(-x + 8.5), clamped to 15.
  CHECK(codes_of(std::vector<float>{8, -7, -7.6F, 0.5F, -0.5F, 0}, "q4_0") == Codes{0, 15, 15, 8, 9, 8});
  // The first of two largest decides: d = -8 / -8 = 1.
  CHECK(codes_of(std::vector<float>{-8, 8, 1}, "q4_0") == Codes{0, 15, 9});
}

TEST_CASE("linear values come back within half a step", "[core][quant][property]") {
  const std::string name = GENERATE("int4", "int8", "int3_affine", "int4_affine", "int8_affine");
  const QuantizeSettings settings = settings_of(name.c_str(), 48);
  const std::vector<float> values = normal_values(48 * 40 + 11);
  const QuantizedTensor tensor = quantized(values, settings);
  std::vector<float> back(values.size());
  REQUIRE(dequantize(tensor, back, 1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float step = tensor.scale.fp32[i / 48];
    REQUIRE(std::abs(values[i] - back[i]) <= 0.5F * step + 4e-7F);
  }
}

TEST_CASE("blocks that are flat come back as they were, those too small for their scale as next to nothing",
          "[core][quant]") {
  constexpr float next_to_nothing = 4e-37F;  // below it q8_0's scale has no reciprocal
  for (const std::string& name : format_names()) {
    for (const float x : {0.0F, -0.0F, 0.37F, -5.0F, 1e-45F, -3e-45F, 1e-39F, 2e-38F, 3e38F}) {
      const std::vector<float> back = there_and_back(std::vector<float>(70, x), settings_of(name.c_str(), 64));
      CAPTURE(name, x);
      for (const float y : back) REQUIRE(std::abs(y - x) <= 0.01F * std::abs(x) + next_to_nothing);
    }
  }
}

TEST_CASE("codes of any width follow each other from the high bit, the tail padded with the code of 0",
          "[core][quant]") {
  // int3, scale 1: codes 7, 1, 4, 5, 6 = 111 001 100 101 110, then one bit of 4 = 100.
  const QuantizedTensor tensor = quantized(std::vector<float>{3, -3, 0, 1, 2}, settings_of("int3", 64));
  CHECK(tensor.packed == std::vector<std::uint8_t>{0b11100110, 0b01011101});
  CHECK(unpack_codes(tensor) == Codes{7, 1, 4, 5, 6});
}

TEST_CASE("bits per parameter count every byte that must be kept", "[core][quant]") {
  struct Known {
    const char* format;
    int block_size;
    ConstantType constants;
    double bits;
  };
  constexpr std::int64_t count = 64 * 256 * 4;
  const double offset_bits = 32.0 / count;
  const auto known = GENERATE_COPY(values<Known>({
      {"nf4", 64, ConstantType::fp32, 4.5},
      {"nf4", 64, ConstantType::fp16, 4.25},
      {"nf4", 64, ConstantType::dynamic8, 4 + 8.0 / 64 + 32.0 / (64 * 256) + offset_bits},
      {"int4", 128, ConstantType::fp32, 4.25},
      {"int4_affine", 64, ConstantType::fp32, 5.0},
      {"int4_affine", 32, ConstantType::dynamic8, 4 + 2 * (8.0 / 32 + 32.0 / (32 * 256) + offset_bits)},
      {"int4_affine_zp", 64, ConstantType::fp32, 4.5625},
      {"int3_affine_zp", 64, ConstantType::fp16, 3 + 16.0 / 64 + 3.0 / 64},
      {"q4_0", 32, ConstantType::fp16, 4.5},
      {"dynamic8", 256, ConstantType::fp32, 8.125},
  }));
  CAPTURE(known.format, known.block_size);
  const std::vector<float> values = normal_values(count);
  CHECK(quantized(values, settings_of(known.format, known.block_size, known.constants)).bits_per_parameter() ==
        Approx(known.bits).epsilon(1e-12));
}

TEST_CASE("codes do not depend on how the constants are stored, and stored constants are near",
          "[core][quant][property]") {
  const std::string name = GENERATE("nf4", "int4", "int4_affine", "int4_affine_zp", "q4_0", "dynamic8");
  const std::vector<float> values = normal_values(64 * 300 + 5);
  const QuantizedTensor exact = quantized(values, settings_of(name.c_str(), 64));
  for (const ConstantType type : {ConstantType::fp16, ConstantType::dynamic8}) {
    const QuantizedTensor tensor = quantized(values, settings_of(name.c_str(), 64, type));
    CHECK(tensor.packed == exact.packed);
    const std::vector<float> scale = tensor.scale.decode();
    REQUIRE(scale.size() == exact.scale.fp32.size());
    for (std::size_t i = 0; i < scale.size(); ++i) {
      REQUIRE(scale[i] == Approx(exact.scale.fp32[i]).epsilon(type == ConstantType::fp16 ? 0.0005 : 0.05));
    }
  }
}

TEST_CASE("quantizing into a used tensor gives the same as into a fresh one", "[core][quant][property]") {
  QuantizedTensor used;
  for (const char* name : {"int8_affine", "nf4", "int4_affine_zp", "dynamic8", "int4"}) {
    for (const ConstantType type : {ConstantType::dynamic8, ConstantType::fp16, ConstantType::fp32}) {
      const QuantizeSettings settings = settings_of(name, 64, type);
      const std::vector<float> values = normal_values(name[0] == 'i' ? 5000 : 700);
      REQUIRE(quantize(values, settings, 1, used));
      const QuantizedTensor fresh = quantized(values, settings);
      CAPTURE(name);
      CHECK(used.packed == fresh.packed);
      CHECK(used.zero_points == fresh.zero_points);
      CHECK(used.scale.decode() == fresh.scale.decode());
      CHECK(used.minimum.decode() == fresh.minimum.decode());
      CHECK(used.bytes() == fresh.bytes());
    }
  }
}

TEST_CASE("an error names the first value that is no number", "[core][quant]") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
  const auto message = [](std::int64_t place, float x) {
    std::vector<float> values(200'000, 1);
    values[place] = x;
    values.back() = x;
    for (const char* name : {"int4_affine", "nf4"}) {
      const auto refused = quantize(values, settings_of(name, 64), 2);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().hint.find("--allow-nonfinite") != std::string::npos);
      if (name[0] == 'n') return refused.error().what;
    }
    return std::string();
  };
  CHECK(message(17, not_a_number) == "value 17 is NaN");
  CHECK(message(150'000, infinity) == "value 150000 is infinity");
  CHECK(message(199'999, -infinity) == "value 199999 is -infinity");
}

TEST_CASE("allowed NaN and infinity make their own block useless and no other", "[core][quant]") {
  for (const std::string& name : format_names()) {
    for (const float x : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      std::vector<float> values = normal_values(64 * 3);
      QuantizeSettings settings = settings_of(name.c_str(), 64);
      const std::vector<float> clean = there_and_back(values, settings);
      values[70] = x;
      settings.allow_nonfinite = true;
      const std::vector<float> back = there_and_back(values, settings);
      CAPTURE(name, x);
      CHECK_FALSE(std::isfinite(back[70]));
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i / 64 != 1) REQUIRE(back[i] == clean[i]);
      }
    }
  }
}

TEST_CASE("bad settings are refused with what to use instead", "[core][quant]") {
  const std::vector<float> values = normal_values(64);
  const auto error = [&](std::span<const float> input, const QuantizeSettings& settings) {
    const auto refused = quantize(input, settings, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::bad_argument);
    return refused.error().message();
  };
  CHECK(error(values, settings_of("nf4", 15)) == "block size is 15: use 16 to 4096");
  CHECK(error(values, settings_of("nf4", 4097)) == "block size is 4097: use 16 to 4096");
  CHECK(error({}, settings_of("nf4", 64)) == "the tensor is empty: use at least one value");
  QuantizeSettings nested = settings_of("nf4", 64, ConstantType::dynamic8);
  nested.nested_block_size = 8;
  CHECK(error(values, nested) == "block size is 8: use 16 to 4096");
  CHECK(error(std::vector<float>{1e6F, 0}, settings_of("nf4", 64, ConstantType::fp16)) ==
        "the scale of block 0 is too large for fp16: use fp32 or 8-bit constants");
  CHECK(error(std::vector<float>(160, 3e38F), settings_of("nf4", 64, ConstantType::dynamic8)) ==
        "the scale of all blocks, summed, is too large for fp32: use fp32 constants");
  const ConstantType constants = GENERATE(ConstantType::fp32, ConstantType::fp16, ConstantType::dynamic8);
  CHECK(error(std::vector<float>{3e38F, -3e38F}, settings_of("int4_affine", 64, constants)) ==
        "the scale of block 0 is too large for fp32: use a format that scales by the absmax");
}

TEST_CASE("dequantize refuses an output of another size", "[core][quant]") {
  const QuantizedTensor tensor = quantized(normal_values(65), settings_of("nf4", 64));
  std::vector<float> out(64);
  CHECK_FALSE(dequantize(tensor, out, 1));
}

}  // namespace
