#include "app/chart/contour.hpp"

#include <cmath>

#include "app/chart/clip.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::chart;

template <class Function>
Field sample(int columns, int rows, Function f) {
  Field field;
  for (int i = 0; i < columns; ++i) field.x.push_back(i);
  for (int i = 0; i < rows; ++i) field.y.push_back(i);
  for (const double y : field.y) {
    for (const double x : field.x) field.z.push_back(f(x, y));
  }
  return field;
}

bool closed(const std::vector<Point>& line) {
  return line.size() > 3 && line.front().x == line.back().x && line.front().y == line.back().y;
}

}  // namespace

TEST_CASE("the contour of a plane is one straight line from edge to edge", "[app][chart]") {
  const Field field = sample(12, 9, [](double x, double y) { return 2 * x + y; });
  const auto lines = contour(field, 11);
  REQUIRE(lines.size() == 1);
  for (const Point& p : lines[0]) CHECK(2 * p.x + p.y == Approx(11));
  CHECK(lines[0].size() > 8);
  CHECK(contour(field, 1000).empty());
}

TEST_CASE("the contour of a cone is one closed ring at the right distance", "[app][chart]") {
  const Field field = sample(41, 41, [](double x, double y) { return std::hypot(x - 20, y - 20); });
  const auto lines = contour(field, 12.3);
  REQUIRE(lines.size() == 1);
  CHECK(closed(lines[0]));
  for (const Point& p : lines[0]) CHECK(std::hypot(p.x - 20, p.y - 20) == Approx(12.3).margin(0.02));
}

TEST_CASE("two hills make two rings, and a level through the saddle keeps lines apart", "[app][chart]") {
  const auto hills = [](double x, double y) {
    return std::exp(-((x - 10) * (x - 10) + (y - 15) * (y - 15)) / 18) +
           std::exp(-((x - 30) * (x - 30) + (y - 15) * (y - 15)) / 18);
  };
  const auto lines = contour(sample(41, 31, hills), 0.5);
  REQUIRE(lines.size() == 2);
  CHECK(closed(lines[0]));
  CHECK(closed(lines[1]));

  // One cell whose opposite corners are high: two lines, whichever corners the centre joins.
  for (const double centre : {-0.5, 0.5}) {
    const Field saddle = {{0, 1}, {0, 1}, {1, -1 + centre, -1 + centre, 1}};
    const auto parts = contour(saddle, 0.1);
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].size() == 2);
  }
}

TEST_CASE("every contour point lies where the interpolated field has the level, and lines break at undefined cells",
          "[app][chart][property]") {
  const auto wave = [](double x, double y) { return std::sin(x * 0.7) + std::cos(y * 0.5 + x * 0.2); };
  const Field whole = sample(30, 30, wave);
  Field holed = whole;
  holed.z[15 * 30 + 15] = std::nan("");
  for (const double level : {-1.2, -0.3, 0.0, 0.4, 1.1}) {
    std::size_t whole_points = 0, holed_points = 0;
    for (const auto& line : contour(whole, level)) whole_points += line.size();
    for (const auto& line : contour(holed, level)) {
      holed_points += line.size();
      for (const Point& p : line) {
        const auto c = static_cast<std::size_t>(p.x), r = static_cast<std::size_t>(p.y);
        const std::size_t c1 = std::min<std::size_t>(c + 1, 29), r1 = std::min<std::size_t>(r + 1, 29);
        const double fx = p.x - static_cast<double>(c), fy = p.y - static_cast<double>(r);
        const auto z = [&](std::size_t column, std::size_t row) { return holed.z[row * 30 + column]; };
        // On an edge one of the fractions is zero, so bilinear is linear.
        const double value = fx == 0 ? z(c, r) + fy * (z(c, r1) - z(c, r)) : z(c, r) + fx * (z(c1, r) - z(c, r));
        CHECK(value == Approx(level).margin(1e-9));
      }
    }
    CHECK(holed_points <= whole_points);
  }
}

TEST_CASE("clipping keeps what is inside and cuts at the edge", "[app][chart]") {
  const Rectangle box = {{0, 0}, 10, 10, {}};
  const auto pieces = clipped({{-5, 5}, {5, 5}, {5, 20}, {8, 20}, {8, 5}, {9, 6}}, box);
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].size() == 3);
  CHECK(pieces[0][0].x == Approx(0));
  CHECK(pieces[0][2].y == Approx(10));
  CHECK(pieces[1].front().y == Approx(10));
  CHECK(clipped({{20, 0}, {30, 10}}, box).empty());
  CHECK(clipped({{1, 1}, {std::nan(""), 2}, {3, 3}}, box).empty());
  CHECK(clipped(Rectangle{{-5, 2}, 10, 3, {}}, box).width == 5);
}
