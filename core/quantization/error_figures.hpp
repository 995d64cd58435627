// What quantization did to a tensor, in the field's figures. Sums run in double over a fixed partition in a fixed
// order, so any number of threads and any instruction set gives the same bits. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/quantization/figures_body.hpp"

namespace qlab {

struct ErrorFigures {
  double mse = 0;                 ///< mean squared error, in the unit of the values squared
  double mae = 0;                 ///< mean absolute error
  double max_error = 0;           ///< largest absolute error
  double sqnr_db = 0;             ///< 10 log10(sum x^2 / sum e^2); +infinity without error
  double relative_frobenius = 0;  ///< |e| / |x|
};

/// Errors: those of check_compared().
Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded, int threads);

/// Errors: bad_argument for spans of different lengths or without values.
Result<Done> check_compared(std::span<const float> original, std::span<const float> decoded);

/// The figures that the sums over `count` values mean, at least one.
ErrorFigures figures_of(const body::FigureSums& total, std::int64_t count);

/// The figures of tensors that come in parts: the same bits as error_figures() of the whole, wherever it is cut.
class ErrorFigureSums {
 public:
  /// The next values of both tensors; spans of the same length.
  void add(std::span<const float> original, std::span<const float> decoded, int threads);
  /// Of all values so far, at least one.
  ErrorFigures figures() const;

 private:
  body::FigureSums total_;
  std::int64_t count_ = 0;
  std::vector<float> original_, decoded_;  ///< values that do not fill a piece of the partition yet
};

struct CodeUsage {
  std::vector<std::int64_t> counts;  ///< one a code
  double entropy_bits = 0;           ///< -sum p log2 p
};

/// `code_count` is 2^bits of the format.
CodeUsage code_usage(std::span<const std::uint8_t> codes, int code_count);

/// Distortion that no code of `bits` bits a value can beat on a Gaussian source: sigma^2 * 2^(-2 bits) (Shannon).
double gaussian_rate_distortion_bound(double sigma, double bits);

}  // namespace qlab
