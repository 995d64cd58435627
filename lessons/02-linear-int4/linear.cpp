#include "lessons/02-linear-int4/linear.hpp"

#include <algorithm>
#include <cmath>

namespace qlab::lessons {
namespace {

// Adding 1.5 * 2^23 leaves an fp32 number no room for a fraction, so the addition itself rounds half to even. Codes are
// far below 2^22; std::nearbyint would do the same at a call a value.
float rounded(float x) {
  constexpr float no_fraction = 12582912.0F;
  return (x + no_fraction) - no_fraction;
}

void encode(std::span<const float> values, float lowest_code, float highest_code, LinearTensor& out) {
  out.codes.resize(values.size());
  out.decoded.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float steps = out.scale > 0 ? (values[i] - out.minimum) / out.scale : 0.0F;
    const float code = std::clamp(rounded(steps), lowest_code, highest_code);
    out.codes[i] = static_cast<std::int32_t>(code);
    out.decoded[i] = code * out.scale + out.minimum;
  }
}

}  // namespace

LinearTensor quantize_symmetric(std::span<const float> values, int bits) {
  const auto highest = static_cast<float>((1 << (bits - 1)) - 1);
  float absmax = 0;
  for (const float x : values) absmax = std::max(absmax, std::abs(x));
  LinearTensor out;
  out.scale = absmax / highest;
  encode(values, -highest - 1, highest, out);
  return out;
}

LinearTensor quantize_affine(std::span<const float> values, int bits) {
  const auto highest = static_cast<float>((1 << bits) - 1);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  LinearTensor out;
  out.minimum = *low;
  out.scale = (*high - *low) / highest;
  encode(values, 0, highest, out);
  return out;
}

}  // namespace qlab::lessons
