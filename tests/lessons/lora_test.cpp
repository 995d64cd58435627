#include <algorithm>

#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("09-lora");
  return loaded;
}

TEST_CASE("lora: every scenario keeps what it promises", "[lessons][lora]") {
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

TEST_CASE("lora: printed counts are judged as the truth says", "[lessons][lora][golden]") {
  const Report report = run_lesson(lesson());
  const auto holds = [&](const char* name) {
    const auto found =
        std::find_if(report.checks.begin(), report.checks.end(), [&](const Check& one) { return one.name == name; });
    REQUIRE(found != report.checks.end());
    return found->claim_holds;
  };
  CHECK_FALSE(holds("trainable_7b"));
  CHECK(holds("printed_7b"));
  CHECK_FALSE(holds("all_7b"));
  CHECK_FALSE(holds("trainable_13b"));
  CHECK_FALSE(holds("adapter_bytes"));
  CHECK_FALSE(holds("adam_bytes"));
  CHECK_FALSE(holds("opt_targets"));
}

TEST_CASE("lora: the modules of the table add up to the count of the values", "[lessons][lora]") {
  for (const char* targets : {"qv", "qkvo", "mlp", "all-linear"}) {
    const Report report = run_lesson(lesson(), "default", {{"targets", targets}, {"r", "3"}});
    double sum = 0;
    for (const auto& row : report.find_table("modules")->rows) {
      if (const double* all = std::get_if<double>(&row[6])) sum += *all;
    }
    CAPTURE(targets);
    CHECK(sum == number(report, "trainable"));
  }
  // The two halves of a layer make the whole.
  const auto count = [&](const char* targets) {
    return number(run_lesson(lesson(), "default", {{"targets", targets}}), "trainable");
  };
  CHECK(count("qkvo") + count("mlp") == count("all-linear"));
}

TEST_CASE("lora: scaling follows alpha and rank", "[lessons][lora]") {
  CHECK(number(run_lesson(lesson(), "default", {{"r", "64"}, {"alpha", "16"}}), "scaling") == 0.25);
}

TEST_CASE("lora: a rank beyond the update's size holds all of it", "[lessons][lora]") {
  for (const char* update : {"few_directions", "fast_decay", "slow_decay", "random"}) {
    const Report report = run_lesson(lesson(), "default", {{"r", "256"}, {"size", "32"}, {"update", update}});
    CAPTURE(update);
    CHECK(number(report, "update_error_percent") == 0);
    CHECK(number(report, "update_held_percent") == 100);
    CHECK(report.all_checks_passed());
  }
}

TEST_CASE("lora: more rank never holds less, and slower decay needs more of it", "[lessons][lora][property]") {
  const auto needed = [&](const char* update) {
    return number(run_lesson(lesson(), "default", {{"update", update}}), "rank_for_10_percent");
  };
  CHECK(needed("fast_decay") < needed("slow_decay"));
  CHECK(needed("fast_decay") < needed("random"));
  double before = 101;
  for (const char* rank : {"1", "2", "5", "17", "80", "128"}) {
    const double error = number(run_lesson(lesson(), "default", {{"r", rank}}), "update_error_percent");
    CHECK(error < before);
    before = error;
  }
}

TEST_CASE("lora: merging is free in fp32 and costs more the fewer bits are left", "[lessons][lora]") {
  for (const char* share : {"0.5", "5", "50"}) {
    const Report report = run_lesson(lesson(), "default", {{"update_percent", share}});
    CAPTURE(share);
    CHECK(number(report, "merged_fp32_percent") < 0.01);
    CHECK(number(report, "merged_fp32_percent") < number(report, "merged_bf16_percent"));
    CHECK(number(report, "merged_bf16_percent") < number(report, "merged_nf4_percent"));
  }
  const auto lost = [&](const char* share) {
    return number(run_lesson(lesson(), "default", {{"update_percent", share}}), "merged_nf4_percent");
  };
  CHECK(lost("50") < lost("5"));  // a large update moves weights to other levels
}

TEST_CASE("lora: a true update is trained the same every time, for every module", "[lessons][lora][training]") {
  const Overrides set{{"update", "trained"}, {"module", "down_proj"}, {"train_steps", "5"}, {"r", "8"}};
  const Report report = run_lesson(lesson(), "default", set);
  CHECK(report.all_checks_passed());
  CHECK(report.find_chart("error_by_rank")->series[0].x.size() == 33);  // [32, 88]: ranks 0 to 32
  const Report again = run_lesson(lesson(), "default", set);
  CHECK(number(report, "update_error_percent") == number(again, "update_error_percent"));
}

TEST_CASE("lora: training that is stopped returns what it has, marked incomplete", "[lessons][lora][training]") {
  auto parameters = lessons::parameters_of(lesson(), "tuning_sweep");
  REQUIRE(parameters);
  const auto backend = make_cpu_backend(1);
  std::stop_source source;
  int told = 0;
  const Context context{
      *backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", source.get_token(), {}, [&](const Report& so_far) {
        CHECK_FALSE(so_far.complete);
        CHECK(so_far.find_table("tuning") != nullptr);
        if (++told == 2) source.request_stop();
      }};
  const auto run = lessons::run(lesson(), "tuning_sweep", *std::move(parameters), context);
  REQUIRE(run);
  CHECK_FALSE(run->report.complete);
  CHECK(told == 2);
  CHECK(run->report.find_table("tuning")->rows.size() == 3);  // before, in full, the first adapter
}

}  // namespace
