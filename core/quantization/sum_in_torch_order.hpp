// PyTorch's order of summation on one thread, so that a mean of fp32 numbers is that library's own to the bit.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace qlab {

/// The fp32 sum of contiguous numbers as torch.sum adds them on an x86-64 CPU: 8 lanes by 4 rows of partial sums in a
/// cascade of 4 levels (each level takes over the one below after a fixed number of steps), then rows, then the numbers
/// that fill no lane, then lanes. Source: observed order of PyTorch 2.x, pinned by golden tests.
float sum_in_torch_order(std::span<const float> numbers);

/// The same sum of numbers that come in parts; their count, which sets the order, is known before.
class TorchOrderSum {
 public:
  explicit TorchOrderSum(std::int64_t count);
  void add(std::span<const float> numbers);  ///< the next ones, any number of them
  float sum() const;                         ///< once `count` numbers were added

 private:
  static constexpr int lanes = 8;
  static constexpr int rows = 4;
  static constexpr int row_size = lanes * rows;
  static constexpr int levels = 4;
  using Partial = std::array<float, row_size>;

  void take(const float* row);
  static void accumulate(Partial& to, const float* numbers);

  std::int64_t count_;
  int power_;  ///< a level hands its sum up after 2^power_ steps
  std::int64_t step_ = 0;
  std::array<Partial, levels> sums_{};
  std::array<float, row_size> rest_{};  ///< numbers that fill no row yet
  int rest_count_ = 0;
};

}  // namespace qlab
