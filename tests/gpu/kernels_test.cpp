// The kernels' bodies, run by a processor as teams of one, against the CPU's reference loops: the same bytes for every
// format, block size and length. What is left for a GPU to show is the teamwork of lanes and the launch itself.
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/tensor/generate.hpp"
#include "gpu/kernels/decode.hpp"
#include "gpu/kernels/encode.hpp"
#include "gpu/kernels/figures.hpp"
#include "gpu/kernels/generate.hpp"
#include "gpu/team.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

/// What a launch does, one task after the other.
template <class Task>
void run_on_host(const Task& task, std::int64_t tasks) {
  for (std::int64_t i = 0; i < tasks; ++i) task(gpu::Alone{}, i);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::vector<float> normal_values(std::size_t count) {
  std::vector<float> values(count);
  GeneratorSpec spec;
  spec.seed = count;
  REQUIRE(generate(spec, 0, values, 1));
  return values;
}

QuantizeSettings settings_of(const std::string& name, int block_size) {
  const auto format = find_format(name);
  REQUIRE(format);
  QuantizeSettings settings;
  settings.format = *format;
  settings.block_size = block_size;
  settings.allow_nonfinite = true;
  return settings;
}

/// The same steps as the CUDA backend's, with tables where they lie.
template <class Element>
Result<std::uint32_t> encode_on_host(const EncodePlan& plan, const std::vector<Element>& values,
                                     const EncodedBlocks& out) {
  gpu::EncodeTables tables;
  tables.bits = plan.bits;
  tables.block_size = plan.block_size;
  tables.code_rule = plan.code_rule;
  tables.scale_rule = plan.scale_rule;
  tables.zero_code = plan.zero_code;
  tables.short_block_divides = plan.short_block_divides;
  tables.bound_count = static_cast<int>(plan.bounds.size());
  tables.bounds = plan.bounds.data();
  tables.code_of_rank = plan.code_of_rank.data();
  if (!plan.library_codes.empty()) tables.library_codes = plan.library_codes.data();
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t blocks = (count + plan.block_size - 1) / plan.block_size;
  if (gpu::stripe_blocks(plan) == 1) {
    run_on_host(gpu::EncodeStripe<1, Element>{tables, values.data(), count, out}, blocks);
  } else {
    run_on_host(gpu::EncodeStripe<8, Element>{tables, values.data(), count, out}, (blocks + 7) / 8);
  }
  return 0U;
}

QuantizedTensor quantize_by_kernels(const std::vector<float>& values, const QuantizeSettings& settings) {
  QuantizedTensor tensor;
  const auto encode = [&](const EncodePlan& plan, std::span<const float>, const EncodedBlocks& out) {
    return encode_on_host(plan, values, out);
  };
  REQUIRE(quantize_with(encode, values, settings, 1, tensor));
  return tensor;
}

void check_same(const QuantizedTensor& ours, const QuantizedTensor& expected) {
  CHECK(ours.packed == expected.packed);
  CHECK(ours.zero_points == expected.zero_points);
  CHECK(same_bits(ours.scale.fp32, expected.scale.fp32));
  CHECK(same_bits(ours.minimum.fp32, expected.minimum.fp32));
}

TEST_CASE("the encoding kernel's body writes the CPU's bytes", "[gpu][property]") {
  for (const char* name : {"nf4", "fp4", "mirrored15", "dynamic8", "int2", "int3", "int4", "int5", "int8",
                           "int4_affine", "int7_affine", "int4_affine_zp", "int3_affine_zp", "q4_0", "q6_0"}) {
    for (const int block_size : {16, 17, 20, 64, 100, 256, 4096}) {
      for (const std::size_t count : {1U, 7U, 8U, 63U, 64U, 65U, 129U, 1000U, 4097U}) {
        CAPTURE(name, block_size, count);
        const std::vector<float> values = normal_values(count);
        const QuantizeSettings settings = settings_of(name, block_size);
        const auto expected = quantize(values, settings, 1);
        REQUIRE(expected);
        check_same(quantize_by_kernels(values, settings), *expected);
      }
    }
  }
}

TEST_CASE("the encoding kernel's body agrees on zeros, NaN, infinity and denormals", "[gpu]") {
  std::vector<float> values = normal_values(640);
  for (std::size_t i = 0; i < 64; ++i) values[i] = i % 2 == 0 ? 0.0F : -0.0F;
  values[70] = std::numeric_limits<float>::quiet_NaN();
  values[140] = std::numeric_limits<float>::infinity();
  values[200] = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 256; i < 320; ++i) values[i] *= 1e-40F;
  for (std::size_t i = 320; i < 384; ++i) values[i] *= 1e38F;
  for (const char* name : {"nf4", "fp4", "dynamic8", "int4", "int4_affine", "int4_affine_zp", "q4_0"}) {
    CAPTURE(name);
    const QuantizeSettings settings = settings_of(name, 64);
    const auto expected = quantize(values, settings, 1);
    REQUIRE(expected);
    check_same(quantize_by_kernels(values, settings), *expected);
  }
}

TEST_CASE("the encoding kernel's body finds 8-bit codes as bitsandbytes does", "[gpu]") {
  const std::vector<float> values = normal_values(10'000);
  QuantizeSettings settings = settings_of("dynamic8", 256);
  settings.compatibility = Compatibility::bitsandbytes;
  const auto expected = quantize(values, settings, 1);
  REQUIRE(expected);
  check_same(quantize_by_kernels(values, settings), *expected);
}

TEST_CASE("16-bit values are encoded as their fp32 values are", "[gpu]") {
  const std::vector<float> values = normal_values(1000);
  std::vector<gpu::Half> halves;
  std::vector<gpu::Bfloat16> bfloats;
  std::vector<float> from_halves, from_bfloats;
  for (const float x : values) {
    halves.push_back(gpu::element_of<gpu::Half>(x));
    from_halves.push_back(f32_from_f16(halves.back().bits));
    bfloats.push_back(gpu::element_of<gpu::Bfloat16>(x));
    from_bfloats.push_back(f32_from_bf16(bfloats.back().bits));
  }
  const QuantizeSettings settings = settings_of("nf4", 64);
  const auto check = [&](const auto& elements, const std::vector<float>& numbers) {
    QuantizedTensor tensor;
    const auto encode = [&](const EncodePlan& plan, std::span<const float>, const EncodedBlocks& out) {
      return encode_on_host(plan, elements, out);
    };
    REQUIRE(quantize_with(encode, numbers, settings, 1, tensor));
    const auto expected = quantize(numbers, settings, 1);
    REQUIRE(expected);
    check_same(tensor, *expected);
  };
  check(halves, from_halves);
  check(bfloats, from_bfloats);
}

TEST_CASE("the decoding kernel's body gives the CPU's bits", "[gpu][property]") {
  for (const char* name : {"nf4", "dynamic8", "int3", "int4", "int5", "int4_affine", "int4_affine_zp", "q4_0"}) {
    for (const int block_size : {16, 17, 64, 100}) {
      for (const std::size_t count : {1U, 8U, 63U, 64U, 1001U}) {
        CAPTURE(name, block_size, count);
        const auto tensor = quantize(normal_values(count), settings_of(name, block_size), 1);
        REQUIRE(tensor);
        std::vector<float> expected(count);
        REQUIRE(dequantize(*tensor, expected, 1));
        const DecodePlan plan(*tensor);
        const gpu::DecodeTables tables{plan.bits,  plan.block_size, plan.levels.data(), plan.packed,
                                       plan.scale, plan.minimum,    plan.zero_points};
        const auto tasks = static_cast<std::int64_t>((count + 7) / 8);
        std::vector<float> decoded(count);
        run_on_host(gpu::DecodeOctet<float>{tables, decoded.data(), static_cast<std::int64_t>(count)}, tasks);
        CHECK(same_bits(decoded, expected));
        std::vector<gpu::Half> halves(count);
        run_on_host(gpu::DecodeOctet<gpu::Half>{tables, halves.data(), static_cast<std::int64_t>(count)}, tasks);
        for (std::size_t i = 0; i < count; ++i) REQUIRE(halves[i].bits == f16_from_f32(expected[i]));
      }
    }
  }
}

TEST_CASE("the error kernels' bodies add in the CPU's order", "[gpu]") {
  for (const std::size_t count : {1U, 15U, 17U, 16384U, 16385U, 50000U}) {
    CAPTURE(count);
    const std::vector<float> original = normal_values(count);
    std::vector<float> decoded = original;
    for (float& x : decoded) x = x * 1.01F + 0.003F;
    const auto pieces = static_cast<std::int64_t>((count + body::figure_piece - 1) / body::figure_piece);
    std::vector<body::FigureSums> lanes(pieces * body::figure_lanes);
    std::vector<body::FigureSums> sums(pieces);
    run_on_host(gpu::FigureLanes{original.data(), decoded.data(), static_cast<std::int64_t>(count), lanes.data()},
                pieces * body::figure_lanes);
    run_on_host(gpu::FigurePiece{lanes.data(), sums.data()}, pieces);
    body::FigureSums total;
    for (const body::FigureSums& piece : sums) total.add(piece);
    const ErrorFigures ours = figures_of(total, static_cast<std::int64_t>(count));
    const auto expected = error_figures(original, decoded, 2);
    REQUIRE(expected);
    CHECK(ours.mse == expected->mse);
    CHECK(ours.mae == expected->mae);
    CHECK(ours.max_error == expected->max_error);
    CHECK(ours.sqnr_db == expected->sqnr_db);
    CHECK(ours.relative_frobenius == expected->relative_frobenius);
  }
}

TEST_CASE("the generating kernel's body makes the CPU's tensor", "[gpu]") {
  for (const Distribution distribution : {Distribution::normal, Distribution::laplace, Distribution::student_t,
                                          Distribution::uniform, Distribution::outliers}) {
    GeneratorSpec spec;
    spec.distribution = distribution;
    std::vector<float> expected(500), made(500);
    REQUIRE(generate(spec, 123, expected, 1));
    visit_element(spec, [&](const auto& element) {
      run_on_host(gpu::GenerateElement<std::decay_t<decltype(element)>>{element, 123, made.data()}, 500);
    });
    CHECK(same_bits(made, expected));
  }
}

}  // namespace
