#include "core/tensor/low_rank.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "core/tensor/generate.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

Decomposition decomposed(const std::vector<float>& matrix, std::int64_t rows, std::int64_t columns) {
  auto result = decompose(matrix, rows, columns);
  if (!result) FAIL(result.error().message());
  return *std::move(result);
}

/// Norm of matrix - B A over the norm of the matrix.
double relative_distance(const std::vector<float>& matrix, const LowRank& low, std::int64_t rows,
                         std::int64_t columns) {
  double off = 0, all = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < low.rank; ++k) {
        sum += static_cast<double>(low.b[static_cast<std::size_t>(i * low.rank + k)]) *
               static_cast<double>(low.a[static_cast<std::size_t>(k * columns + j)]);
      }
      const double value = static_cast<double>(matrix[static_cast<std::size_t>(i * columns + j)]);
      off += (value - sum) * (value - sum);
      all += value * value;
    }
  }
  return std::sqrt(off / all);
}

std::vector<float> normal_matrix(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  REQUIRE(generate({.seed = seed}, 0, values, 1));
  return values;
}

TEST_CASE("singular values of matrices that are known on paper", "[core][tensor][golden]") {
  // [3 0; 4 5]: M^T M = [25 20; 20 25], eigenvalues 45 and 5.
  const Decomposition two = decomposed({3, 0, 4, 5}, 2, 2);
  CHECK(two.values[0] == Approx(std::sqrt(45.0)));
  CHECK(two.values[1] == Approx(std::sqrt(5.0)));
  CHECK(two.norm() == Approx(std::sqrt(50.0)));
  CHECK(best_relative_error(two, 1) == Approx(std::sqrt(0.1)));
  CHECK(best_relative_error(two, 2) == 0);
  CHECK(best_relative_error(two, 9) == 0);
  CHECK(best_relative_error(two, 0) == Approx(1));
  // A row times a column.
  const Decomposition outer = decomposed({2, 4, 6, 1, 2, 3}, 2, 3);
  CHECK(outer.values[0] == Approx(std::sqrt(70.0)));
  CHECK(outer.values[1] == Approx(0).margin(1e-12));
  CHECK(decomposed({0, 0}, 1, 2).norm() == 0);
  CHECK(best_relative_error(decomposed({0, 0}, 1, 2), 0) == 0);
}

TEST_CASE("the approximation's distance is what Eckart and Young say, whatever the shape", "[core][tensor][property]") {
  for (const auto& [rows, columns] :
       {std::pair<std::int64_t, std::int64_t>{12, 12}, {40, 9}, {7, 33}, {1, 5}, {5, 1}}) {
    const std::vector<float> matrix = normal_matrix(rows * columns, 3);
    const Decomposition decomposition = decomposed(matrix, rows, columns);
    REQUIRE(decomposition.rank() == std::min(rows, columns));
    for (std::int64_t rank = 0; rank <= decomposition.rank(); ++rank) {
      CAPTURE(rows, columns, rank);
      const LowRank low = best_approximation(decomposition, rank);
      CHECK(relative_distance(matrix, low, rows, columns) ==
            Approx(best_relative_error(decomposition, rank)).margin(1e-6));
      if (rank > 0) CHECK(best_relative_error(decomposition, rank) <= best_relative_error(decomposition, rank - 1));
    }
  }
}

TEST_CASE("no other matrix of the same rank comes closer", "[core][tensor][property]") {
  const std::int64_t n = 16, rank = 3;
  const std::vector<float> matrix = normal_matrix(n * n, 5);
  const Decomposition decomposition = decomposed(matrix, n, n);
  const LowRank best = best_approximation(decomposition, rank);
  const double least = best_relative_error(decomposition, rank);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    LowRank other = best;
    const std::vector<float> nudge = normal_matrix(n * rank, 100 + seed);
    for (std::size_t i = 0; i < nudge.size(); ++i) other.a[i] += 0.05F * nudge[i];
    CHECK(relative_distance(matrix, other, n, n) > least);
  }
}

TEST_CASE("a matrix made of a spectrum has it", "[core][tensor][property]") {
  const std::vector<double> wanted{8, 4, 2, 1, 0.5, 0.25};
  for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{6, 6}, {20, 8}, {6, 50}}) {
    const std::vector<float> matrix = matrix_of_spectrum(wanted, rows, columns, 11);
    const Decomposition decomposition = decomposed(matrix, rows, columns);
    for (std::size_t i = 0; i < decomposition.values.size(); ++i) {
      CHECK(decomposition.values[i] == Approx(i < wanted.size() ? wanted[i] : 0).margin(1e-5));
    }
    CHECK(matrix == matrix_of_spectrum(wanted, rows, columns, 11));
    CHECK(matrix != matrix_of_spectrum(wanted, rows, columns, 12));
  }
}

TEST_CASE("what is no matrix is refused", "[core][tensor]") {
  const std::vector<float> five(5, 1.0F);
  CHECK_FALSE(decompose(five, 2, 3));
  CHECK_FALSE(decompose(five, 0, 5));
  CHECK_FALSE(decompose({}, 0, 0));
  CHECK_FALSE(decompose(five, -1, -5));
  std::vector<float> bad(6, 1.0F);
  bad[4] = std::numeric_limits<float>::quiet_NaN();
  const auto refused = decompose(bad, 2, 3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "the matrix holds nan in row 1, column 1");
}

}  // namespace
