// Singular values, and the best approximation of a matrix by one of low rank: what LoRA bets on. By Eigen's
// divide-and-conquer decomposition in double precision, on one thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"

namespace qlab {

/// M [rows, columns] = U diag(values) V^T with k = min(rows, columns).
struct Decomposition {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;  ///< [k], the largest first
  std::vector<double> left;    ///< U [rows, k], row-major
  std::vector<double> right;   ///< V [columns, k], row-major

  std::int64_t rank() const { return static_cast<std::int64_t>(values.size()); }
  double norm() const;  ///< Frobenius: sqrt of the sum of all squares
};

/// `matrix` is row-major. Errors: bad_argument for a length that is not rows * columns, for no rows or columns, and for
/// values that are not finite.
Result<Decomposition> decompose(std::span<const float> matrix, std::int64_t rows, std::int64_t columns);

/// Norm of what is left of the matrix when the first `rank` singular values are taken off, over the matrix's norm: no
/// matrix of that rank comes closer (Eckart and Young 1936). 0 for a matrix of zeros.
double best_relative_error(const Decomposition& decomposition, std::int64_t rank);

/// A matrix of low rank as LoRA holds it: B A with B [rows, rank] and A [rank, columns], row-major.
struct LowRank {
  std::int64_t rank = 0;
  std::vector<float> a;
  std::vector<float> b;
};

/// The best approximation of rank `rank`, the singular values shared evenly between A and B.
LowRank best_approximation(const Decomposition& decomposition, std::int64_t rank);

/// A [rows, columns] matrix with these singular values (at most min(rows, columns) of them, the rest are 0) and random
/// directions that are the same for the same seed.
std::vector<float> matrix_of_spectrum(std::span<const double> values, std::int64_t rows, std::int64_t columns,
                                      std::uint64_t seed);

}  // namespace qlab
