#include "core/quantization/codebooks.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/normal.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

TEST_CASE("NF4's steps lead from evenly spaced probabilities over quantiles to levels", "[core][quant][property]") {
  const NormalFloatSteps steps = normal_float_levels();
  REQUIRE(steps.positive_probabilities.size() == 8);
  REQUIRE(steps.negative_probabilities.size() == 7);
  CHECK(steps.positive_probabilities.front() == nf4_offset);
  CHECK(steps.negative_probabilities.front() == nf4_offset);
  CHECK(steps.positive_probabilities.back() == Approx(0.5 + (nf4_offset - 0.5) / 8));
  CHECK(steps.largest == normal_quantile(nf4_offset));
  REQUIRE(steps.levels.size() == 16);
  CHECK(steps.levels.front() == -1);
  CHECK(steps.levels[7] == 0);
  CHECK(steps.levels.back() == 1);
  CHECK(std::is_sorted(steps.levels.begin(), steps.levels.end()));
}

TEST_CASE("without the extra value the levels mirror around zero", "[core][quant][property]") {
  for (const double offset : {0.9, nf4_offset, 0.995}) {
    const NormalFloatSteps steps = normal_float_levels(offset, false);
    REQUIRE(steps.levels.size() == 15);
    for (std::size_t i = 0; i < 15; ++i) CHECK(steps.levels[i] == -steps.levels[14 - i]);
  }
}

TEST_CASE("NF4's offset is the mean of the outermost shares, to seven decimals", "[core][quant]") {
  CHECK(std::abs(nf4_offset - (1 - 1.0 / 30 + 1 - 1.0 / 32) / 2) < 5e-8);
}

TEST_CASE("the offset moves the levels: nearer to 1 it spreads the tails and crowds the centre", "[core][quant]") {
  const auto narrow = normal_float_codebook(0.9);
  const auto wide = normal_float_codebook(0.995);
  CHECK(wide[8] < narrow[8]);
  CHECK(wide[14] < narrow[14]);
}

TEST_CASE("the mirrored table has seven decimals, as tutorials print it", "[core][quant]") {
  const std::vector<float> levels = mirrored15_codebook();
  REQUIRE(levels.size() == 15);
  CHECK(levels[1] == -0.6961928F);
  CHECK(levels[2] == -0.5250731F);
  CHECK(levels[8] == 0.09105F);
}

TEST_CASE("the dynamic maps hold 256 different levels around the decades", "[core][quant]") {
  for (const bool is_signed : {true, false}) {
    const std::vector<float> map = dynamic_map(is_signed);
    REQUIRE(map.size() == 256);
    CHECK(std::adjacent_find(map.begin(), map.end(), std::greater_equal<>()) == map.end());
    CHECK(map.back() == 1);
    CHECK(std::count(map.begin(), map.end(), 0.0F) == 1);
    CHECK((map.front() < 0) == is_signed);
  }
}

}  // namespace
