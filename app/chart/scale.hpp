// From values to pixels. SPDX-License-Identifier: MIT
#pragma once

namespace qlab::chart {

/// A finite value within +-1e300 (beyond, a span would overflow); what is smaller than 1e-300 is 0. NaN for what cannot
/// be drawn: NaN, infinity and, on a logarithmic axis, values that are not positive.
double tame(double value, bool logarithmic);

struct Scale {
  bool logarithmic = false;
  double lo = 0, hi = 1;    ///< values, lo < hi; positive when logarithmic
  double from = 0, to = 1;  ///< their pixels

  /// The pixel of a tame value, at most a million pixels away; NaN stays NaN.
  double operator()(double value) const;
  /// The value at a pixel.
  double value_at(double pixel) const;
  double length() const { return to > from ? to - from : from - to; }
};

}  // namespace qlab::chart
