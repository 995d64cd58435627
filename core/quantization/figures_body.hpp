// The sums behind the error figures: which values are added, and in which order, on a processor and on a GPU alike.
// A tensor is cut into pieces; a piece has lanes that add every 16th value; lanes are added in order, then pieces.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "core/base/hd.hpp"

namespace qlab::body {

inline constexpr std::int64_t figure_piece = 16384;
inline constexpr int figure_lanes = 16;  ///< independent, so that vector units of any width add in the same order

struct FigureSums {
  double square_error = 0;
  double error = 0;
  double square = 0;
  double max_error = 0;

  QLAB_HD void add_value(float original, float decoded) {
    const double x = original;
    const double e = std::fabs(x - static_cast<double>(decoded));
    square_error += e * e;
    error += e;
    square += x * x;
    max_error = e > max_error ? e : max_error;
  }
  QLAB_HD void add(const FigureSums& more) {
    square_error += more.square_error;
    error += more.error;
    square += more.square;
    max_error = max_error < more.max_error ? more.max_error : max_error;
  }
};

/// One lane of a piece of `count` values.
QLAB_HD inline FigureSums lane_sums(const float* original, const float* decoded, std::int64_t count, int lane) {
  FigureSums sums;
  for (std::int64_t i = lane; i < count; i += figure_lanes) sums.add_value(original[i], decoded[i]);
  return sums;
}

}  // namespace qlab::body
