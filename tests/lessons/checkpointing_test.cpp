#include <algorithm>

#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("07-checkpointing");
  return loaded;
}

TEST_CASE("checkpointing: every scenario keeps what it promises", "[lessons][memory]") { keeps_its_promises(lesson()); }

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

TEST_CASE("checkpointing: plans and granularities at the defaults, counted by hand", "[lessons][memory][golden]") {
  // Full fine-tuning in bf16. A layer's input is 2 T H; a layer by the goldens' list of tensors.
  constexpr double T = 1024, H = 4096, heads = 32, inner = 11008, bytes_per_GiB = 1024.0 * 1024 * 1024;
  const double input = 2 * T * H / bytes_per_GiB;
  const double layer = (2 * (8 * T * H + 4 * T) + 8 * T * H + 4 * T * heads + 24 + 8 * T * inner) / bytes_per_GiB;
  const Report report = run_lesson(lesson(), "default", {{"method", "full"}});
  CHECK(number(report, "stored_gib") == Approx(32 * layer));
  CHECK(number(report, "layer_to_input") == Approx(layer / input));
  CHECK(number(report, "published_gib") == 4.25);
  CHECK(number(report, "published_scores_gib") == 5);
  CHECK(number(report, "sqrt_segments") == 6);
  CHECK(number(report, "sqrt_gib") == Approx(1 * input + 6 * layer));  // 6, 6, 5, 5, 5, 5: worst at the second of six
  CHECK(number(report, "chosen_gib") == Approx(32 * input + layer));
  CHECK(number(report, "chosen_extra_percent") == Approx(100.0 / 3));
  const double kept[] = {32 * layer, 32 * input + layer, 8 * input + 4 * layer, 6 * input + 6 * layer,
                         16 * input + 16 * layer};
  const double recomputed[] = {0, 100, 100, 100, 50};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(cell(report, "granularities", i, "kept") == Approx(kept[i]));
    CHECK(cell(report, "granularities", i, "recomputed") == Approx(recomputed[i]));
  }
}

TEST_CASE("checkpointing: the simulated step knows every granularity", "[lessons][memory]") {
  const auto peak = [](const Overrides& set) {
    Overrides all{{"method", "lora"}, {"T", "4096"}};
    all.insert(all.end(), set.begin(), set.end());
    return number(run_lesson(lesson(), "default", all), "simulated_chosen_gib");
  };
  const double none = peak({{"granularity", "none"}});
  const double every_layer = peak({{"granularity", "every_layer"}});
  CHECK(every_layer < 0.5 * none);
  CHECK(peak({{"granularity", "every_k"}, {"k", "1"}}) == every_layer);
  CHECK(peak({{"granularity", "every_k"}, {"k", "8"}}) > every_layer);
  CHECK(peak({{"granularity", "sqrt"}}) == peak({{"granularity", "every_k"}, {"k", "6"}}));
  CHECK(peak({{"granularity", "share"}, {"share", "100"}}) == every_layer);
  const double half = peak({{"granularity", "share"}, {"share", "50"}});
  CHECK(half > every_layer);
  CHECK(half < none);
}

TEST_CASE("checkpointing: both timelines have one scale and end at their peaks", "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const Chart* none = report.find_chart("timeline_none");
  const Chart* chosen = report.find_chart("timeline_chosen");
  REQUIRE((none != nullptr && chosen != nullptr));
  CHECK(none->y.maximum == chosen->y.maximum);
  const auto highest = [](const Chart& chart) {
    double most = 0;
    for (std::size_t i = 0; i < chart.series[0].x.size(); ++i) {
      double sum = 0;
      for (const Series& series : chart.series) sum += series.y[i];
      most = std::max(most, sum);
    }
    return most;
  };
  CHECK(highest(*none) == Approx(number(report, "simulated_none_gib")));
  CHECK(highest(*chosen) == Approx(number(report, "simulated_chosen_gib")));
  const Chart* peaks = report.find_chart("peaks");
  REQUIRE(peaks != nullptr);
  CHECK(peaks->series[0].x == std::vector<double>{1, 2, 4, 8, 16, 32});
  CHECK(peaks->series[0].y[0] == number(report, "simulated_chosen_gib"));
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
  CHECK(curve->series[1].y[0] > curve->series[0].y[0]);  // eager keeps its scores
}

TEST_CASE("checkpointing: one layer leaves nothing to choose", "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "default", {{"L", "1"}});
  CHECK(number(report, "best_segments") == 1);
  CHECK(report.find_chart("peaks")->series[0].x == std::vector<double>{1});
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
