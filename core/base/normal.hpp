// The inverse normal CDF and the logarithm it needs, through IEEE + - * / and sqrt only: the same bits on every
// machine and on the GPU, which no libm promises. NF4's levels and the generated normal tensors are built on it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/base/hd.hpp"

namespace qlab {

namespace normal_detail {
// Device code may use constants made by the host's library, but not call it.
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double smallest_normal = std::numeric_limits<double>::min();
}  // namespace normal_detail

/// ln x, within 1 ulp. 0 gives -infinity, a negative number or NaN gives NaN.
/// x = 2^k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s) with s = (m - 1) / (m + 1), |s| < 0.1716; the series'
/// first omitted term is below 2^-57 of the sum.
QLAB_HD inline double natural_log(double x) {
  using namespace normal_detail;
  if (!(x > 0)) return x == 0 ? -infinity : not_a_number;
  if (x == infinity) return x;
  int exponent = 0;
  if (x < smallest_normal) {  // denormal: 2^54 x has a whole mantissa
    x *= 18014398509481984.0;
    exponent = -54;
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  // Adding the distance from sqrt(1/2) to 1 moves the carry into the exponent exactly where m would pass sqrt(2).
  constexpr std::uint64_t one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd;
  bits += one - sqrt_half;
  exponent += static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0x000fffffffffffff) + sqrt_half;
  double m = 0;
  std::memcpy(&m, &bits, sizeof m);

  const double f = m - 1;  // exact
  const double s = f / (2 + f);
  const double z = s * s;
  double series = 2.0 / 23;  // 2/3 z + 2/5 z^2 + ...
  series = series * z + 2.0 / 21;
  series = series * z + 2.0 / 19;
  series = series * z + 2.0 / 17;
  series = series * z + 2.0 / 15;
  series = series * z + 2.0 / 13;
  series = series * z + 2.0 / 11;
  series = series * z + 2.0 / 9;
  series = series * z + 2.0 / 7;
  series = series * z + 2.0 / 5;
  series = series * z + 2.0 / 3;
  series = series * z;
  // 2 s = f - s f, so ln m = f - (f^2/2 - s (f^2/2 + series)): the rounded quotient only enters small terms.
  const double half_square = 0.5 * f * f;
  constexpr double ln2_high = 0x1.62e42feep-1;  // 32 bits: times any exponent it is exact
  constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  return exponent * ln2_high - ((half_square - (s * (half_square + series) + exponent * ln2_low)) - f);
}

namespace normal_detail {

/// c0 + c1 x + c2 x^2 ..., Horner's way.
QLAB_HD constexpr double polynomial(double, double constant) { return constant; }
template <class... Higher>
QLAB_HD constexpr double polynomial(double x, double constant, Higher... higher) {
  return constant + x * polynomial(x, higher...);
}

// Wichura's three rational approximations: the centre, the tails, and the tails beyond e^-25.
QLAB_HD inline double centre(double r) {
  return polynomial(r, 3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4,
                    2.5090809287301226727e3) /
         polynomial(r, 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3);
}
QLAB_HD inline double tail(double r) {
  return polynomial(r, 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                    2.27238449892691845833e-2, 7.74545014278341407640e-4) /
         polynomial(r, 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                    1.05075007164441684324e-9);
}
QLAB_HD inline double far_tail(double r) {
  return polynomial(r, 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                    2.71155556874348757815e-5, 2.01033439929228813265e-7) /
         polynomial(r, 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                    2.04426310338993978564e-15);
}

}  // namespace normal_detail

/// The x with P(N(0,1) <= x) = p. 0 and 1 give -infinity and +infinity, anything outside NaN.
/// Source: Wichura 1988, Algorithm AS 241 (PPND16); relative error about 1e-16.
QLAB_HD inline double normal_quantile(double p) {
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) return q * normal_detail::centre(0.180625 - q * q);
  const double smaller = q < 0 ? p : 1 - p;
  using namespace normal_detail;
  if (!(smaller > 0)) return smaller == 0 ? (q < 0 ? -infinity : infinity) : not_a_number;
  const double r = std::sqrt(-natural_log(smaller));
  const double x = r <= 5 ? normal_detail::tail(r - 1.6) : normal_detail::far_tail(r - 5);
  return q < 0 ? -x : x;
}

}  // namespace qlab
