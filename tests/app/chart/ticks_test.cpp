#include "app/chart/ticks.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "app/chart/scale.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::chart;

std::vector<std::string> texts(const Ticks& ticks) {
  std::vector<std::string> out;
  for (const Tick& tick : ticks.major) out.push_back(tick.label);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("linear ticks are multiples of 1, 2 or 5 times a power of ten, densest first", "[app][chart]") {
  CHECK(texts(linear_ticks(0, 10, 11).front()) == Texts{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"});
  CHECK(texts(linear_ticks(0, 10, 6).front()) == Texts{"0", "2", "4", "6", "8", "10"});
  CHECK(texts(linear_ticks(0, 10, 3).front()) == Texts{"0", "5", "10"});
  CHECK(texts(linear_ticks(-0.3, 0.3, 7).front()) == Texts{"−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"});
  CHECK(texts(linear_ticks(0, 40000, 5).front()) == Texts{"0", "10,000", "20,000", "30,000", "40,000"});
}

TEST_CASE("very large and very small values share an exponent that the title says", "[app][chart]") {
  const Ticks large = linear_ticks(0, 7e9, 5).front();
  CHECK(large.exponent == 9);
  CHECK(texts(large) == Texts{"0", "2", "4", "6"});
  const Ticks small = linear_ticks(0, 4e-5, 5).front();
  CHECK(small.exponent == -6);
  CHECK(texts(small) == Texts{"0", "10", "20", "30", "40"});
  CHECK(linear_ticks(0, 999999, 5).front().exponent == 0);
}

TEST_CASE("linear ticks of any range lie inside it, are evenly spaced and all different", "[app][chart][property]") {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> mantissa(-1, 1), exponent(-290, 290);
  for (int i = 0; i < 3000; ++i) {
    const double size = std::pow(10, exponent(random));
    double lo = mantissa(random) * size, hi = mantissa(random) * size;
    if (lo > hi) std::swap(lo, hi);
    if (hi - lo < 1e-6 * size) continue;
    CAPTURE(lo, hi);
    const std::vector<Ticks> choices = linear_ticks(lo, hi, 8);
    REQUIRE_FALSE(choices.empty());
    for (const Ticks& ticks : choices) {
      CHECK(ticks.major.size() <= 8);
      std::set<std::string> labels;
      for (const Tick& tick : ticks.major) {
        CHECK(tick.at >= lo - 1e-8 * (hi - lo));
        CHECK(tick.at <= hi + 1e-8 * (hi - lo));
        CHECK(labels.insert(tick.label).second);
      }
      if (ticks.major.size() < 3) continue;
      const double step = ticks.major[1].at - ticks.major[0].at;
      CHECK(ticks.major[2].at - ticks.major[1].at == Approx(step).epsilon(1e-5));
      const double leading = step / std::pow(10, std::floor(std::log10(step * (1 + 1e-9))));
      CHECK(std::min({std::abs(leading - 1), std::abs(leading - 2), std::abs(leading - 5)}) < 1e-4);
    }
  }
}

TEST_CASE("logarithmic ticks are decades, with 2 and 5 between few of them", "[app][chart]") {
  CHECK(texts(logarithmic_ticks(1, 1000, false, 10).front()) == Texts{"1", "10", "100", "1000"});
  CHECK(texts(logarithmic_ticks(1, 100, false, 10).front()) == Texts{"1", "2", "5", "10", "20", "50", "100"});
  CHECK(texts(logarithmic_ticks(1e-6, 1e-2, false, 10).front()) == Texts{"10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"});
  CHECK(texts(logarithmic_ticks(1e-12, 1, false, 5).front()) == Texts{"10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"});
  CHECK(logarithmic_ticks(1, 1000, false, 10).front().minor.size() == 24);
}

TEST_CASE("block sizes are powers of two", "[app][chart]") {
  CHECK(texts(logarithmic_ticks(16, 256, true, 9).front()) == Texts{"16", "32", "64", "128", "256"});
  CHECK(texts(logarithmic_ticks(1024, 65536, true, 4).front()) == Texts{"1,024", "4,096", "16,384", "65,536"});
}

TEST_CASE("a logarithmic axis over less than half a decade is marked in equal steps", "[app][chart]") {
  CHECK(texts(logarithmic_ticks(10, 14, false, 6).front()) == Texts{"10", "11", "12", "13", "14"});
}

TEST_CASE("any logarithmic range has ticks inside it", "[app][chart][property]") {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> exponent(-300, 300), width(0.001, 6);
  for (int i = 0; i < 3000; ++i) {
    const double lo = std::pow(10, exponent(random)), hi = std::min(1e305, lo * std::pow(10, width(random)));
    CAPTURE(lo, hi);
    const std::vector<Ticks> choices = logarithmic_ticks(lo, hi, false, 8);
    REQUIRE_FALSE(choices.empty());
    for (const Ticks& ticks : choices) {
      CHECK(ticks.major.size() <= 8);
      for (const Tick& tick : ticks.major) CHECK((tick.at >= lo * (1 - 1e-8) && tick.at <= hi * (1 + 1e-8)));
    }
  }
}

TEST_CASE("a scale maps its ends to its pixels and back", "[app][chart]") {
  for (const bool logarithmic : {false, true}) {
    const Scale scale{logarithmic, 2, 2000, 500, 100};
    CHECK(scale(2) == Approx(500));
    CHECK(scale(2000) == Approx(100));
    CHECK(scale.value_at(scale(77)) == Approx(77));
    CHECK(std::isnan(scale(std::nan(""))));
  }
  CHECK(Scale{true, 1, 100, 0, 10}(10) == Approx(5));
  CHECK(std::isnan(tame(-1, true)));
  CHECK(std::isnan(tame(INFINITY, false)));
  CHECK(tame(1e308, false) == 1e300);
  CHECK(tame(5e-324, false) == 0);
}
