#include <cmath>

#include "lessons/02-linear-int4/linear.hpp"
#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("02-linear-int4");
  return loaded;
}

TEST_CASE("linear-int4: every scenario keeps what it promises", "[lessons][quant]") { keeps_its_promises(lesson()); }

TEST_CASE("linear-int4: the printed example is worked out as by hand", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson(), "printed_example");
  const double values[] = {0.5234, -1.2341, 0.8923};
  const int symmetric[] = {3, -7, 5};  // 2.97, -7, 5.06 steps of 1.2341 / 7
  const int affine[] = {12, 0, 15};    // 12.40, 0, 15 steps of 2.1264 / 15 from -1.2341
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(cell(report, "codes", i, "code") == symmetric[i]);
    CHECK(cell(report, "codes", i, "affine_code") == affine[i]);
    const double decoded = symmetric[i] * 1.2341 / 7;
    CHECK(std::abs(cell(report, "codes", i, "decoded") - decoded) < 1e-6);
    CHECK(std::abs(cell(report, "codes", i, "error") - (decoded - values[i])) < 1e-6);
    CHECK(std::abs(cell(report, "codes", i, "affine_decoded") - (affine[i] * 2.1264 / 15 - 1.2341)) < 1e-6);
  }
  CHECK(number(report, "lowest_code") == -7);
  CHECK(number(report, "highest_code") == 5);
}

TEST_CASE("linear-int4: the log line is the script's", "[lessons][quant][golden]") {
  const auto log = [](const char* tensor, const char* bits) {
    const Report report = run_lesson(lesson(), "default", {{"tensor", tensor}, {"bits", bits}});
    REQUIRE(report.documents.size() == 1);
    CHECK(report.documents[0].type == "log");
    return report.documents[0].text;
  };
  CHECK(log("0.86415 -0.1 0.3", "4") == "[NF4] scale=0.12345, range=[-8, 7]\n");
  CHECK(log("1 -2 7", "4") == "[NF4] scale=1.00000, range=[-8, 7]\n");
  CHECK(log("1 -3", "3") == "[NF4] scale=1.00000, range=[-4, 3]\n");
}

TEST_CASE("linear-int4: halves round to even", "[lessons][quant][property]") {
  const std::vector<float> values{0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 7.0F};  // scale is 1
  CHECK(lessons::quantize_symmetric(values, 4).codes == std::vector<std::int32_t>{0, 2, 2, 0, -2, -2, 7});
}

TEST_CASE("linear-int4: codes are the library's rounding, any bits and any tensor", "[lessons][quant][property]") {
  const int bits = GENERATE(2, 3, 4, 5, 6, 7, 8);
  const char* kind = GENERATE("normal", "laplace", "student_t", "uniform", "outliers");
  CAPTURE(bits, kind);
  const int highest = (1 << (bits - 1)) - 1;
  const Report report =
      run_lesson(lesson(), "default", {{"tensor", kind}, {"bits", std::to_string(bits)}, {"n", "5000"}, {"seed", "7"}});
  const auto scale = static_cast<float>(number(report, "scale"));
  for (std::size_t i = 0; i < 64; ++i) {
    const auto value = static_cast<float>(cell(report, "codes", i, "value"));
    CHECK(cell(report, "codes", i, "code") == std::nearbyint(value / scale));
    const auto affine_scale = static_cast<float>(number(report, "affine_scale"));
    const auto minimum = static_cast<float>(number(report, "affine_minimum"));
    CHECK(cell(report, "codes", i, "affine_code") == std::nearbyint((value - minimum) / affine_scale));
  }
  CHECK(number(report, "lowest_code") >= -highest);
  CHECK(std::max(-number(report, "lowest_code"), number(report, "highest_code")) == highest);
  CHECK(check_of(report, "lowest_code_never_occurs").passed);
  CHECK(number(report, "max_error") <= 0.5 * scale * (1 + 1e-6));
}

TEST_CASE("linear-int4: a tensor of zeros stays zero, a constant one comes back from the affine scheme",
          "[lessons][quant]") {
  const Report zeros = run_lesson(lesson(), "default", {{"tensor", "0 0 0 0"}});
  CHECK(number(zeros, "scale") == 0);
  CHECK(number(zeros, "mse") == 0);
  CHECK(number(zeros, "mse_affine") == 0);
  const Report constant = run_lesson(lesson(), "default", {{"tensor", "0.3 0.3 0.3"}});
  CHECK(number(constant, "mse_affine") == 0);
  CHECK(number(constant, "highest_code") == 7);
}

TEST_CASE("linear-int4: claims are judged as the truth says", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson());
  CHECK_FALSE(check_of(report, "printed_code_0").claim_holds);
  CHECK(check_of(report, "printed_code_1").claim_holds);
  CHECK_FALSE(check_of(report, "printed_code_2").claim_holds);
  CHECK_FALSE(check_of(report, "printed_value_0").claim_holds);
  CHECK_FALSE(check_of(report, "reachable_codes").claim_holds);
  CHECK(check_of(report, "affine_level_nearest_zero").claim_holds);
  CHECK_FALSE(check_of(report, "script_function_is_int4").claim_holds);
}

TEST_CASE("linear-int4: any number of threads gives the same Report", "[lessons][quant][parity]") {
  CHECK(everything(lesson(), 1, {{"n", "100001"}}) == everything(lesson(), 3, {{"n", "100001"}}));
}

}  // namespace
