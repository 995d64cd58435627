#include <algorithm>
#include <cmath>

#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("08-paged-optimizer");
  return loaded;
}

const Series& series_of(const Report& report, std::string_view chart, std::string_view name) {
  const Chart* found = report.find_chart(chart);
  REQUIRE(found != nullptr);
  const auto series =
      std::find_if(found->series.begin(), found->series.end(), [&](const Series& one) { return one.name == name; });
  REQUIRE(series != found->series.end());
  return *series;
}

TEST_CASE("paged-optimizer: every scenario keeps what it promises", "[lessons][memory]") {
  REQUIRE(lesson().scenarios.size() == 9);
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

TEST_CASE("paged-optimizer: with paging the card is never overfull, without it the long step is too much",
          "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const auto most = [&](const char* name) {
    const Series& series = series_of(report, "card_memory", name);
    return *std::max_element(series.y.begin(), series.y.end());
  };
  CHECK(most("with_pages") <= 8);
  CHECK(most("without_paging") == Approx(number(report, "needed_unpaged_gib")));
  CHECK(most("rest") == Approx(number(report, "long_peak_gib")));
  CHECK(number(report, "missing_unpaged_gib") == Approx(number(report, "needed_unpaged_gib") - 8));
  CHECK(number(report, "moved_out_gb") == number(report, "moved_in_gb"));
}

TEST_CASE("paged-optimizer: every lane of the residency chart is in one place from beginning to end",
          "[lessons][memory]") {
  for (const char* page : {"64", "2048", "16384"}) {
    const Report report = run_lesson(lesson(), "default", {{"page_kib", page}});
    const Chart* chart = report.find_chart("residency");
    REQUIRE(chart != nullptr);
    const Series& rest = series_of(report, "card_memory", "rest");
    for (std::size_t lane = 0; lane < chart->y.categories.size(); ++lane) {
      double covered = 0;
      for (const Series& series : chart->series) {
        for (std::size_t i = 0; i < series.y.size(); ++i) {
          if (series.y[i] == static_cast<double>(lane)) covered += series.x[2 * i + 1] - series.x[2 * i];
        }
      }
      CAPTURE(page, lane);
      CHECK(covered == Approx(rest.x.back()));
    }
  }
}

TEST_CASE("paged-optimizer: the extra spike needs its room in the middle of the long step only", "[lessons][memory]") {
  const Overrides even{{"spike_length", "512"}, {"card_gib", "16"}};
  const Report without = run_lesson(lesson(), "default", even);
  Overrides with_spike = even;
  with_spike.emplace_back("spike_gib", "4.5");
  const Report with = run_lesson(lesson(), "default", with_spike);
  CHECK(number(with, "ordinary_peak_gib") == number(without, "ordinary_peak_gib"));
  CHECK(number(with, "long_peak_gib") > number(without, "long_peak_gib") + 3);
  CHECK(number(with, "long_peak_gib") <= number(without, "long_peak_gib") + 4.5);
  CHECK(number(with, "moved_out_gb") == 0);
  with_spike[1].second = "10";
  const Report evicted = run_lesson(lesson(), "default", with_spike);
  CHECK(number(evicted, "moved_out_gb") > 0);
  CHECK(number(evicted, "slow_down_long_percent") > 0);
  CHECK(number(evicted, "slow_down_after_percent") == 0);
}

TEST_CASE("paged-optimizer: a run that ends early shows how far it came and no figures of the whole",
          "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "too_long");
  CHECK(number(report, "missing_paged_gib") > 0);
  CHECK(std::isnan(number(report, "moved_out_gb")));
  CHECK(std::isnan(number(report, "slow_down_long_percent")));
  CHECK(report.find_table("steps")->rows.size() == 1);
  CHECK(report.find_chart("step_time")->x.categories[1].en == "Long: out of memory");
  const Report hopeless = run_lesson(lesson(), "default", {{"card_gib", "4"}});
  CHECK(hopeless.find_table("steps")->rows.empty());
  CHECK(hopeless.all_checks_passed());
}

TEST_CASE("paged-optimizer: a wider link and prefetching wait less, smaller pages ask more often",
          "[lessons][memory][property]") {
  const auto waited = [&](Overrides set) { return number(run_lesson(lesson(), "default", set), "waited_ms"); };
  const auto requests = [&](Overrides set) { return number(run_lesson(lesson(), "default", set), "requests"); };
  CHECK(waited({{"bandwidth", "50"}}) < waited({}));
  CHECK(waited({{"latency", "0"}}) < waited({}));
  CHECK(waited({{"prefetch", "false"}, {"page_kib", "64"}}) > waited({{"page_kib", "64"}}));
  CHECK(requests({{"prefetch", "false"}, {"page_kib", "64"}}) >
        20 * requests({{"prefetch", "false"}, {"page_kib", "2048"}}));
  // Without latency only the bytes count: 477 pages of 2 MiB both ways at 25 GB/s.
  CHECK(waited({{"latency", "0"}}) == Approx(2e3 * 477 * 2097152 / 25e9));
}

TEST_CASE("paged-optimizer: more paging is needed the smaller the card, and the sweep says so", "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const Series& slow = series_of(report, "slow_down_by_card", "slow_down");
  REQUIRE(slow.x.size() > 20);
  for (std::size_t i = 1; i < slow.x.size(); ++i) CHECK(slow.y[i] <= slow.y[i - 1]);
  CHECK(slow.y.back() == 0);
  CHECK(slow.y.front() > 1);
}

}  // namespace
