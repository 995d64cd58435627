// The loops along rows: exponential, softmax, norms, gate, rotation, optimizer. Compiled once per instruction set and
// never fused; sums run in 16 lanes whatever the registers hold, so that every set gives the same bits.
#include "core/training/kernels/kernels.hpp"
#include "core/training/kernels/vector.hpp"

namespace qlab::kernels::QLAB_SET {
namespace {

constexpr int lanes = 16;
using Sixteen = float __attribute__((vector_size(lanes * sizeof(float)), aligned(4), may_alias));
using Bits = std::int32_t __attribute__((vector_size(lanes * sizeof(float)), aligned(4), may_alias));

QLAB_INLINE Sixteen all(float value) { return value - Sixteen{}; }

/// `count` < 16 values, the other lanes `filler`.
QLAB_INLINE Sixteen load_part(const float* from, std::int64_t count, float filler) {
  float part[lanes];
  for (int i = 0; i < lanes; ++i) part[i] = i < count ? from[i] : filler;
  return load<Sixteen>(part);
}
QLAB_INLINE void store_part(float* to, std::int64_t count, Sixteen value) {
  float part[lanes];
  store(part, value);
  for (int i = 0; i < count; ++i) to[i] = part[i];
}

/// body(place, count) for runs of 16, then for what is left.
template <class Body>
QLAB_INLINE void for_lanes(std::int64_t count, Body body) {
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(i, lanes);
  if (i < count) body(i, static_cast<int>(count - i));
}
QLAB_INLINE Sixteen load_some(const float* from, int count, float filler) {
  return count == lanes ? load<Sixteen>(from) : load_part(from, count, filler);
}
QLAB_INLINE void store_some(float* to, int count, Sixteen value) {
  if (count == lanes) return store(to, value);
  store_part(to, count, value);
}

QLAB_INLINE float total(Sixteen value) {
  float part[lanes];
  store(part, value);
  float sum = 0;
  for (const float one : part) sum += one;
  return sum;
}

/// e^x = 2^n e^r with n the whole number nearest x / ln 2, |r| <= 0.3466: the series' first omitted term is r^8 / 8!,
/// below 2^-27 of the sum.
QLAB_INLINE Sixteen exponential_of(Sixteen x) {
  x = x < -87.0F ? all(-87.0F) : x;
  x = x > 88.0F ? all(88.0F) : x;
  constexpr float shift = 0x1.8p23F;  // adding it rounds to a whole number, which then stands in the low bits
  const Sixteen shifted = x * 0x1.715476p+0F + shift;
  const Sixteen n = shifted - shift;
  const Sixteen r = (x - n * 0x1.62e4p-1F) - n * 0x1.7f7d1cp-20F;  // ln 2 in two parts, the first exact times n
  Sixteen series = r * (1.0F / 5040) + 1.0F / 720;
  series = series * r + 1.0F / 120;
  series = series * r + 1.0F / 24;
  series = series * r + 1.0F / 6;
  series = series * r + 0.5F;
  series = series * r * r + r + 1.0F;
  const Bits power = (reinterpret_cast<Bits>(shifted) << 23) + 0x3f800000;
  return series * reinterpret_cast<Sixteen>(power);
}

void exponential(const float* x, std::int64_t count, float* out) {
  for_lanes(count, [&](std::int64_t i, int n) { store_some(out + i, n, exponential_of(load_some(x + i, n, 0))); });
}

QLAB_INLINE float largest_of(const float* row, std::int64_t count) {
  Sixteen largest = all(row[0]);
  for_lanes(count, [&](std::int64_t i, int n) {
    const Sixteen x = load_some(row + i, n, row[0]);
    largest = x > largest ? x : largest;
  });
  float part[lanes];
  store(part, largest);
  float result = part[0];
  for (const float one : part) result = one > result ? one : result;
  return result;
}

/// e^(x - largest) of each into `out`, and their sum.
QLAB_INLINE float exponentials(const float* row, std::int64_t count, float largest, float* out) {
  Sixteen sum = {};
  for_lanes(count, [&](std::int64_t i, int n) {
    Sixteen e = exponential_of(load_some(row + i, n, largest) - largest);
    store_some(out + i, n, e);
    if (n < lanes) e = load_part(out + i, n, 0);
    sum += e;
  });
  return total(sum);
}

void softmax(float* row, std::int64_t valid, std::int64_t width) {
  const float scale = 1.0F / exponentials(row, valid, largest_of(row, valid), row);
  for (std::int64_t j = 0; j < valid; ++j) row[j] *= scale;
  for (std::int64_t j = valid; j < width; ++j) row[j] = 0;
}

void softmax_backward(const float* p, float* gradient, std::int64_t valid) {
  Sixteen sum = {};
  for_lanes(valid, [&](std::int64_t i, int n) { sum += load_some(p + i, n, 0) * load_some(gradient + i, n, 0); });
  const float mean = total(sum);
  for (std::int64_t j = 0; j < valid; ++j) gradient[j] = p[j] * (gradient[j] - mean);
}

SoftmaxSum cross_entropy(float* row, std::int64_t label, std::int64_t width, float factor) {
  const float largest = largest_of(row, width);
  const float sum = exponentials(row, width, largest, row);
  const float scale = factor / sum;
  for (std::int64_t j = 0; j < width; ++j) row[j] *= scale;
  row[label] -= factor;
  return {largest, sum};
}

SoftmaxSum softmax_sum(const float* row, std::int64_t width) {
  const float largest = largest_of(row, width);
  Sixteen sum = {};
  for_lanes(width, [&](std::int64_t i, int n) {
    float e[lanes];
    store(e, exponential_of(load_some(row + i, n, largest) - largest));
    sum += load_part(e, n, 0);
  });
  return {largest, total(sum)};
}

void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t width, float* out,
              float* inverse) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, out += width) {
    Sixteen sum = {};
    for_lanes(width, [&](std::int64_t i, int n) {
      const Sixteen one = load_some(x + i, n, 0);
      sum += one * one;
    });
    const float scale = 1.0F / __builtin_sqrtf(total(sum) / static_cast<float>(width) + epsilon);
    inverse[row] = scale;
    for (std::int64_t j = 0; j < width; ++j) out[j] = weight[j] * (x[j] * scale);
  }
}

// With g = dout * w and s = 1 / rms:  dx = s g - x s^3 (g . x) / width.
void rms_norm_backward(const float* x, const float* weight, const float* inverse, const float* dout, std::int64_t rows,
                       std::int64_t width, float* dx, float* dweight) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, dout += width, dx += width) {
    Sixteen sum = {};
    for_lanes(width, [&](std::int64_t i, int n) {
      sum += load_some(dout + i, n, 0) * load_some(weight + i, n, 0) * load_some(x + i, n, 0);
    });
    const float scale = inverse[row];
    const float along = scale * scale * scale * total(sum) / static_cast<float>(width);
    for (std::int64_t j = 0; j < width; ++j) dx[j] += scale * (dout[j] * weight[j]) - along * x[j];
    if (dweight == nullptr) continue;
    for (std::int64_t j = 0; j < width; ++j) dweight[j] += dout[j] * (x[j] * scale);
  }
}

void swiglu(const float* gate, const float* up, std::int64_t count, float* out) {
  for_lanes(count, [&](std::int64_t i, int n) {
    const Sixteen g = load_some(gate + i, n, 0);
    store_some(out + i, n, g / (1.0F + exponential_of(-g)) * load_some(up + i, n, 0));
  });
}

// silu' = s + g s (1 - s) with s the logistic function of g.
void swiglu_backward(float* gate, float* up, const float* dout, std::int64_t count) {
  for_lanes(count, [&](std::int64_t i, int n) {
    const Sixteen g = load_some(gate + i, n, 0);
    const Sixteen d = load_some(dout + i, n, 0);
    const Sixteen s = 1.0F / (1.0F + exponential_of(-g));
    store_some(gate + i, n, d * load_some(up + i, n, 0) * (s * (1.0F + g * (1.0F - s))));
    store_some(up + i, n, d * (g * s));
  });
}

void rotate(float* row, std::int64_t heads, std::int64_t size, const float* cosine, const float* sine, bool back) {
  const std::int64_t half = size / 2;
  const float sign = back ? -1.0F : 1.0F;
  for (std::int64_t head = 0; head < heads; ++head, row += size) {
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = row[i];
      const float b = row[i + half];
      const float s = sign * sine[i];
      row[i] = a * cosine[i] - b * s;
      row[i + half] = b * cosine[i] + a * s;
    }
  }
}

void add(const float* from, float factor, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

float square_sum(const float* x, std::int64_t count) {
  Sixteen sum = {};
  for_lanes(count, [&](std::int64_t i, int n) {
    const Sixteen one = load_some(x + i, n, 0);
    sum += one * one;
  });
  return total(sum);
}

void adamw(const AdamwStep& step, const float* gradient, std::int64_t count, float* parameter, float* m, float* v) {
  const AdamwStep s = step;  // a copy that no store can change
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    m[i] = m[i] + (g - m[i]) * (1.0F - s.beta1);
    v[i] = v[i] * s.beta2 + (1.0F - s.beta2) * g * g;
    parameter[i] = parameter[i] * s.decay - s.step_size * (m[i] / (__builtin_sqrtf(v[i]) / s.root + s.epsilon));
  }
}

}  // namespace

extern const RowKernels row_kernels;
const RowKernels row_kernels = {
    exponential, softmax,         softmax_backward, cross_entropy, softmax_sum, rms_norm, rms_norm_backward,
    swiglu,      swiglu_backward, rotate,           add,           square_sum,  adamw};

}  // namespace qlab::kernels::QLAB_SET
