#include "core/tensor/low_rank.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "core/base/check.hpp"
#include "core/tensor/generate.hpp"

namespace qlab {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowMajorFloats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<double> row_major(const Eigen::MatrixXd& matrix) {
  std::vector<double> values(static_cast<std::size_t>(matrix.size()));
  Eigen::Map<RowMajor>(values.data(), matrix.rows(), matrix.cols()) = matrix;
  return values;
}

double norm_from(std::span<const double> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

/// [rows, columns] with orthonormal columns, columns <= rows: the Q of a matrix of normal values.
Eigen::MatrixXd directions(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  const auto done = generate({.distribution = Distribution::normal, .seed = seed}, 0, values, 1);
  QLAB_CHECK(static_cast<bool>(done));
  const Eigen::MatrixXd random = Eigen::Map<const RowMajorFloats>(values.data(), rows, columns).cast<double>();
  return Eigen::HouseholderQR<Eigen::MatrixXd>(random).householderQ() * Eigen::MatrixXd::Identity(rows, columns);
}

}  // namespace

double Decomposition::norm() const { return norm_from(values); }

Result<Decomposition> decompose(std::span<const float> matrix, std::int64_t rows, std::int64_t columns) {
  if (rows <= 0 || columns <= 0 || static_cast<std::int64_t>(matrix.size()) / columns != rows ||
      static_cast<std::int64_t>(matrix.size()) % columns != 0) {
    return Error{Errc::bad_argument, fmt::format("{} values make no matrix of {} x {}", matrix.size(), rows, columns),
                 "", "give rows times columns of them"};
  }
  const auto bad = std::find_if_not(matrix.begin(), matrix.end(), [](float value) { return std::isfinite(value); });
  if (bad != matrix.end()) {
    const auto at = bad - matrix.begin();
    return Error{Errc::bad_argument,
                 fmt::format("the matrix holds {} in row {}, column {}", *bad, at / columns, at % columns), "",
                 "only finite matrices have singular values"};
  }
  const Eigen::MatrixXd values = Eigen::Map<const RowMajorFloats>(matrix.data(), rows, columns).cast<double>();
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(values, Eigen::ComputeThinU | Eigen::ComputeThinV);
  Decomposition result{rows, columns, {}, row_major(svd.matrixU()), row_major(svd.matrixV())};
  result.values.assign(svd.singularValues().begin(), svd.singularValues().end());
  return result;
}

double best_relative_error(const Decomposition& decomposition, std::int64_t rank) {
  QLAB_CHECK(rank >= 0);
  const double norm = decomposition.norm();
  if (norm == 0) return 0;
  const auto kept = static_cast<std::size_t>(std::min(rank, decomposition.rank()));
  return norm_from(std::span(decomposition.values).subspan(kept)) / norm;
}

LowRank best_approximation(const Decomposition& decomposition, std::int64_t rank) {
  QLAB_CHECK(rank >= 0);
  const auto& [rows, columns, values, left, right] = decomposition;
  const std::int64_t k = decomposition.rank();
  const std::int64_t kept = std::min(rank, k);
  LowRank result;
  result.rank = kept;
  result.a.resize(static_cast<std::size_t>(kept * columns));
  result.b.resize(static_cast<std::size_t>(rows * kept));
  for (std::int64_t i = 0; i < kept; ++i) {
    const double share = std::sqrt(values[static_cast<std::size_t>(i)]);
    for (std::int64_t row = 0; row < rows; ++row) {
      result.b[static_cast<std::size_t>(row * kept + i)] =
          static_cast<float>(left[static_cast<std::size_t>(row * k + i)] * share);
    }
    for (std::int64_t column = 0; column < columns; ++column) {
      result.a[static_cast<std::size_t>(i * columns + column)] =
          static_cast<float>(right[static_cast<std::size_t>(column * k + i)] * share);
    }
  }
  return result;
}

std::vector<float> matrix_of_spectrum(std::span<const double> values, std::int64_t rows, std::int64_t columns,
                                      std::uint64_t seed) {
  const std::int64_t k = std::min(rows, columns);
  QLAB_CHECK(k > 0 && static_cast<std::int64_t>(values.size()) <= k);
  Eigen::VectorXd diagonal = Eigen::VectorXd::Zero(k);
  std::copy(values.begin(), values.end(), diagonal.begin());
  std::vector<float> matrix(static_cast<std::size_t>(rows * columns));
  // Two seeds that no other pair shares with its neighbour's.
  Eigen::Map<RowMajorFloats>(matrix.data(), rows, columns) =
      (directions(rows, k, 2 * seed) * diagonal.asDiagonal() * directions(columns, k, 2 * seed + 1).transpose())
          .cast<float>();
  return matrix;
}

}  // namespace qlab
