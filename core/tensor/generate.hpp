// Seeded tensors that every machine, thread count and device makes alike: a counter-based generator (Philox4x32-10)
// through IEEE operations only (own logarithm and inverse normal CDF, no libm, no fused multiply-add).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "core/base/result.hpp"

namespace qlab {

enum class Distribution { normal, laplace, student_t, uniform, outliers };

/// Every distribution is scaled to the standard deviation `sigma` where it has one (Student-t: nu > 2; the outliers
/// come on top of a normal of that sigma).
struct GeneratorSpec {
  Distribution distribution = Distribution::normal;
  std::uint64_t seed = 1;
  double sigma = 1;
  int nu = 4;                  ///< student_t: degrees of freedom, 3 to 30
  double outlier_rate = 0.01;  ///< outliers: share of the values, 0 to 1
  double outlier_size = 10;    ///< outliers: their factor, at least 1
};

/// Errors: bad_argument for figures out of range.
Result<Done> check_generator(const GeneratorSpec& spec);

/// Fills out[i] with element first + i of the endless tensor that `spec` names: a piece is the same bits as that piece
/// of the whole. Errors: those of check_generator().
Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out, int threads);

}  // namespace qlab
