#include "core/quantization/sum_in_torch_order.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace qlab {
namespace {

constexpr int lanes = 8;
constexpr int rows = 4;
constexpr int row_size = lanes * rows;
constexpr int levels = 4;

using Partial = std::array<float, row_size>;

void add(Partial& to, const float* numbers) {
  for (int i = 0; i < row_size; ++i) to[i] += numbers[i];
}

/// 2^(the power) rows are added before a level hands its sum up: more for long tensors, so that four levels suffice.
int level_power(std::int64_t steps) {
  const int bits = steps <= 2 ? 1 : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(steps - 1)));
  return std::max(4, bits / levels);
}

Partial cascade(const float* numbers, std::int64_t steps) {
  std::array<Partial, levels> sums{};
  const int power = level_power(steps);
  const std::int64_t handover = std::int64_t{1} << power;
  std::int64_t step = 0;
  while (step + handover <= steps) {
    for (std::int64_t end = step + handover; step < end; ++step) add(sums[0], numbers + step * row_size);
    for (int level = 1; level < levels; ++level) {
      add(sums[level], sums[level - 1].data());
      sums[level - 1].fill(0);
      if ((step & ((handover - 1) << (level * power))) != 0) break;
    }
  }
  for (; step < steps; ++step) add(sums[0], numbers + step * row_size);
  for (int level = 1; level < levels; ++level) add(sums[0], sums[level].data());
  return sums[0];
}

}  // namespace

float sum_in_torch_order(std::span<const float> numbers) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  const std::int64_t vectors = count / lanes;
  const std::int64_t steps = vectors / rows;
  Partial sums = cascade(numbers.data(), steps);
  for (std::int64_t v = steps * rows; v < vectors; ++v) {
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += numbers[v * lanes + lane];
  }
  for (int row = 1; row < rows; ++row) {
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += sums[row * lanes + lane];
  }
  float sum = 0;
  for (std::int64_t i = vectors * lanes; i < count; ++i) sum += numbers[i];
  for (int lane = 0; lane < lanes; ++lane) sum += sums[lane];
  return sum;
}

}  // namespace qlab
