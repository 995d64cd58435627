#include "app/chart/number.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace qlab::chart;

TEST_CASE("fixed decimals have a real minus sign, commas on demand and never a negative zero", "[app][chart]") {
  CHECK(plain(0.25, 2, false) == "0.25");
  CHECK(plain(-3, 0, false) == "−3");
  CHECK(plain(-0.0, 1, false) == "0.0");
  CHECK(plain(-0.04, 1, false) == "0.0");
  CHECK(plain(1234567, 0, true) == "1,234,567");
  CHECK(plain(-12345.5, 1, true) == "−12,345.5");
  CHECK(plain(999, 0, true) == "999");
}

TEST_CASE("figures have so many significant digits, powers of ten only where plain digits would be many",
          "[app][chart]") {
  CHECK(figure(0, 4) == "0");
  CHECK(figure(-0.0, 4) == "0");
  CHECK(figure(12, 4) == "12");
  CHECK(figure(0.008452, 4) == "0.008452");
  CHECK(figure(0.1234567, 4) == "0.1235");
  CHECK(figure(999.96, 4) == "1000");
  CHECK(figure(9999.6, 4) == "10,000");
  CHECK(figure(262144, 4) == "262,144");
  CHECK(figure(6.74e9, 4) == "6.74×10⁹");
  CHECK(figure(-4.1e-5, 4) == "−4.1×10⁻⁵");
  CHECK(figure(1e-300, 4) == "1×10⁻³⁰⁰");
  CHECK(figure(std::numeric_limits<double>::infinity(), 4) == "∞");
  CHECK(figure(-std::numeric_limits<double>::infinity(), 4) == "−∞");
  CHECK(figure(std::numeric_limits<double>::quiet_NaN(), 4) == "–");
}

TEST_CASE("powers of ten are superscripts", "[app][chart]") {
  CHECK(power_of_ten(0) == "10⁰");
  CHECK(power_of_ten(-12) == "10⁻¹²");
  CHECK(power_of_ten(345) == "10³⁴⁵");
}

TEST_CASE("units stand apart from the number", "[app][chart]") {
  CHECK(with_unit("12", "GiB") == "12 GiB");
  CHECK(with_unit("12", "%") == "12 %");
  CHECK(with_unit("12", "") == "12");
}
