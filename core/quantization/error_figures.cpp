#include "core/quantization/error_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/check.hpp"
#include "core/base/normal.hpp"
#include "core/base/parallel.hpp"

namespace qlab {
namespace {

using body::figure_lanes;
using body::FigureSums;

constexpr std::size_t piece_values = body::figure_piece;

/// All lanes of a piece at once, side by side, so that they are added in vectors.
FigureSums sums_of(const float* original, const float* decoded, std::int64_t count) {
  std::array<double, figure_lanes> square_error{};
  std::array<double, figure_lanes> error{};
  std::array<double, figure_lanes> square{};
  std::array<double, figure_lanes> max_error{};
  const auto add = [&](std::int64_t i, int lane) {
    const double x = original[i];
    const double e = std::abs(x - static_cast<double>(decoded[i]));
    square_error[lane] += e * e;
    error[lane] += e;
    square[lane] += x * x;
    max_error[lane] = e > max_error[lane] ? e : max_error[lane];
  };
  std::int64_t i = 0;
  for (; i + figure_lanes <= count; i += figure_lanes) {
    for (int lane = 0; lane < figure_lanes; ++lane) add(i + lane, lane);
  }
  for (int lane = 0; i < count; ++i, ++lane) add(i, lane);
  FigureSums sums;
  for (int lane = 0; lane < figure_lanes; ++lane) {
    sums.add({square_error[lane], error[lane], square[lane], max_error[lane]});
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

void ErrorFigureSums::add(std::span<const float> original, std::span<const float> decoded, int threads) {
  QLAB_CHECK(original.size() == decoded.size());
  count_ += static_cast<std::int64_t>(original.size());
  // The partition starts at the tensor's first value: what is left of the last part comes first.
  const auto take = [&](std::size_t count) {
    original_.insert(original_.end(), original.begin(), original.begin() + static_cast<std::ptrdiff_t>(count));
    decoded_.insert(decoded_.end(), decoded.begin(), decoded.begin() + static_cast<std::ptrdiff_t>(count));
    original = original.subspan(count);
    decoded = decoded.subspan(count);
  };
  if (!original_.empty()) {
    take(std::min(original.size(), piece_values - original_.size()));
    if (original_.size() < piece_values) return;
    total_.add(sums_of(original_.data(), decoded_.data(), static_cast<std::int64_t>(original_.size())));
    original_.clear();
    decoded_.clear();
  }
  std::vector<FigureSums> pieces(original.size() / piece_values);
  const auto whole = static_cast<std::int64_t>(pieces.size() * piece_values);
  for_each_piece(whole, piece_values, threads, [&](std::int64_t first, std::int64_t last) {
    pieces[first / piece_values] = sums_of(original.data() + first, decoded.data() + first, last - first);
  });
  for (const FigureSums& piece : pieces) total_.add(piece);
  original = original.subspan(static_cast<std::size_t>(whole));
  decoded = decoded.subspan(static_cast<std::size_t>(whole));
  take(original.size());
}

ErrorFigures ErrorFigureSums::figures() const {
  FigureSums total = total_;
  if (!original_.empty()) {
    total.add(sums_of(original_.data(), decoded_.data(), static_cast<std::int64_t>(original_.size())));
  }
  return figures_of(total, count_);
}

ErrorFigures figures_of(const FigureSums& total, std::int64_t count) {
  QLAB_CHECK(count > 0);
  const auto values = static_cast<double>(count);
  ErrorFigures figures;
  figures.mse = total.square_error / values;
  figures.mae = total.error / values;
  figures.max_error = total.max_error;
  figures.sqnr_db = total.square_error == 0 ? std::numeric_limits<double>::infinity()
                                            : 10 * log10_of(total.square / total.square_error);
  figures.relative_frobenius = total.square_error == 0 ? 0 : std::sqrt(total.square_error / total.square);
  return figures;
}

Result<Done> check_compared(std::span<const float> original, std::span<const float> decoded) {
  if (original.size() == decoded.size() && !original.empty()) return Done{};
  return Error{Errc::bad_argument, fmt::format("{} values are compared with {}", original.size(), decoded.size()), "",
               "use two tensors of the same size, at least one value"};
}

Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded, int threads) {
  if (const auto checked = check_compared(original, decoded); !checked) return checked.error();
  ErrorFigureSums sums;
  sums.add(original, decoded, threads);
  return sums.figures();
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
