#include "app/views/number.hpp"

#include <limits>
#include <vector>

#include "tests/support/catch.hpp"

using qlab::show_column;
using qlab::show_number;
using qlab::show_quantity;

TEST_CASE("number: whole numbers are shown in full, with commas from five digits on", "[app][number]") {
  CHECK(show_number(0) == "0");
  CHECK(show_number(-0.0) == "0");
  CHECK(show_number(4096) == "4096");
  CHECK(show_number(32000) == "32,000");
  CHECK(show_number(-262144) == "−262,144");
  CHECK(show_number(6738415616.0) == "6,738,415,616");
}

TEST_CASE("number: other figures keep their significant digits and no trailing zeros", "[app][number]") {
  CHECK(show_number(0.0084523) == "0.008452");
  CHECK(show_number(0.5) == "0.5");
  CHECK(show_number(0.126953125) == "0.127");
  CHECK(show_number(0.126953125, 9) == "0.126953125");
  CHECK(show_number(20.7346) == "20.73");
  CHECK(show_number(99.99996) == "100");
  CHECK(show_number(12345.678) == "12,345.7");
  CHECK(show_number(-1.5) == "−1.5");
}

TEST_CASE("number: very small and very large figures are powers of ten", "[app][number]") {
  CHECK(show_number(0.0000012345) == "1.234×10⁻⁶");
  CHECK(show_number(2e15) == "2×10¹⁵");
  CHECK(show_number(-5e-12) == "−5×10⁻¹²");
}

TEST_CASE("number: infinite and undefined figures have signs of their own", "[app][number]") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(show_number(infinity) == "∞");
  CHECK(show_number(-infinity) == "−∞");
  CHECK(show_number(std::numeric_limits<double>::quiet_NaN()) == "–");
}

TEST_CASE("number: a quantity says its unit", "[app][number]") {
  CHECK(show_quantity(4.5, "bits/parameter") == "4.5 bits/parameter");
  CHECK(show_quantity(12, "") == "12");
}

TEST_CASE("number: a column has the same decimals, as few as show every figure", "[app][number]") {
  using Column = std::vector<std::string>;
  CHECK(show_column(std::vector{4.5, 4.25, 8.0}) == Column{"4.50", "4.25", "8.00"});
  CHECK(show_column(std::vector{0.00841612, 0.0115, 0.0080134}) == Column{"0.00842", "0.01150", "0.00801"});
  CHECK(show_column(std::vector{1.0, 64.0, 32000.0}) == Column{"1", "64", "32,000"});
  CHECK(show_column(std::vector{-1.0, 0.0, 0.6962}) == Column{"−1.000", "0.000", "0.696"});
  CHECK(show_column(std::vector{-0.0002, 0.71, 1.5}) == Column{"−0.0002", "0.7100", "1.5000"});
  CHECK(show_column(std::vector<double>{}).empty());
}

TEST_CASE("number: a column of parts of a whole has the digits of the largest", "[app][number]") {
  using Column = std::vector<std::string>;
  CHECK(show_column(std::vector{13.4, 0.4165, 0.0, 1.6e-5}, "GiB") == Column{"13.40", "0.42", "0.00", "<0.01"});
  CHECK(show_column(std::vector{55.45, 44.5497, 0.0003}, "%") == Column{"55.45", "44.55", "<0.01"});
  CHECK(show_column(std::vector{24.0, 48.0}, "GiB") == Column{"24", "48"});
  CHECK(show_column(std::vector{2e-5, 3e-6}, "GiB") == Column{"2×10⁻⁵", "3×10⁻⁶"});
}

TEST_CASE("number: a column of many decades shows each figure on its own", "[app][number]") {
  CHECK(show_column(std::vector{0.0005, 12345.5}) == std::vector<std::string>{"0.0005", "12,345.5"});
}
