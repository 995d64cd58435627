#include <cmath>

#include "core/quantization/codebooks.hpp"
#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("04-blockwise");
  return loaded;
}

TEST_CASE("blockwise: every scenario keeps what it promises", "[lessons][quant]") { keeps_its_promises(lesson()); }

TEST_CASE("blockwise: the sweep has every power of two and the chosen block, with the bits counted on paper",
          "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson(), "default", {{"block", "100"}, {"n", "102400"}});
  const double blocks[] = {16, 32, 64, 100, 128, 256, 512, 1024, 2048, 4096};
  REQUIRE(report.find_table("sweep")->rows.size() == std::size(blocks));
  for (std::size_t i = 0; i < std::size(blocks); ++i) {
    CHECK(cell(report, "sweep", i, "block") == blocks[i]);
    CHECK(cell(report, "sweep", i, "bits_per_parameter") == Approx(4 + 32 / blocks[i]));
    CHECK(cell(report, "sweep", i, "bits_per_parameter_affine") == Approx(4 + 64 / blocks[i]));
  }
  CHECK(cell(report, "sweep", 3, "mse_nf4") == number(report, "mse_nf4"));
  CHECK(number(report, "bits_per_parameter") == 4.32);
}

TEST_CASE("blockwise: the sweep follows the integral over the block maximum", "[lessons][quant][golden]") {
  const Report report = run_lesson(lesson(), "default", {{"seed", "5"}});
  const std::vector<float> nf4 = normal_float_codebook();
  for (const std::size_t row : {0U, 1U, 3U, 5U}) {  // blocks of 16, 32, 128, 512
    const int block = 16 << row;
    CAPTURE(block);
    CHECK(cell(report, "sweep", row, "mse_nf4") == Approx(expected_mse({nf4.begin(), nf4.end()}, block)).epsilon(0.04));
    CHECK(cell(report, "sweep", row, "mse_int4") == Approx(expected_mse(equal_steps(7), block)).epsilon(0.05));
  }
}

TEST_CASE("blockwise: outliers cost large blocks more than small ones", "[lessons][quant][property]") {
  const auto growth = [](const Overrides& set) {
    const Report report = run_lesson(lesson(), "default", set);
    return cell(report, "sweep", 8, "mse_nf4") / cell(report, "sweep", 0, "mse_nf4");
  };
  const double normal = growth({});
  const double outliers = growth({{"tensor", "outliers"}, {"outlier_rate", "0.001"}, {"outlier_size", "20"}});
  CHECK(normal > 1);
  CHECK(outliers > 5 * normal);
}

TEST_CASE("blockwise: undoing a sort costs log2 n! bits, by counting orders", "[lessons][quant][golden]") {
  const Report four = run_lesson(lesson(), "default", {{"tensor", "3 1 4 2"}});
  CHECK(number(four, "order_bits") == Approx(std::log2(24.0) / 4));
  const Report report = run_lesson(lesson());
  CHECK(number(report, "order_bits") == Approx(std::lgamma(262145.0) / std::log(2.0) / 262144));
  CHECK(number(report, "mse_nf4_sorted") < 0.02 * number(report, "mse_nf4"));
  CHECK(number(report, "sorted_total_bits") > 16);
  CHECK_FALSE(check_of(report, "sorting_is_free").claim_holds);
}

TEST_CASE("blockwise: the sweep grows a block size at a time and stops where it is told to", "[lessons][quant]") {
  std::stop_source stop;
  std::vector<std::size_t> rows;
  std::vector<double> progress;
  const auto backend = make_cpu_backend(1);
  const Context context{*backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", stop.get_token(),
                        [&](double fraction) { progress.push_back(fraction); },
                        [&](const Report& so_far) {
                          CHECK_FALSE(so_far.complete);
                          rows.push_back(so_far.find_table("sweep")->rows.size());
                          if (rows.size() == 3) stop.request_stop();
                        }};
  const auto run = lessons::run(lesson(), "default", Parameters(lesson().parameters), context);
  REQUIRE(run);
  CHECK(rows == std::vector<std::size_t>{1, 2, 3});
  CHECK_FALSE(run->report.complete);
  CHECK(run->report.find_table("sweep")->rows.size() == 3);
  CHECK(number(run->report, "mse_nf4") > 0);  // block 64 is the third
  CHECK(run->report.find_table("sorting") == nullptr);
  CHECK(std::is_sorted(progress.begin(), progress.end()));
  CHECK(progress.back() < 1);
}

TEST_CASE("blockwise: any number of threads gives the same Report", "[lessons][quant][parity]") {
  const Overrides set{{"n", "100001"}, {"tensor", "laplace"}, {"constants", "dynamic8"}, {"block", "48"}};
  CHECK(everything(lesson(), 1, set) == everything(lesson(), 3, set));
}

}  // namespace
