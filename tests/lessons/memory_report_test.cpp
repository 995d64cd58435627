// The tables and charts of a simulated step add up to its peak.
#include "lessons/support/memory_report.hpp"

#include <array>
#include <numeric>

#include "core/base/units.hpp"
#include "tests/support/catch.hpp"

namespace qlab::lessons {
namespace {

SimulatedStep small_step() {
  StepSettings settings;
  settings.lora = LoraSettings{8, {"all-linear"}, 0};
  auto step = simulate_step(llama_like_shape(512, 4, 8000), settings);
  REQUIRE(step);
  return *std::move(step);
}

double number(const Cell& cell) { return std::get<double>(cell); }

TEST_CASE("the breakdown's parts add up to the peak", "[lessons][memory]") {
  const SimulatedStep step = small_step();
  const Table table = memory_breakdown_table(step);
  double sum = 0, share = 0;
  for (std::size_t i = 0; i + 1 < table.rows.size(); ++i) {
    sum += number(table.rows[i][1]);
    share += number(table.rows[i][2]);
  }
  CHECK(sum * bytes_per_GiB == Approx(static_cast<double>(step.peak_bytes)));
  CHECK(share == Approx(100));
  CHECK(number(table.rows.back()[1]) == static_cast<double>(step.peak_bytes) / bytes_per_GiB);

  const std::array named{NamedStep{{"a", "甲"}, &step}, NamedStep{{"b", "乙"}, &step}};
  const Chart bars = memory_breakdown_bars(named);
  sum = 0;
  for (const Series& series : bars.series) sum += series.y.at(1);
  CHECK(sum * bytes_per_GiB == Approx(static_cast<double>(step.peak_bytes)));
  CHECK(bars.x.categories.size() == 2);
}

TEST_CASE("the timeline's stack is as high as the peak, and says where it is", "[lessons][memory]") {
  const SimulatedStep step = small_step();
  const Chart chart = memory_timeline(step, CardLine{std::int64_t{2} << 30, {"a card", "一张卡"}});
  REQUIRE(chart.kind == ChartKind::stacked_area);
  double highest = 0, at = 0;
  for (std::size_t i = 0; i < chart.series.front().x.size(); ++i) {
    double sum = 0;
    for (const Series& series : chart.series) sum += series.y.at(i);
    if (sum > highest) {
      highest = sum;
      at = chart.series.front().x[i];
    }
  }
  CHECK(highest * bytes_per_GiB == Approx(static_cast<double>(step.peak_bytes)));
  REQUIRE(chart.lines.size() == 3);  // backward, optimizer, card
  CHECK(chart.lines[0].label.en == "Backward pass");
  CHECK(chart.lines[2].at == 2);
  const Series& top = chart.series.back();
  std::size_t named = 0;
  for (std::size_t i = 0; i < top.point_labels.size(); ++i) {
    if (top.point_labels[i].empty()) continue;
    CHECK(top.x[i] == at);
    ++named;
  }
  CHECK(named == 1);
}

}  // namespace
}  // namespace qlab::lessons
