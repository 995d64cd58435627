// Every variant of the encoding and decoding loops on one thread, format by format. bytes_per_second counts the fp32
// side, so it can be held against `copy`. A variant whose bytes differ from the plain loop's is not timed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/tensor/generate.hpp"

namespace {

using namespace qlab;

constexpr std::int64_t value_count = std::int64_t{4} << 20;
constexpr std::int64_t checked_count = std::int64_t{1} << 18;
constexpr int block_size = 64;

const std::vector<float>& values() {
  static const std::vector<float> drawn = [] {
    std::vector<float> out(value_count);
    if (!generate({}, 0, out, 0)) out.clear();
    return out;
  }();
  return drawn;
}

QuantizeSettings settings_of(const char* format) {
  QuantizeSettings settings;
  settings.format = *find_format(format);
  settings.block_size = block_size;
  return settings;
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * value_count * 4);
}

struct Encoded {
  std::vector<std::uint8_t> packed = std::vector<std::uint8_t>(value_count);
  std::vector<float> scale = std::vector<float>(value_count / block_size);
  std::vector<float> minimum = std::vector<float>(value_count / block_size);
  std::vector<std::uint8_t> zero_points = std::vector<std::uint8_t>(value_count / block_size);

  EncodedBlocks blocks(const EncodePlan& plan) {
    EncodedBlocks out;
    out.packed = packed.data();
    out.scale = scale.data();
    if (plan.scale_rule == ScaleRule::min_max) out.minimum = minimum.data();
    if (plan.scale_rule == ScaleRule::min_max_zero_point) out.zero_points = zero_points.data();
    return out;
  }
};

void copy(benchmark::State& state) {
  std::vector<float> out = values();
  while (state.KeepRunning()) {
    std::memcpy(out.data(), values().data(), value_count * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}
BENCHMARK(copy);

void encode(benchmark::State& state, const char* format, EncodeVariant variant) {
  const EncodePlan plan(settings_of(format));
  Encoded expected;
  Encoded out;
  encode_plain(plan, values().data(), checked_count, expected.blocks(plan));
  variant.encode(plan, values().data(), checked_count, out.blocks(plan));
  if (out.packed != expected.packed) return state.SkipWithError("differs from the plain loop");
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(variant.encode(plan, values().data(), value_count, out.blocks(plan)));
  }
  count_bytes(state);
}

void decode(benchmark::State& state, const char* format, DecodeVariant variant) {
  const auto tensor = quantize(values(), settings_of(format), 0);
  const DecodePlan plan(*tensor);
  std::vector<float> expected(checked_count);
  std::vector<float> out(value_count);
  decode_plain(plan, 0, checked_count, expected.data());
  variant.decode(plan, 0, value_count, out.data());
  if (!std::equal(expected.begin(), expected.end(), out.begin())) {
    return state.SkipWithError("differs from the plain loop");
  }
  while (state.KeepRunning()) {
    variant.decode(plan, 0, value_count, out.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

void compress(benchmark::State& state, Compatibility compatibility) {
  const std::span<const float> constants(values().data(), value_count / block_size);
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(compress_constants(constants, ConstantType::dynamic8, 256, compatibility).offset);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * value_count / block_size);
}
BENCHMARK_CAPTURE(compress, nearest, Compatibility::nearest);
BENCHMARK_CAPTURE(compress, bitsandbytes, Compatibility::bitsandbytes);

void figures(benchmark::State& state) {
  const std::vector<float> decoded(value_count, 0.25F);
  while (state.KeepRunning()) benchmark::DoNotOptimize(error_figures(values(), decoded, 1)->mse);
  count_bytes(state);
}
BENCHMARK(figures);

}  // namespace

int main(int count, char** arguments) {
  for (const char* format :
       {"nf4", "fp4", "int4", "int4_affine", "int4_affine_zp", "q4_0", "int3", "int8", "dynamic8"}) {
    for (const EncodeVariant& variant : encode_variants()) {
      benchmark::RegisterBenchmark((std::string("encode/") + format + "/" + variant.name).c_str(), encode, format,
                                   variant);
    }
    for (const DecodeVariant& variant : decode_variants()) {
      benchmark::RegisterBenchmark((std::string("decode/") + format + "/" + variant.name).c_str(), decode, format,
                                   variant);
    }
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
