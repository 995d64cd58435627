#include "core/quantization/sum_in_torch_order.hpp"

#include <algorithm>
#include <bit>

#include "core/base/check.hpp"

namespace qlab {
namespace {

/// 2^(the power) rows are added before a level hands its sum up: more for long tensors, so that the levels suffice.
int level_power(std::int64_t steps, int levels) {
  const int bits = steps <= 2 ? 1 : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(steps - 1)));
  return std::max(4, bits / levels);
}

}  // namespace

TorchOrderSum::TorchOrderSum(std::int64_t count) : count_(count), power_(level_power(count / row_size, levels)) {}

void TorchOrderSum::accumulate(Partial& to, const float* numbers) {
  for (int i = 0; i < row_size; ++i) to[i] += numbers[i];
}

void TorchOrderSum::take(const float* row) {
  accumulate(sums_[0], row);
  ++step_;
  const std::int64_t mask = (std::int64_t{1} << power_) - 1;
  for (int level = 1; level < levels && (step_ & (mask << ((level - 1) * power_))) == 0; ++level) {
    accumulate(sums_[level], sums_[level - 1].data());
    sums_[level - 1].fill(0);
  }
}

void TorchOrderSum::add(std::span<const float> numbers) {
  while (!numbers.empty()) {
    if (rest_count_ == 0 && numbers.size() >= row_size) {
      take(numbers.data());
      numbers = numbers.subspan(row_size);
      continue;
    }
    const auto taken = std::min(numbers.size(), static_cast<std::size_t>(row_size - rest_count_));
    std::copy_n(numbers.begin(), taken, rest_.begin() + rest_count_);
    rest_count_ += static_cast<int>(taken);
    numbers = numbers.subspan(taken);
    if (rest_count_ < row_size) continue;
    take(rest_.data());
    rest_count_ = 0;
  }
}

float TorchOrderSum::sum() const {
  QLAB_CHECK(step_ * row_size + rest_count_ == count_);
  Partial sums = sums_[0];
  for (int level = 1; level < levels; ++level) accumulate(sums, sums_[level].data());
  int taken = 0;
  for (; taken + lanes <= rest_count_; taken += lanes) {
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += rest_[taken + lane];
  }
  for (int row = 1; row < rows; ++row) {
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += sums[row * lanes + lane];
  }
  float sum = 0;
  for (; taken < rest_count_; ++taken) sum += rest_[taken];
  for (int lane = 0; lane < lanes; ++lane) sum += sums[lane];
  return sum;
}

float sum_in_torch_order(std::span<const float> numbers) {
  TorchOrderSum sum(static_cast<std::int64_t>(numbers.size()));
  sum.add(numbers);
  return sum.sum();
}

}  // namespace qlab
