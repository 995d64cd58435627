// Where an axis is marked, and with what. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace qlab::chart {

struct Tick {
  double at = 0;
  std::string label;
};

struct Ticks {
  std::vector<Tick> major;
  std::vector<double> minor;  ///< unlabelled, logarithmic axes only
  int exponent = 0;           ///< labels are multiples of 10^exponent, which the axis title must say
};

/// Steps of 1, 2, 5 times a power of ten over [lo, hi], from at most `most` ticks down to one; the caller takes the
/// first whose labels have room. lo < hi, both tame.
std::vector<Ticks> linear_ticks(double lo, double hi, int most);

/// The same for a logarithmic axis: powers of two when `binary` (block sizes), else decades, with 2 and 5 between
/// them when there are few; linear steps over less than a third of a decade.
std::vector<Ticks> logarithmic_ticks(double lo, double hi, bool binary, int most);

}  // namespace qlab::chart
