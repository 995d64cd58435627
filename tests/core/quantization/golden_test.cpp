// Every case of tests/data/quant against our core, bit for bit; see the README there for the origin.
#include <bit>
#include <cmath>
#include <map>

#include "core/quantization/codebooks.hpp"
#include "core/quantization/quantize.hpp"
#include "tests/core/quantization/golden_file.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using qlab_test::GoldenFile;
using qlab_test::read_json;

/// Equal to the bit, but any NaN equals any NaN: IEEE leaves its sign and payload to the processor.
bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

bool same(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) { return same(x, y); });
}

template <class T>
std::int64_t differing(const std::vector<T>& a, const std::vector<T>& b) {
  REQUIRE(a.size() == b.size());
  std::int64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

std::vector<float> dequantized(const QuantizedTensor& tensor) {
  std::vector<float> out(tensor.size);
  REQUIRE(dequantize(tensor, out, 1));
  return out;
}

struct Case {
  nlohmann::json facts;
  std::string name;
  const GoldenFile& file;

  std::vector<float> input() const { return file.widened(name + ".input"); }
  std::vector<std::uint8_t> bytes(const char* tensor) const { return file.raw<std::uint8_t>(name + "." + tensor); }
  std::vector<float> floats(const char* tensor) const { return file.raw<float>(name + "." + tensor); }
  std::vector<std::uint16_t> halves(const char* tensor) const { return file.raw<std::uint16_t>(name + "." + tensor); }
};

template <class Check>
int for_each_case(const char* operation, Check check) {
  const auto manifest = read_json("quant/manifest.json");
  std::map<std::string, GoldenFile> files;
  int cases = 0;
  for (const auto& facts : manifest.at("cases")) {
    if (facts.at("op") != operation) continue;
    const std::string path = "quant/" + facts.at("file").get<std::string>();
    const auto file = files.try_emplace(path, path).first;
    const Case golden{facts, facts.at("name"), file->second};
    INFO(golden.name);
    check(golden);
    ++cases;
  }
  return cases;
}

QuantizeSettings settings_of(const Case& golden, Compatibility compatibility) {
  QuantizeSettings settings;
  settings.format = *find_format(golden.facts.at("quant_type").get<std::string>());
  settings.block_size = golden.facts.at("blocksize");
  settings.compatibility = compatibility;
  settings.allow_nonfinite = !golden.facts.value("normative", true);
  if (golden.facts.at("nested")) settings.constants = ConstantType::dynamic8;
  return settings;
}

TEST_CASE("all 62 cases of 4-bit quantization equal bitsandbytes' to the bit", "[core][quant][golden]") {
  std::int64_t constants = 0;
  std::int64_t library_codes_off = 0;
  std::int64_t negative_zeros = 0;
  const int cases = for_each_case("4bit", [&](const Case& golden) {
    const std::vector<float> input = golden.input();
    QuantizeSettings settings = settings_of(golden, Compatibility::bitsandbytes);
    const auto tensor = quantize(input, settings, 1);
    REQUIRE(tensor);
    CHECK(tensor->packed == golden.bytes("packed"));
    if (golden.facts.at("nested")) {
      CHECK(tensor->scale.codes == golden.bytes("absmax_q"));
      CHECK(same(tensor->scale.offset, golden.floats("offset").at(0)));
      CHECK(same(tensor->scale.nested_absmax, golden.floats("nested_absmax")));
      CHECK(same(tensor->scale.decode(), golden.floats("absmax_dq")));

      const BlockConstants nearest =
          compress_constants(golden.floats("absmax"), ConstantType::dynamic8, 256, Compatibility::nearest);
      CHECK(nearest.codes == golden.bytes("absmax_q_exact"));
      const std::int64_t off = differing(nearest.codes, tensor->scale.codes);
      CHECK(off == golden.facts.at("absmax_q_vs_exact_differ"));
      library_codes_off += off;
      constants += static_cast<std::int64_t>(nearest.codes.size());

      settings.constants = ConstantType::fp32;
      const auto plain = quantize(input, settings, 1);
      REQUIRE(plain);
      CHECK(same(plain->scale.fp32, golden.floats("absmax")));
    } else {
      CHECK(same(tensor->scale.fp32, golden.floats("absmax")));
    }

    const std::vector<float> back = dequantized(*tensor);
    const std::vector<float> f32 = golden.floats("dequant_f32");
    const std::vector<std::uint16_t> f16 = golden.halves("dequant_f16");
    const std::vector<std::uint16_t> bf16 = golden.halves("dequant_bf16");
    std::int64_t flushed = 0;
    for (std::size_t i = 0; i < back.size(); ++i) {
      CAPTURE(i);
      if (std::isnan(back[i])) {
        CHECK(std::isnan(f32[i]));
        continue;
      }
      if (back[i] == 0 && std::signbit(f32[i]) && !std::signbit(back[i])) {
        ++negative_zeros;
        continue;
      }
      CHECK(same(back[i], f32[i]));
      CHECK(f16_from_f32(back[i]) == f16[i]);
      // The library's AVX512-BF16 path flushes subnormals to zero; we round half to even.
      const std::uint16_t ours = bf16_from_f32(back[i]);
      const bool is_flushed = (ours & 0x7f80) == 0 && (ours & 0x7f) != 0 && (bf16[i] & 0x7fff) == 0;
      flushed += is_flushed ? 1 : 0;
      CHECK((ours == bf16[i] || is_flushed));
    }
    CHECK(flushed == golden.facts.value("dequant_bf16_flushed_subnormals", 0));
  });
  CHECK(cases == 62);
  // Where the library's table misses the nearest level of the dynamic map.
  CHECK(constants == 1405);
  CHECK(library_codes_off == 5);
  // One of the library's paths (an even count with a short last block) has -0 as FP4's second zero, the others +0.
  CHECK(negative_zeros == 2);
}

TEST_CASE("all 16 cases of 8-bit quantization equal bitsandbytes' codes, and the nearest codes",
          "[core][quant][golden]") {
  const int cases = for_each_case("8bit_dynamic", [](const Case& golden) {
    QuantizeSettings settings;
    settings.format = *find_format("dynamic8");
    if (golden.facts.at("quant_type") == "dynamic_unsigned") settings.format.codebook = dynamic_map(false);
    settings.block_size = golden.facts.at("blocksize");
    const auto nearest = quantize(golden.input(), settings, 1);
    REQUIRE(nearest);
    CHECK(nearest->packed == golden.bytes("codes_exact"));
    CHECK(same(nearest->scale.fp32, golden.floats("absmax")));
    CHECK(same(dequantized(*nearest), golden.floats("dequant_exact")));

    settings.compatibility = Compatibility::bitsandbytes;
    const auto library = quantize(golden.input(), settings, 1);
    REQUIRE(library);
    CHECK(library->packed == golden.bytes("codes"));
    CHECK(same(dequantized(*library), golden.floats("dequant_f32")));
    CHECK(differing(nearest->packed, library->packed) == golden.facts.at("codes_vs_exact_differ"));
  });
  CHECK(cases == 16);
}

TEST_CASE("a model saved by transformers in NF4 with double quantization is reproduced byte for byte",
          "[core][quant][golden]") {
  const GoldenFile weights("quant/model/fp16.safetensors");
  const GoldenFile saved("quant/model/nf4-dq.safetensors");
  QuantizeSettings settings;
  settings.format = *find_format("nf4");
  settings.constants = ConstantType::dynamic8;
  settings.compatibility = Compatibility::bitsandbytes;
  const std::string state_suffix = ".quant_state.bitsandbytes__nf4";
  int tensors = 0;
  for (const TensorView& entry : saved.tensors()) {
    const std::string& key = entry.name;
    if (!key.ends_with(state_suffix)) continue;
    const std::string name = key.substr(0, key.size() - state_suffix.size());
    CAPTURE(name);
    const auto tensor = quantize(weights.widened(name), settings, 1);
    REQUIRE(tensor);
    CHECK(tensor->packed == saved.raw<std::uint8_t>(name));
    CHECK(tensor->scale.codes == saved.raw<std::uint8_t>(name + ".absmax"));
    CHECK(same(tensor->scale.nested_absmax, saved.raw<float>(name + ".nested_absmax")));
    CHECK(same(tensor->format.codebook, saved.raw<float>(name + ".quant_map")));
    CHECK(same(dynamic_map(true), saved.raw<float>(name + ".nested_quant_map")));
    const auto state = nlohmann::json::parse(saved.raw<std::uint8_t>(key));
    CHECK(same(tensor->scale.offset, state.at("nested_offset").get<float>()));
    ++tensors;
  }
  CHECK(tensors == 14);
}

TEST_CASE("the code tables and their decision bounds are bitsandbytes' floats", "[core][quant][golden]") {
  const GoldenFile codes("quant/codes.safetensors");
  CHECK(same(normal_float_codebook(), codes.raw<float>("nf4")));
  CHECK(same(normal_float_codebook(), codes.raw<float>("nf4_create_normal_map_extra_true")));
  CHECK(same(normal_float_codebook(nf4_offset, false), codes.raw<float>("nf4_create_normal_map_extra_false")));
  CHECK(same(decision_bounds(normal_float_codebook()), codes.raw<float>("nf4_bounds")));
  CHECK(same(decision_bounds(normal_float_codebook()), codes.raw<float>("nf4_bounds_cuda")));
  CHECK(same(mirrored15_codebook(), codes.raw<float>("mirrored15")));
  CHECK(same(fp4_codebook(), codes.raw<float>("fp4")));
  std::vector<float> ascending;
  for (const std::uint8_t code : codes.raw<std::uint8_t>("fp4_order")) ascending.push_back(fp4_codebook()[code]);
  CHECK(same(decision_bounds(ascending), codes.raw<float>("fp4_bounds")));
  CHECK(same(dynamic_map(true), codes.raw<float>("dynamic_signed")));
  CHECK(same(dynamic_map(false), codes.raw<float>("dynamic_unsigned")));
}

TEST_CASE("NF4's derivation in double agrees with scipy's to 4 parts in 10^16, its floats to 6 ulp",
          "[core][quant][golden]") {
  const GoldenFile codes("quant/codes.safetensors");
  const bool extra_value = GENERATE(true, false);
  const auto scipy = codes.raw<double>(extra_value ? "nf4_derived_f64" : "nf4_derived_extra_false_f64");
  const NormalFloatSteps steps = normal_float_levels(nf4_offset, extra_value);
  const std::vector<float> stored = normal_float_codebook(nf4_offset, extra_value);
  REQUIRE(steps.levels.size() == scipy.size());
  for (std::size_t i = 0; i < scipy.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(steps.levels[i] - scipy[i]) <= 4e-16);
    const float rounded = static_cast<float>(scipy[i]);
    CHECK(std::abs(std::bit_cast<std::int32_t>(rounded) - std::bit_cast<std::int32_t>(stored[i])) <= 6);
  }
}

}  // namespace
