#include "core/tensor/generate.hpp"

#include <fmt/format.h>

#include "core/base/check.hpp"
#include "core/base/parallel.hpp"
#include "core/tensor/generate_body.hpp"

namespace qlab {
namespace {

Error out_of_range(const char* name, double value, const char* range) {
  return {Errc::bad_argument, fmt::format("{} is {}", name, value), "", fmt::format("use {}", range)};
}

template <class Element>
void fill(const Element& element, std::int64_t first, std::span<float> out, int threads) {
  for_each_piece(static_cast<std::int64_t>(out.size()), 16384, threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = element(first + i);
  });
}

}  // namespace

// Bounds that keep every value a normal fp32 number, however rare: t with nu = 3 reaches 1e9 sigma.
Result<Done> check_generator(const GeneratorSpec& spec) {
  const auto within = [](double value, double low, double high) { return value >= low && value <= high; };
  if (!within(spec.sigma, 1e-20, 1e20)) return out_of_range("sigma", spec.sigma, "1e-20 to 1e20");
  if (spec.distribution == Distribution::student_t && !within(spec.nu, 3, 30)) {
    return out_of_range("nu", spec.nu, "a whole number from 3 to 30");
  }
  if (spec.distribution == Distribution::outliers) {
    if (!within(spec.outlier_rate, 0, 1)) return out_of_range("outlier_rate", spec.outlier_rate, "0 to 1");
    if (!within(spec.outlier_size, 1, 1e6)) return out_of_range("outlier_size", spec.outlier_size, "1 to 1e6");
  }
  return Done{};
}

Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out, int threads) {
  QLAB_CHECK(first >= 0);
  if (const auto checked = check_generator(spec); !checked) return checked.error();
  visit_element(spec, [&](const auto& element) { fill(element, first, out, threads); });
  return Done{};
}

}  // namespace qlab
