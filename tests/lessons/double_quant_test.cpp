#include <fmt/format.h>

#include <cmath>

#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("05-double-quant");
  return loaded;
}

TEST_CASE("double-quant: every scenario keeps what it promises", "[lessons][quant]") { keeps_its_promises(lesson()); }

TEST_CASE("double-quant: overhead by formula, and the real bytes beside it", "[lessons][quant][golden]") {
  const Report report =
      run_lesson(lesson(), "default", {{"block", "128"}, {"block2", "64"}, {"constants", "fp16"}, {"n", "100000"}});
  CHECK(number(report, "overhead_bits_before") == 0.125);
  CHECK(number(report, "overhead_bits_after") == 8.0 / 128 + 32.0 / 8192);
  CHECK(number(report, "saved_bits") == 0.125 - 8.0 / 128 - 32.0 / 8192);
  CHECK(number(report, "overhead_percent_before") == 3.125);
  // 782 blocks, the last one short; 13 groups, the last one short; one mean.
  CHECK(number(report, "constants") == 782);
  CHECK(number(report, "measured_bits_per_parameter") == Approx(8.0 * (50000 + 782 + 13 * 4 + 4) / 100000));
  CHECK(number(report, "measured_bits_before") == Approx(8.0 * (50000 + 782 * 2) / 100000));
}

TEST_CASE("double-quant: the saving is that of the quantized weights of each model", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson());
  // Linear weights of a layer: 4 H^2 + 3 H * MLP (Touvron et al. 2023, table 2).
  const double weights[] = {
      32 * (4 * 4096.0 * 4096 + 3 * 4096.0 * 11008), 40 * (4 * 5120.0 * 5120 + 3 * 5120.0 * 13824),
      60 * (4 * 6656.0 * 6656 + 3 * 6656.0 * 17920), 80 * (4 * 8192.0 * 8192 + 3 * 8192.0 * 22016)};
  REQUIRE(report.find_table("saving_by_model")->rows.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(cell(report, "saving_by_model", i, "quantized_weights") == weights[i]);
    CHECK(cell(report, "saving_by_model", i, "saved_gb") == Approx(0.373046875 * weights[i] / 8e9));
  }
  CHECK(cell(report, "saving_by_model", 3, "saved_gb") == Approx(3.02).margin(0.005));
}

TEST_CASE("double-quant: claims are judged as the truth says", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson());
  for (const char* right :
       {"paper_overhead_before", "paper_overhead_after", "paper_percent_before", "paper_percent_after",
        "saved_bits_per_parameter", "saved_gb_llama_7b", "saved_gb_llama_13b"}) {
    CAPTURE(right);
    CHECK(check_of(report, right).claim_holds);
  }
  for (const char* wrong :
       {"average_bits_per_parameter", "formula_without_brackets", "constants_per_block", "saved_gb_llama_65b"}) {
    CAPTURE(wrong);
    CHECK_FALSE(check_of(report, wrong).claim_holds);
  }
}

TEST_CASE("double-quant: the printed figures stay at the paper's setting wherever the sliders are",
          "[lessons][quant]") {
  const Report report = run_lesson(lesson(), "default", {{"block", "32"}, {"block2", "16"}});
  CHECK(check_of(report, "paper_overhead_after").value == 0.126953125);
  CHECK(check_of(report, "saved_gb_llama_65b").value == Approx(3.01981696));
}

TEST_CASE("double-quant: the table of constants decodes as the kernel does", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson(), "default", {{"n", "4096"}, {"block2", "16"}});
  for (std::size_t i = 0; i < 32; ++i) {
    const double absmax = cell(report, "constants", i, "absmax");
    const double decoded = cell(report, "constants", i, "decoded");
    // Within one step of the 8-bit map's coarsest part, 2 * 0.9 / 64 of the group's constant.
    CHECK(std::abs(decoded - absmax) <= 0.5 * 0.9 / 32 * cell(report, "constants", i, "nested_absmax") * 1.0001);
    CHECK(std::abs(cell(report, "constants", i, "minus_mean")) <= cell(report, "constants", i, "nested_absmax"));
    CHECK(cell(report, "constants", i, "error_percent") == Approx(100 * (decoded / absmax - 1)).margin(1e-9));
  }
}

TEST_CASE("double-quant: codes unlike the library's are few, and told", "[lessons][quant]") {
  const Report report = run_lesson(lesson());
  const double different = number(report, "codes_unlike_bitsandbytes");
  CHECK(number(report, "constants") == 4096);
  CHECK(different > 0);
  CHECK(different < 0.02 * 4096);  // the reference counts 3 of 516
  CHECK(report.notes.back().en.find(fmt::format("{} of 4096 constants", different)) == 0);
}

TEST_CASE("double-quant: any number of threads gives the same Report", "[lessons][quant][parity]") {
  const Overrides set{{"n", "100001"}, {"tensor", "outliers"}, {"block2", "100"}};
  CHECK(everything(lesson(), 1, set) == everything(lesson(), 3, set));
}

}  // namespace
