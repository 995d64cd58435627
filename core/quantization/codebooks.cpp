#include "core/quantization/codebooks.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/normal.hpp"

namespace qlab {
namespace {

/// `count` fp32 numbers from first to last as PyTorch spaces them: each half counted from its own end, multiply and add
/// fused.
std::vector<float> evenly_spaced(float first, float last, int count) {
  const float step = (last - first) / static_cast<float>(count - 1);
  std::vector<float> points(count);
  for (int i = 0; i < count; ++i) {
    points[i] = i < count / 2 ? std::fma(step, static_cast<float>(i), first)
                              : std::fma(-step, static_cast<float>(count - 1 - i), last);
  }
  return points;
}

}  // namespace

NormalFloatSteps normal_float_levels(double offset, bool extra_value) {
  NormalFloatSteps steps;
  const auto probabilities = [&](int count) {
    std::vector<double> points(count);
    for (int i = 0; i < count; ++i) points[i] = offset - i * (offset - 0.5) / count;
    return points;
  };
  steps.positive_probabilities = probabilities(extra_value ? 8 : 7);
  steps.negative_probabilities = probabilities(7);
  for (const double p : steps.negative_probabilities) steps.quantiles.push_back(-normal_quantile(p));
  steps.quantiles.push_back(0);
  for (const double p : steps.positive_probabilities) steps.quantiles.push_back(normal_quantile(p));
  std::sort(steps.quantiles.begin(), steps.quantiles.end());
  steps.largest = steps.quantiles.back();
  for (const double quantile : steps.quantiles) steps.levels.push_back(quantile / steps.largest);
  return steps;
}

std::vector<float> normal_float_codebook(double offset, bool extra_value) {
  std::vector<float> levels = {0};
  const auto add_side = [&](int count, double sign) {
    const std::vector<float> probabilities = evenly_spaced(static_cast<float>(offset), 0.5F, count + 1);
    for (int i = 0; i < count; ++i) levels.push_back(static_cast<float>(sign * normal_quantile(probabilities[i])));
  };
  add_side(extra_value ? 8 : 7, +1);
  add_side(7, -1);
  std::sort(levels.begin(), levels.end());
  const float largest = levels.back();
  for (float& level : levels) level /= largest;
  return levels;
}

std::vector<float> mirrored15_codebook() {
  std::vector<float> levels = normal_float_codebook(nf4_offset, false);
  for (float& level : levels) level = static_cast<float>(std::round(level * 1e7) / 1e7);
  return levels;
}

std::vector<float> fp4_codebook() {
  std::vector<float> levels;
  for (int code = 0; code < 16; ++code) {
    const int exponent = (code >> 1) & 3;
    const float mantissa = static_cast<float>(code & 1);
    const float twelfths = exponent == 0 ? mantissa / 16 : (1 + mantissa / 2) * static_cast<float>(16 >> exponent);
    const float level = twelfths / 12;
    levels.push_back(code >= 8 && level != 0 ? -level : level);
  }
  return levels;
}

std::vector<float> dynamic_map(bool is_signed) {
  // One over the decade's top, exact; 1 / 1000000 and so on then round to double as the literals 1e-6 and so on do.
  double inverse_top = 1000000;
  std::vector<float> levels = {0, 1};
  for (int decade = 0; decade < 7; ++decade) {
    const int parts = (is_signed ? 1 : 2) << decade;
    const std::vector<float> edges = evenly_spaced(0.1F, 1, parts + 1);
    for (int i = 0; i < parts; ++i) {
      const float centre = static_cast<float>(1 / inverse_top) * ((edges[i] + edges[i + 1]) / 2);
      levels.push_back(centre);
      if (is_signed) levels.push_back(-centre);
    }
    inverse_top /= 10;
  }
  std::sort(levels.begin(), levels.end());
  return levels;
}

std::vector<float> decision_bounds(std::span<const float> ascending_levels) {
  std::vector<float> bounds;
  for (std::size_t i = 1; i < ascending_levels.size(); ++i) {
    bounds.push_back((ascending_levels[i - 1] + ascending_levels[i]) / 2);
  }
  return bounds;
}

}  // namespace qlab
