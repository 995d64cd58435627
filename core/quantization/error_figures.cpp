#include "core/quantization/error_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/normal.hpp"
#include "core/base/parallel.hpp"

namespace qlab {
namespace {

constexpr std::int64_t piece_values = 16384;
constexpr int lanes = 16;  // independent sums, so that vector units of any width add in the same order

struct Sums {
  double square_error = 0;
  double error = 0;
  double square = 0;
  double max_error = 0;
};

Sums sums_of(const float* original, const float* decoded, std::int64_t count) {
  std::array<double, lanes> square_error{};
  std::array<double, lanes> error{};
  std::array<double, lanes> square{};
  std::array<double, lanes> max_error{};
  const auto add = [&](std::int64_t i, int lane) {
    const double x = original[i];
    const double e = std::abs(x - static_cast<double>(decoded[i]));
    square_error[lane] += e * e;
    error[lane] += e;
    square[lane] += x * x;
    max_error[lane] = e > max_error[lane] ? e : max_error[lane];
  };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int lane = 0; lane < lanes; ++lane) add(i + lane, lane);
  }
  for (int lane = 0; i < count; ++i, ++lane) add(i, lane);
  Sums sums;
  for (int lane = 0; lane < lanes; ++lane) {
    sums.square_error += square_error[lane];
    sums.error += error[lane];
    sums.square += square[lane];
    sums.max_error = std::max(sums.max_error, max_error[lane]);
  }
  return sums;
}

double log10_of(double x) { return natural_log(x) / natural_log(10); }
double log2_of(double x) { return natural_log(x) / natural_log(2); }

/// 2^x without libm, whose last bit depends on the processor: the whole part is exact, the rest is e's series.
double power_of_two(double x) {
  const double whole = std::floor(x + 0.5);
  const double y = (x - whole) * natural_log(2);
  double sum = 1;
  for (int n = 16; n > 0; --n) sum = 1 + y / n * sum;
  return std::ldexp(sum, static_cast<int>(whole));
}

}  // namespace

Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded, int threads) {
  if (original.size() != decoded.size() || original.empty()) {
    return Error{Errc::bad_argument, fmt::format("{} values are compared with {}", original.size(), decoded.size()), "",
                 "use two tensors of the same size, at least one value"};
  }
  const auto count = static_cast<std::int64_t>(original.size());
  std::vector<Sums> pieces((count + piece_values - 1) / piece_values);
  for_each_piece(count, piece_values, threads, [&](std::int64_t first, std::int64_t last) {
    pieces[first / piece_values] = sums_of(original.data() + first, decoded.data() + first, last - first);
  });
  Sums total;
  for (const Sums& piece : pieces) {
    total.square_error += piece.square_error;
    total.error += piece.error;
    total.square += piece.square;
    total.max_error = std::max(total.max_error, piece.max_error);
  }
  ErrorFigures figures;
  figures.mse = total.square_error / static_cast<double>(count);
  figures.mae = total.error / static_cast<double>(count);
  figures.max_error = total.max_error;
  figures.sqnr_db = total.square_error == 0 ? std::numeric_limits<double>::infinity()
                                            : 10 * log10_of(total.square / total.square_error);
  figures.relative_frobenius = total.square_error == 0 ? 0 : std::sqrt(total.square_error / total.square);
  return figures;
}

CodeUsage code_usage(std::span<const std::uint8_t> codes, int code_count) {
  CodeUsage usage;
  usage.counts.resize(code_count);
  for (const std::uint8_t code : codes) ++usage.counts.at(code);
  for (const std::int64_t count : usage.counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(codes.size());
    usage.entropy_bits -= share * log2_of(share);
  }
  return usage;
}

double gaussian_rate_distortion_bound(double sigma, double bits) { return sigma * sigma * power_of_two(-2 * bits); }

}  // namespace qlab
