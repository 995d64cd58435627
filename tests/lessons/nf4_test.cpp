#include <fmt/format.h>

#include <cmath>

#include "core/quantization/codebooks.hpp"
#include "lessons/03-nf4/parts.hpp"
#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("03-nf4");
  return loaded;
}

std::string type_of(const Report& report, std::size_t row) {
  return std::get<Text>(report.find_table("types")->rows[row][0]).en;
}

TEST_CASE("nf4: every scenario keeps what it promises", "[lessons][quant]") { keeps_its_promises(lesson()); }

TEST_CASE("nf4: errors of normal weights are those of the integral over the block maximum",
          "[lessons][quant][golden]") {
  const int block = GENERATE(32, 128, 512);
  CAPTURE(block);
  const Report report = run_lesson(lesson(), "default", {{"block", std::to_string(block)}, {"seed", "11"}});
  const auto levels = [](std::vector<float> book) {
    std::sort(book.begin(), book.end());
    return std::vector<double>(book.begin(), book.end());
  };
  const auto agrees = [&](const char* value, const std::vector<double>& book) {
    const double expected = expected_mse(book, block);
    // One value's squared error has a standard deviation below 2.5 times the mean, values of one block hang together
    // a little more the larger it is.
    const double allowed = 5 * (2.5 + block / 128.0) * expected / std::sqrt(262144.0);
    CAPTURE(value, expected, allowed);
    CHECK(std::abs(number(report, value) - expected) < allowed);
  };
  agrees("mse_nf4", levels(normal_float_codebook()));
  agrees("mse_mirrored15", levels(mirrored15_codebook()));
  agrees("mse_fp4", levels(fp4_codebook()));
  agrees("mse_int4", equal_steps(7));
}

TEST_CASE("nf4: errors grow with the square of sigma, bits stay", "[lessons][quant][property]") {
  const Report one = run_lesson(lesson());
  const Report four = run_lesson(lesson(), "default", {{"sigma", "4"}});  // a power of two: every rounding is the same
  for (const char* value : {"mse_nf4", "mse_int4", "mse_int4_affine", "mse_fp4", "rate_distortion_bound"}) {
    CAPTURE(value);
    CHECK(number(four, value) == 16 * number(one, value));
  }
  CHECK(number(four, "mae_nf4") == 4 * number(one, "mae_nf4"));
  CHECK(number(four, "bits_nf4") == number(one, "bits_nf4"));
}

TEST_CASE("nf4: the table of types has each type's own bound", "[lessons][quant]") {
  const Report report = run_lesson(lesson());
  const struct {
    const char* type;
    double bits;
  } rows[] = {{"nf4", 4.5},  {"int4", 4.5}, {"int4_affine", 5}, {"int4_affine_zp", 4.5625},
              {"q4_0", 4.5}, {"fp4", 4.5},  {"mirrored15", 4.5}};
  REQUIRE(report.find_table("types")->rows.size() == std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CHECK(type_of(report, i) == rows[i].type);
    CHECK(cell(report, "types", i, "bits_per_parameter") == rows[i].bits);
    CHECK(cell(report, "types", i, "bound") == Approx(std::pow(2.0, -2 * rows[i].bits)));
    CHECK(cell(report, "types", i, "mse") > cell(report, "types", i, "bound"));
    CHECK(cell(report, "types", i, "mse") == number(report, std::string("mse_") + rows[i].type));
  }
}

TEST_CASE("nf4: the codebook is built step by step and equals the library's", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson());
  for (std::size_t code = 0; code < 16; ++code) {
    CHECK(cell(report, "codebook", code, "difference") == 0);
    CHECK(cell(report, "codebook", code, "stored") == lessons::bitsandbytes_nf4()[code]);
    // The quantile's own probability: Phi(quantile), by the C library.
    const double quantile = cell(report, "codebook", code, "quantile");
    CHECK(cell(report, "codebook", code, "probability") == Approx(0.5 * std::erfc(-quantile / std::sqrt(2.0))));
    CHECK(cell(report, "codebook", code, "normalised") == Approx(quantile / cell(report, "codebook", 15, "quantile")));
  }
}

TEST_CASE("nf4: a codebook of one's own joins the comparison, and only then", "[lessons][quant]") {
  CHECK(run_lesson(lesson()).find_value("mse_custom") == nullptr);
  const Report mirrored = run_lesson(lesson(), "default", {{"extra_value", "false"}});
  CHECK(type_of(mirrored, 1) == "custom");
  // The tutorials' table is the same construction, printed with seven decimals.
  CHECK(number(mirrored, "mse_custom") == Approx(number(mirrored, "mse_mirrored15")).epsilon(1e-5));
  CHECK(mirrored.find_table("codebook")->rows.size() == 15);
  const Report wide = run_lesson(lesson(), "default", {{"offset", "0.999"}});
  CHECK(number(wide, "mse_custom") > number(wide, "mse_nf4"));
}

TEST_CASE("nf4: the path of a weight is the kernel's, in full and short blocks and with every constant type",
          "[lessons][quant][property]") {
  const char* constants = GENERATE("fp32", "fp16", "dynamic8");
  const char* index = GENERATE("0", "1", "63", "64", "500", "960", "999");  // 1000 values: the last block has 40
  CAPTURE(constants, index);
  const Report report =
      run_lesson(lesson(), "default", {{"n", "1000"}, {"constants", constants}, {"index", index}, {"seed", "3"}});
  CHECK(check_of(report, "path_is_the_kernels").passed);
  CHECK(cell(report, "decision_path", 0, "number") == std::stod(index));
  const auto& thresholds = report.find_table("thresholds")->rows;
  REQUIRE(thresholds.size() == 15);
  const auto above = std::count_if(thresholds.begin(), thresholds.end(),
                                   [](const auto& row) { return std::get<Text>(row[3]).en == "yes"; });
  CHECK(static_cast<double>(above) == number(report, "path_code"));
}

TEST_CASE("nf4: a weight exactly on a threshold takes the lower level", "[lessons][quant]") {
  // Absmax 1, so the weight is its own normalised value; the threshold between codes 14 and 15 is typed in full.
  const float bound = decision_bounds(normal_float_codebook()).back();
  const std::string tensor = fmt::format("1 {:.9g}", bound);
  const std::string beyond = fmt::format("1 {:.9g}", std::nextafter(bound, 1.0F));
  CHECK(number(run_lesson(lesson(), "default", {{"tensor", tensor}, {"index", "1"}}), "path_code") == 14);
  CHECK(number(run_lesson(lesson(), "default", {{"tensor", beyond}, {"index", "1"}}), "path_code") == 15);
}

TEST_CASE("nf4: an index past the end follows the last weight and says so", "[lessons][quant]") {
  const Report report = run_lesson(lesson(), "default", {{"tensor", "0.5 -1"}, {"index", "9"}});
  CHECK(number(report, "path_normalised") == -1);
  CHECK(report.notes.back().en == "The tensor has 2 values; the path shows the last one.");
}

TEST_CASE("nf4: named points of the frontier are those that nothing cheaper comes close to",
          "[lessons][quant][property]") {
  const Report report = run_lesson(lesson(), "default", {{"tensor", "laplace"}, {"n", "16384"}});
  const Chart* chart = report.find_chart("least_error");
  REQUIRE(chart != nullptr);
  std::size_t named = 0;
  for (const Series& series : chart->series) {
    for (std::size_t i = 0; i < series.point_labels.size(); ++i) {
      const bool is_named = !series.point_labels[i].empty();
      named += is_named;
      bool beaten = false;
      for (const Series& other : chart->series) {
        for (std::size_t j = 0; j < other.x.size(); ++j) {
          beaten = beaten || (other.x[j] < series.x[i] && other.y[j] <= series.y[i] * 1.01);
          beaten = beaten || (other.x[j] == series.x[i] && other.y[j] < series.y[i]);
        }
      }
      CHECK(is_named == !beaten);
    }
  }
  CHECK(named == report.find_table("frontier")->rows.size());
  CHECK(named > 0);
}

TEST_CASE("nf4: optimality is judged on normal values only, and does not hold", "[lessons][quant][golden]") {
  const Report normal = run_lesson(lesson());
  CHECK_FALSE(check_of(normal, "linear_over_nf4_at_equal_bits").claim_holds);
  CHECK_FALSE(check_of(normal, "nf4_above_gaussian_bound").claim_holds);
  CHECK_FALSE(check_of(normal, "level_count").claim_holds);
  CHECK_FALSE(check_of(normal, "printed_quantizer").claim_holds);
  const Report laplace = run_lesson(lesson(), "laplace");
  CHECK(std::none_of(laplace.checks.begin(), laplace.checks.end(),
                     [](const Check& check) { return check.name == "nf4_above_gaussian_bound"; }));
}

TEST_CASE("nf4: any number of threads gives the same Report", "[lessons][quant][parity]") {
  const Overrides set{{"n", "100001"}, {"tensor", "student_t"}, {"constants", "dynamic8"}, {"index", "77777"}};
  CHECK(everything(lesson(), 1, set) == everything(lesson(), 3, set));
}

TEST_CASE("nf4: a stop comes back incomplete", "[lessons][quant]") {
  std::stop_source stop;
  stop.request_stop();
  const auto backend = make_cpu_backend(1);
  const Context context{*backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", stop.get_token(), {}, {}};
  const auto run = lessons::run(lesson(), "default", Parameters(lesson().parameters), context);
  REQUIRE(run);
  CHECK_FALSE(run->report.complete);
  CHECK(run->report.find_value("mse_nf4") == nullptr);
}

}  // namespace
