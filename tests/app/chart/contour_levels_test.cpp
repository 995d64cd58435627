// Contour levels that a chart names itself.
#include <cmath>
#include <set>
#include <string>

#include "app/chart/layout.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::chart;

/// z = x * y over 1 to 10, so that the line of level c is the hyperbola y = c / x.
Chart products(std::vector<double> levels) {
  Chart chart;
  chart.kind = ChartKind::heat_map;
  chart.z.logarithmic = true;
  for (int i = 1; i <= 10; ++i) chart.grid.x.push_back(i);
  chart.grid.y = chart.grid.x;
  for (const double y : chart.grid.y) {
    for (const double x : chart.grid.x) chart.grid.z.push_back(x * y);
  }
  chart.grid.levels = std::move(levels);
  return chart;
}

std::set<std::string> contour_labels(const Chart& chart) {
  std::set<std::string> found;
  const Scene scene = layout(chart, {});
  for (const Shape& shape : scene.shapes) {
    const auto* label = std::get_if<Label>(&shape);
    if (label != nullptr && label->role == Role::contour) found.insert(label->text);
  }
  return found;
}

TEST_CASE("contour lines lie at the levels that the chart names", "[chart]") {
  CHECK(contour_labels(products({12, 24, 48})) == std::set<std::string>{"12", "24", "48"});
  CHECK(contour_labels(products({})).count("10") == 1);
}

TEST_CASE("levels outside the map, or without a logarithm, draw nothing", "[chart]") {
  CHECK(contour_labels(products({-1, 0, 24, 1000, std::nan("")})) == std::set<std::string>{"24"});
}

}  // namespace
