#include "app/views/csv.hpp"

#include <limits>

#include "tests/app/views/sample_report.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;
using views::csv;

TEST_CASE("a table in CSV has its names first, quotes where needed, nothing for nothing", "[app][views][csv]") {
  const Report report = sample_report();
  CHECK(csv(report.tables[0], Language::en) == "type,bits\n\"nf4, \"\"new\"\"\",4.5\nnone,\n");
  CHECK(csv(report.tables[0], Language::zh) == "type,bits\n四位,4.5\n无,\n");
}

TEST_CASE("several tables are set apart by their names, a single one is plain", "[app][views][csv]") {
  Report report = sample_report();
  CHECK(views::csv_of_tables(report, Language::zh) == "type,bits\n四位,4.5\n无,\n");
  report.tables.push_back({"more", {}, {{"x", "", {}}}, {{0.1}, {1e-9}}});
  CHECK(views::csv_of_tables(report, Language::zh) == "# types\ntype,bits\n四位,4.5\n无,\n\n# more\nx\n0.1\n1e-09\n");
}

Chart chart_of(ChartKind kind) {
  Chart chart;
  chart.name = "c";
  chart.kind = kind;
  return chart;
}

TEST_CASE("every kind of chart gives its data", "[app][views][csv]") {
  const double infinity = std::numeric_limits<double>::infinity();
  Chart line = chart_of(GENERATE(ChartKind::line, ChartKind::staircase, ChartKind::scatter));
  line.series = {{"a", {}, {1, 2}, {0.5, infinity}, {}, false}, {"b", {}, {3}, {4}, {}, false}};
  CHECK(csv(line, Language::en) == "series,x,y\na,1,0.5\na,2,inf\nb,3,4\n");
  Chart bars = chart_of(GENERATE(ChartKind::grouped_bars, ChartKind::stacked_bars));
  bars.x.categories = {{"full", "全量"}, {"LoRA", "LoRA"}};
  bars.series = {{"weights", {}, {}, {1, 2}, {}, false}, {"states", {}, {}, {3}, {}, false}};
  CHECK(csv(bars, Language::zh) == "category,weights,states\n全量,1,3\nLoRA,2,\n");
  Chart area = chart_of(ChartKind::stacked_area);
  area.series = {{"weights", {}, {0, 0.5}, {4, 4}, {}, false}, {"gradients", {}, {0, 0.5}, {0, 1.5}, {}, false}};
  CHECK(csv(area, Language::en) == "x,weights,gradients\n0,4,0\n0.5,4,1.5\n");
  Chart histogram = chart_of(ChartKind::histogram);
  histogram.series = {{"count", {}, {0, 1, 2}, {7, 9}, {}, false}};
  CHECK(csv(histogram, Language::en) == "bin_start,bin_end,count\n0,1,7\n1,2,9\n");
  Chart map = chart_of(ChartKind::heat_map);
  map.grid = {{1, 2}, {10, 20}, {3, 4, 5, 6}};
  CHECK(csv(map, Language::en) == "x,y,z\n1,10,3\n2,10,4\n1,20,5\n2,20,6\n");
  Chart timeline = chart_of(ChartKind::timeline);
  timeline.y.categories = {{"copy", "拷贝"}, {"compute", "计算"}};
  timeline.series = {{"s", {}, {0, 1, 1, 3}, {0, 1}, {}, false}};
  CHECK(csv(timeline, Language::en) == "series,lane,start,end\ns,copy,0,1\ns,compute,1,3\n");
}

TEST_CASE("a histogram without series and an empty map are only their names", "[app][views][csv]") {
  CHECK(csv(chart_of(ChartKind::histogram), Language::en) == "bin_start,bin_end\n");
  CHECK(csv(chart_of(ChartKind::heat_map), Language::en) == "x,y,z\n");
}

}  // namespace
