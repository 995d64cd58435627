// Every variant of the encoding and decoding loops that this processor runs, against the plain ones, byte for byte.
#include <cmath>
#include <cstring>
#include <limits>

#include "core/quantization/codebooks.hpp"
#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/tensor/generate.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Values that find the seams: decision bounds and their neighbours, zeros of both signs, denormals, the largest
/// numbers, whole blocks of each, and plain normal ones around them.
std::vector<float> hostile_values(const Format& format, std::int64_t count, bool finite) {
  std::vector<float> values(count);
  REQUIRE(generate({}, 0, values, 1));
  std::vector<float> seams = {0, -0.0F, 1, -1, 1e-38F, -1e-38F, 1e-45F, -1e-45F};
  std::vector<float> levels = code_levels(format);
  std::sort(levels.begin(), levels.end());
  for (const float bound : decision_bounds(levels)) {
    for (const float x : {bound, std::nextafter(bound, infinity), std::nextafter(bound, -infinity)}) seams.push_back(x);
  }
  for (std::size_t i = 0; i < seams.size() && i * 3 < values.size(); ++i) values[i * 3] = seams[i];
  for (std::int64_t i = 0; i < count; i += 64)
    values[i] = i % 128 == 0 ? 1.0F : -1.0F;  // an absmax of 1: bounds as they are
  const auto fill = [&](std::int64_t first, std::int64_t size, float x) {
    for (std::int64_t i = first; i < first + size && i < count; ++i) values[i] = i % 2 == 0 ? x : -x / 3;
  };
  fill(4096, 640, 0);
  fill(5120, 640, 1e-45F);
  fill(6144, 640, 3e-39F);
  fill(7168, 640, 1.5e38F);
  fill(8192, 640, 0.37F);
  if (!finite) {
    for (std::int64_t i = 9216; i < count; i += 700) {
      values[i] = i % 3 == 0 ? not_a_number : (i % 3 == 1 ? infinity : -infinity);
    }
  }
  return values;
}

struct Bytes {
  std::vector<std::uint8_t> packed, zero_points;
  std::vector<float> scale, minimum;
  std::uint32_t largest = 0;
};

Bytes encode(const EncodeVariant& variant, const EncodePlan& plan, std::span<const float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t blocks = (count + plan.block_size - 1) / plan.block_size;
  Bytes bytes;
  bytes.packed.resize((count * plan.bits + 7) / 8, 0xee);
  bytes.zero_points.resize((blocks * plan.bits + 7) / 8);
  bytes.scale.resize(blocks);
  bytes.minimum.resize(blocks);
  EncodedBlocks out;
  out.packed = bytes.packed.data();
  out.scale = bytes.scale.data();
  if (plan.scale_rule == ScaleRule::min_max) out.minimum = bytes.minimum.data();
  if (plan.scale_rule == ScaleRule::min_max_zero_point) out.zero_points = bytes.zero_points.data();
  bytes.largest = variant.encode(plan, values.data(), count, out);
  return bytes;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// What the quantizer is asked to do in real use, and a codebook of each kind besides.
std::vector<Format> formats() {
  std::vector<Format> all;
  for (const std::string& name : format_names()) all.push_back(*find_format(name));
  for (const char* name : {"int2", "int3", "int5_affine", "int6_affine_zp", "q7_0"}) all.push_back(*find_format(name));
  Format unsigned8 = *find_format("dynamic8");
  unsigned8.name = "dynamic8 unsigned";
  unsigned8.codebook = dynamic_map(false);
  all.push_back(unsigned8);
  Format two_levels = *find_format("nf4");
  two_levels.name = "two levels in 4 bits";
  two_levels.codebook = {-0.5F, 0.25F};
  all.push_back(two_levels);
  Format crowded = *find_format("dynamic8");
  crowded.name = "20 levels in 5 bits, crowded and unordered";
  crowded.bits = 5;
  crowded.codebook = {0, 1, -1, -0.0F, 0.5F};
  for (int i = 0; i < 15; ++i) crowded.codebook.push_back(0.25F + 1e-6F * static_cast<float>(i));
  all.push_back(crowded);
  return all;
}

TEST_CASE("every variant encodes to the bytes of the plain loop", "[core][quant][parity]") {
  for (const Format& format : formats()) {
    for (const int block_size : {16, 64, 100, 128, 4096}) {
      for (const std::int64_t count : {1, 7, 63, 64, 65, 4096 * 9 + 33}) {
        for (const bool finite : {true, false}) {
          QuantizeSettings settings;
          settings.format = format;
          settings.block_size = block_size;
          const EncodePlan plan(settings);
          const std::vector<float> values = hostile_values(format, count, finite);
          const std::vector<EncodeVariant> variants = encode_variants();
          const Bytes expected = encode(variants.front(), plan, values);
          for (const EncodeVariant& variant : variants) {
            CAPTURE(format.name, variant.name, block_size, count, finite);
            const Bytes bytes = encode(variant, plan, values);
            REQUIRE(bytes.packed == expected.packed);
            REQUIRE(bytes.zero_points == expected.zero_points);
            REQUIRE(same_bits(bytes.scale, expected.scale));
            REQUIRE(same_bits(bytes.minimum, expected.minimum));
            REQUIRE(bytes.largest == expected.largest);
          }
        }
      }
    }
  }
}

TEST_CASE("every variant decodes to the bits of the plain loop, to any place in memory, around the caches or not",
          "[core][quant][parity]") {
  for (const Format& format : formats()) {
    for (const int block_size : {16, 24, 64, 100, 4096}) {
      for (const std::int64_t count : {1, 7, 64, 65, 4096 * 9 + 33}) {
        QuantizeSettings settings;
        settings.format = format;
        settings.block_size = block_size;
        const auto tensor = quantize(hostile_values(format, count, true), settings, 1);
        REQUIRE(tensor);
        DecodePlan plan(*tensor);
        std::vector<float> expected(count);
        decode_plain(plan, 0, count, expected.data());
        for (const DecodeVariant& variant : decode_variants()) {
          for (const bool past_caches : {false, true}) {
            for (const int shift : {0, 1, 4}) {
              CAPTURE(format.name, variant.name, block_size, count, past_caches, shift);
              plan.past_caches = past_caches;
              std::vector<float> memory(count + shift + 1, 7);
              variant.decode(plan, 0, count, memory.data() + shift);
              REQUIRE(std::memcmp(memory.data() + shift, expected.data(), count * sizeof(float)) == 0);
              REQUIRE(memory.back() == 7);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("the variants of a processor with AVX-512 are all there", "[core][quant]") {
#if defined(__x86_64__)
  CHECK(encode_variants().size() == decode_variants().size());
  CHECK((encode_variants().back().name == std::string("avx512")) == (__builtin_cpu_supports("avx512bw") != 0));
#endif
}

TEST_CASE("quantization is the same bytes for any number of threads", "[core][quant][property]") {
  std::vector<float> values(300'001);
  REQUIRE(generate({}, 0, values, 1));
  for (const Format& format : formats()) {
    QuantizeSettings settings;
    settings.format = format;
    settings.block_size = 80;
    settings.constants = ConstantType::dynamic8;
    const auto one = quantize(values, settings, 1);
    const auto three = quantize(values, settings, 3);
    REQUIRE(one);
    REQUIRE(three);
    CAPTURE(format.name);
    CHECK(one->packed == three->packed);
    CHECK(one->scale.codes == three->scale.codes);
    CHECK(one->minimum.codes == three->minimum.codes);
    CHECK(one->zero_points == three->zero_points);
    std::vector<float> back_one(values.size());
    std::vector<float> back_three(values.size());
    REQUIRE(dequantize(*one, back_one, 1));
    REQUIRE(dequantize(*one, back_three, 3));
    CHECK(same_bits(back_one, back_three));
  }
}

}  // namespace
