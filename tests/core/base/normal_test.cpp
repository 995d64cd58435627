#include "core/base/normal.hpp"

#include <cmath>
#include <limits>

#include "tests/support/catch.hpp"

namespace {

using qlab::natural_log;
using qlab::normal_quantile;

constexpr double infinity = std::numeric_limits<double>::infinity();

double ulps_apart(double a, double b) {
  return std::abs(a - b) / (std::nextafter(std::abs(b), infinity) - std::abs(b));
}

struct Known {
  double x;
  double y;
};

TEST_CASE("the logarithm is within one ulp of 60-digit values", "[core][base][property]") {
  // Right column: mpmath 1.3 with 60 digits, rounded to double.
  const auto known = GENERATE(values<Known>({{0x1p-1074, -0x1.74385446d71c3p+9},
                                             {1e-310, -0x1.64e69394d9508p+9},
                                             {2.2250738585072014e-308, -0x1.6232bdd7abcd2p+9},
                                             {1e-300, -0x1.5963447f87fb5p+9},
                                             {0.001, -0x1.ba18a998fffa0p+2},
                                             {0.5, -0x1.62e42fefa39efp-1},
                                             {0.7071067811865475, -0x1.62e42fefa39f1p-2},
                                             {0.7071067811865476, -0x1.62e42fefa39eep-2},
                                             {0.99999999, -0x1.5798ee5cd2b2ap-27},
                                             {0.9999999999999999, -0x1p-53},
                                             {1.0000000000000002, 0x1.fffffffffffffp-53},
                                             {1.3, 0x1.0ca937be1b9dcp-2},
                                             {1.4142135623730951, 0x1.62e42fefa39f0p-2},
                                             {1.5, 0x1.9f323ecbf984cp-2},
                                             {2, 0x1.62e42fefa39efp-1},
                                             {3, 0x1.193ea7aad030bp+0},
                                             {10, 0x1.26bb1bbb55516p+1},
                                             {1e22, 0x1.95414621954fep+5},
                                             {1.7976931348623157e308, 0x1.62e42fefa39efp+9}}));
  CAPTURE(known.x, natural_log(known.x));
  CHECK(ulps_apart(natural_log(known.x), known.y) <= 1);
}

TEST_CASE("the logarithm agrees with the C library to two ulps over the whole range", "[core][base][property]") {
  double x = 0x1p-1070;
  for (int i = 0; i < 4600; ++i, x *= 1.37) {  // up to 2^1019
    CAPTURE(x);
    REQUIRE(ulps_apart(natural_log(x), std::log(x)) <= 2);
  }
}

TEST_CASE("the logarithm of 1 is 0, and its edges follow IEEE 754", "[core][base]") {
  CHECK(natural_log(1) == 0);
  CHECK(natural_log(0.0) == -infinity);
  CHECK(natural_log(-0.0) == -infinity);
  CHECK(natural_log(infinity) == infinity);
  CHECK(std::isnan(natural_log(-1)));
  CHECK(std::isnan(natural_log(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("normal quantiles match 60-digit values in the centre, the tails and the far tails",
          "[core][base][property]") {
  // Right column: mpmath 1.3 with 60 digits, rounded to double.
  const auto known = GENERATE(values<Known>({{0.5001, 0x1.06d6ca8553fc0p-12},
                                             {0.55, 0x1.015abc78e92d5p-3},
                                             {0.6, 0x1.036d6c4a04b59p-2},
                                             {0.75, 0x1.5956b87528a49p-1},
                                             {0.3, -0x1.0c7e39582c5fbp-1},
                                             {0.1, -0x1.4813c36e26d32p+0},
                                             {0.0749999, -0x1.70852e475e819p+0},
                                             {0.075, -0x1.7085226d3e524p+0},
                                             {0.025, -0x1.f5c0331eeff85p+0},
                                             {0.001, -0x1.8b8cbb7204471p+1},
                                             {1e-5, -0x1.10f3f8843a3d9p+2},
                                             {1e-8, -0x1.672b074435e3dp+2},
                                             {1.4e-11, -0x1.aa07c04a264fbp+2},
                                             {1.3e-11, -0x1.aaba256709820p+2},
                                             {1e-20, -0x1.2865170b43a4cp+3},
                                             {1e-100, -0x1.546010d755221p+4},
                                             {1e-300, -0x1.286074064c26ep+5},
                                             {0x1p-1074, -0x1.33bd3f27fcd03p+5}}));
  CAPTURE(known.x, normal_quantile(known.x));
  CHECK(ulps_apart(normal_quantile(known.x), known.y) <= 4);
}

TEST_CASE("the normal CDF takes a quantile back to its probability", "[core][base][property]") {
  for (int i = 1; i < 4000; ++i) {
    const double p = i / 4000.0;
    CAPTURE(p);
    REQUIRE(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)) == Approx(p).epsilon(4e-15));
  }
}

TEST_CASE("normal quantiles mirror around one half to the bit and rise with p", "[core][base][property]") {
  CHECK(normal_quantile(0.5) == 0);
  double last = -infinity;
  for (int i = 1; i < 65536; ++i) {
    const double p = i / 65536.0;  // 1 - p is exact
    CAPTURE(p);
    REQUIRE(normal_quantile(1 - p) == -normal_quantile(p));
    REQUIRE(normal_quantile(p) > last);
    last = normal_quantile(p);
  }
}

TEST_CASE("normal quantiles of 0 and 1 are infinite, outside there is none", "[core][base]") {
  CHECK(normal_quantile(0) == -infinity);
  CHECK(normal_quantile(1) == infinity);
  for (const double p : {-0.1, 1.1, infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(std::isnan(normal_quantile(p)));
  }
}

}  // namespace
