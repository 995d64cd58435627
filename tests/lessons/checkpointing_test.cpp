#include <algorithm>

#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("07-checkpointing");
  return loaded;
}

TEST_CASE("checkpointing: every scenario keeps what it promises", "[lessons][memory]") {
  REQUIRE(lesson().scenarios.size() == 5);
  for (const lessons::Scenario& scenario : lesson().scenarios) {
    CAPTURE(scenario.name);
    CHECK_FALSE(scenario.expectations.empty());
    const Report report = run_lesson(lesson(), scenario.name);
    for (const Check& check : report.checks) {
      CAPTURE(check.name, check.value, check.expected);
      CHECK(check.passed);
    }
  }
}

TEST_CASE("checkpointing: the classroom values follow ratio, sizes and batch", "[lessons][memory][golden]") {
  const Report printed = run_lesson(lesson());
  CHECK(number(printed, "activations_gb") == 0.25);
  CHECK(number(printed, "saved_gb") == 0.125);
  CHECK(number(printed, "kept_gb") == 0.125);
  const Report report =
      run_lesson(lesson(), "default", {{"ratio", "37.5"}, {"H", "8192"}, {"L", "64"}, {"T", "2048"}, {"B", "2"}});
  CHECK(number(report, "activations_gb") == 4.0);
  CHECK(number(report, "saved_gb") == 1.5);
  CHECK(number(report, "kept_gb") == 2.5);
  CHECK(report.find_value("saved_gb")->unit == "GiB");
}

TEST_CASE("checkpointing: the ratio stays within the script's range", "[lessons][memory]") {
  for (const char* ratio : {"29", "81", "nan"}) {
    const auto run = try_run(lesson(), "default", {{"ratio", ratio}});
    REQUIRE_FALSE(run);
    CHECK(run.error().hint == "use a number from 30 to 80");
  }
}

TEST_CASE("checkpointing: plans at the defaults, counted by hand", "[lessons][memory][golden]") {
  // In units of B T H = 4 MiB: a stored input is 2, a layer 34, its attention scores 40 (5 * 32 heads * 1024 / 4096).
  const double unit = 4.0 / 1024;
  const Report report = run_lesson(lesson());
  CHECK(number(report, "stored_gib") == 32 * 34 * unit);
  CHECK(number(report, "eager_extra_gib") == 32 * 40 * unit);
  CHECK(number(report, "every_layer_gib") == (31 * 2 + 34) * unit);
  CHECK(number(report, "sqrt_segments") == 6);
  CHECK(number(report, "sqrt_gib") == (1 * 2 + 6 * 34) * unit);  // 6, 6, 5, 5, 5, 5: worst at the second of six
  CHECK(number(report, "best_segments") == 24);
  CHECK(number(report, "best_gib") == (7 * 2 + 2 * 34) * unit);  // eight segments of two layers, then sixteen of one
  CHECK(number(report, "every_layer_saved_percent") == Approx(100 * (1 - 96.0 / 1088)));
  CHECK(number(report, "every_layer_extra_percent") == Approx(100 * 31.0 / 96));
}

TEST_CASE("checkpointing: the curves begin without checkpointing and never pass one more forward",
          "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const Chart* curve = report.find_chart("memory_against_recomputation");
  REQUIRE(curve != nullptr);
  REQUIRE(curve->series.size() == 2);
  for (const Series& series : curve->series) {
    // Last segments of 32, 16, 10, 8, 6, 5, 4, 3, 2 and 1 layers: ten amounts of recomputation.
    REQUIRE(series.x.size() == 10);
    CHECK(series.point_labels.size() == 10);
    CHECK(series.x.front() == 0);
    CHECK(series.x.back() == Approx(100.0 / 3 * 31 / 32));
    for (std::size_t i = 1; i < series.x.size(); ++i) {
      CHECK(series.x[i] > series.x[i - 1]);
      CHECK(series.y[i] < series.y[i - 1]);
    }
  }
  CHECK(curve->series[0].y[0] == 4.25);
  CHECK(curve->series[1].y[0] == 9.25);
}

TEST_CASE("checkpointing: one layer leaves nothing to choose", "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "default", {{"L", "1"}});
  CHECK(number(report, "best_segments") == 1);
  CHECK(number(report, "every_layer_saved_percent") == 0);
  CHECK(number(report, "every_layer_extra_percent") == 0);
}

TEST_CASE("checkpointing: claims are judged as the truth says", "[lessons][memory][golden]") {
  const Report report = run_lesson(lesson());
  const auto check = [&](const char* name) {
    const auto found =
        std::find_if(report.checks.begin(), report.checks.end(), [&](const Check& one) { return one.name == name; });
    REQUIRE(found != report.checks.end());
    return *found;
  };
  CHECK_FALSE(check("stored_activations").claim_holds);
  CHECK_FALSE(check("saved_share").claim_holds);
  CHECK(check("lost_speed").claim_holds);
}

}  // namespace
