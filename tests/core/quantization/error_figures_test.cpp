#include "core/quantization/error_figures.hpp"

#include <cmath>
#include <limits>

#include "core/quantization/quantize.hpp"
#include "core/tensor/generate.hpp"
#include "tests/core/quantization/golden_file.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

TEST_CASE("error figures of a small tensor are what one computes by hand", "[core][quant]") {
  const std::vector<float> original = {3, -4, 0, 12};
  const std::vector<float> decoded = {3, -3, 2, 12};
  const auto figures = error_figures(original, decoded, 1);
  REQUIRE(figures);
  CHECK(figures->mse == 5.0 / 4);
  CHECK(figures->mae == 3.0 / 4);
  CHECK(figures->max_error == 2);
  CHECK(figures->sqnr_db == Approx(10 * std::log10(169.0 / 5)).epsilon(1e-14));
  CHECK(figures->relative_frobenius == Approx(std::sqrt(5.0 / 169)).epsilon(1e-14));
}

TEST_CASE("without any error the SQNR is infinite, without any signal minus infinite", "[core][quant]") {
  const std::vector<float> some = {1, 2};
  const std::vector<float> zeros = {0, 0};
  CHECK(error_figures(some, some, 1)->sqnr_db == std::numeric_limits<double>::infinity());
  CHECK(error_figures(zeros, zeros, 1)->relative_frobenius == 0);
  CHECK(error_figures(zeros, some, 1)->sqnr_db == -std::numeric_limits<double>::infinity());
}

TEST_CASE("error figures are the same bits for any number of threads", "[core][quant][property]") {
  std::vector<float> original(100'003);
  std::vector<float> decoded(100'003);
  REQUIRE(generate({}, 0, original, 1));
  REQUIRE(generate({}, 1'000'000, decoded, 1));
  const auto one = error_figures(original, decoded, 1);
  for (const int threads : {2, 5}) {
    const auto several = error_figures(original, decoded, threads);
    CHECK(one->mse == several->mse);
    CHECK(one->mae == several->mae);
    CHECK(one->max_error == several->max_error);
    CHECK(one->sqnr_db == several->sqnr_db);
    CHECK(one->relative_frobenius == several->relative_frobenius);
  }
}

TEST_CASE("tensors of different sizes and empty ones cannot be compared", "[core][quant]") {
  const std::vector<float> one = {1};
  const std::vector<float> two = {1, 2};
  CHECK_FALSE(error_figures(one, two, 1));
  CHECK_FALSE(error_figures({}, {}, 1));
}

TEST_CASE("code usage counts codes, and its entropy is bits of information", "[core][quant]") {
  const std::vector<std::uint8_t> codes = {0, 0, 1, 3, 0, 0, 1, 3};
  const CodeUsage usage = code_usage(codes, 4);
  CHECK(usage.counts == std::vector<std::int64_t>{4, 2, 0, 2});
  CHECK(usage.entropy_bits == Approx(1.5).epsilon(1e-15));
}

TEST_CASE("the Gaussian bound is sigma squared times 2^(-2 bits)", "[core][quant]") {
  CHECK(gaussian_rate_distortion_bound(1, 4) == 0.00390625);
  CHECK(gaussian_rate_distortion_bound(1, 4.5) == 0.001953125);
  CHECK(gaussian_rate_distortion_bound(3, 0) == 9);
  CHECK(gaussian_rate_distortion_bound(0.02, 4.127) == Approx(0.0004 * std::exp2(-8.254)).epsilon(1e-15));
}

/// N(0,1), as many values as make the slowest test of this file take a tenth of a second.
const std::vector<float>& sample() {
  static const std::vector<float> values = [] {
    std::vector<float> drawn(1 << 20);
    REQUIRE(generate({}, 0, drawn, 2));
    return drawn;
  }();
  return values;
}

ErrorFigures figures_of(const std::string& format, int block_size, ConstantType constants, double& bits) {
  QuantizeSettings settings;
  settings.format = *find_format(format);
  settings.block_size = block_size;
  settings.constants = constants;
  const auto tensor = quantize(sample(), settings, 2);
  REQUIRE(tensor);
  std::vector<float> back(sample().size());
  REQUIRE(dequantize(*tensor, back, 2));
  bits = tensor->bits_per_parameter();
  return *error_figures(sample(), back, 2);
}

TEST_CASE("the errors of every format on N(0,1) are those measured with bitsandbytes and numpy",
          "[core][quant][golden]") {
  const auto reference = qlab_test::read_json("quant/error_figures.json");
  // Both sides are samples of one truth: their standard errors add in squares, ours for fewer values. Five of them.
  const double count_ratio = reference.at("n").get<double>() / static_cast<double>(sample().size());
  const double widening = 5 * std::sqrt(1 + count_ratio);
  struct Known {
    const char* figure;
    const char* format;
    int block_size;
    ConstantType constants = ConstantType::fp32;
  };
  const std::vector<Known> known = {
      {"nf4_b64", "nf4", 64},
      {"nf4_b64_double_quant", "nf4", 64, ConstantType::dynamic8},
      {"fp4_b64", "fp4", 64},
      {"int4_sym_b64", "int4", 64},
      {"int4_sym_tensor_1024", "int4", 1024},
      {"int4_affine_min_b64", "int4_affine", 64},
      {"int4_affine_min_tensor_1024", "int4_affine", 1024},
      {"int4_affine_zp_b64", "int4_affine_zp", 64},
      {"int4_affine_zp_tensor_1024", "int4_affine_zp", 1024},
      {"mirrored15_b64", "mirrored15", 64},
      {"nf4_b32", "nf4", 32},
      {"fp4_b32", "fp4", 32},
      {"int4_sym_b32", "int4", 32},
      {"nf4_b128", "nf4", 128},
      {"fp4_b128", "fp4", 128},
      {"int4_sym_b128", "int4", 128},
      {"nf4_b256", "nf4", 256},
      {"fp4_b256", "fp4", 256},
      {"int4_sym_b256", "int4", 256},
      {"nf4_b1024", "nf4", 1024},
      {"fp4_b1024", "fp4", 1024},
      {"int4_sym_b1024", "int4", 1024},
      {"nf4_b4096", "nf4", 4096},
      {"fp4_b4096", "fp4", 4096},
      {"int4_sym_b4096", "int4", 4096},
  };
  for (const Known& one : known) {
    const auto& expected = reference.at("figures").at(one.figure);
    double bits = 0;
    const ErrorFigures figures = figures_of(one.format, one.block_size, one.constants, bits);
    CAPTURE(one.figure);
    CHECK(std::abs(figures.mse - expected.at("mse").get<double>()) <= widening * expected.at("mse_se").get<double>());
    CHECK(std::abs(figures.mae - expected.at("mae").get<double>()) <= widening * expected.at("mae_se").get<double>());
    CHECK(std::abs(figures.sqnr_db - expected.at("sqnr_db").get<double>()) <=
          widening * expected.at("sqnr_db_se").get<double>());
    const double offset_bits =
        one.constants == ConstantType::dynamic8 ? 32.0 / static_cast<double>(sample().size()) : 0;
    CHECK(bits == Approx(expected.at("bits_per_param").get<double>() + offset_bits).epsilon(1e-12));
  }
}

TEST_CASE("at 4.5 bits affine INT4 with 8-bit constants and fp16 Q4_0, block 32, err less than NF4, block 64",
          "[core][quant]") {
  double bits = 0;
  CHECK(figures_of("int4_affine", 32, ConstantType::dynamic8, bits).mse == Approx(0.00617).margin(0.00002));
  CHECK(bits == Approx(4.508).margin(0.001));
  CHECK(figures_of("q4_0", 32, ConstantType::fp16, bits).mse == Approx(0.0074).margin(0.00005));
  CHECK(bits == 4.5);
  CHECK(figures_of("nf4", 64, ConstantType::fp32, bits).mse == Approx(0.00845).margin(0.00005));
  CHECK(bits == 4.5);
  CHECK(figures_of("int4", 64, ConstantType::dynamic8, bits).mse >
        figures_of("nf4", 64, ConstantType::dynamic8, bits).mse);
}

}  // namespace
