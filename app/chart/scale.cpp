#include "app/chart/scale.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qlab::chart {

double tame(double value, bool logarithmic) {
  if (!std::isfinite(value) || (logarithmic && value < 1e-300)) return std::numeric_limits<double>::quiet_NaN();
  if (std::abs(value) < 1e-300) return 0;
  return std::clamp(value, -1e300, 1e300);
}

double Scale::operator()(double value) const {
  if (std::isnan(value)) return value;
  const double share =
      logarithmic ? (std::log10(value) - std::log10(lo)) / (std::log10(hi) - std::log10(lo)) : (value - lo) / (hi - lo);
  return std::clamp(from + share * (to - from), -1e6, 1e6);
}

double Scale::value_at(double pixel) const {
  const double share = (pixel - from) / (to - from);
  return logarithmic ? std::pow(10, std::log10(lo) + share * (std::log10(hi) - std::log10(lo)))
                     : lo + share * (hi - lo);
}

}  // namespace qlab::chart
