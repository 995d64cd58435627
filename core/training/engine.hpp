// What training computes with: the kernels of this processor, a team of threads, the counted memory, and matrix
// products on all three. The same bits for any number of threads. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/training/kernels/kernel_sets.hpp"
#include "core/training/memory.hpp"
#include "core/training/team.hpp"

namespace qlab::training {

/// A matrix of floats that lies elsewhere; element (i, j) at data[i * row_stride + j * column_stride].
struct Matrix {
  const float* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_stride;
  std::int64_t column_stride = 1;

  /// Row-major without gaps.
  static Matrix dense(const float* data, std::int64_t rows, std::int64_t columns) {
    return {data, rows, columns, columns, 1};
  }
  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  Matrix rows_from(std::int64_t first, std::int64_t count) const {
    return {data + first * row_stride, count, columns, row_stride, column_stride};
  }
  kernels::Operand operand() const { return {data, row_stride, column_stride}; }
};

class Engine {
 public:
  /// On `threads` threads (0: all processors), with the fastest kernels of this processor or those given.
  explicit Engine(int threads, const kernels::KernelSet& set = kernels::kernel_sets().back());

  Memory& memory() { return memory_; }
  Team& team() { return team_; }
  const kernels::RowKernels& rows() const { return set_.rows; }
  const kernels::KernelSet& set() const { return set_; }

  /// target = factor * a b (+ target); a [n, k], b [k, m], target [n, m]. The sum of each element runs over k in order.
  void multiply(const Matrix& a, const Matrix& b, const kernels::ProductTarget& target);

  /// The same within one piece of the team's work, in two halves so that a packed b serves several products. `packed`
  /// is panel_floats(b.rows, b.columns) floats of the worker's own; of it the first a.columns lines and the first
  /// `columns` columns are used.
  void pack(const Matrix& b, float* packed) const;
  void multiply_packed(const Matrix& a, const kernels::Packed& b, std::int64_t columns,
                       const kernels::ProductTarget& target, int worker);
  std::int64_t panel_floats(std::int64_t depth, std::int64_t columns) const;

  /// For loops along rows: body(first, last) for runs of rows that are `width` floats each.
  template <class Body>
  void for_rows(std::int64_t rows, std::int64_t width, const Body& body) {
    const std::int64_t grain = width > row_piece ? 1 : row_piece / width;
    team_.for_each_piece(rows, grain, [&](std::int64_t first, std::int64_t last, int) { body(first, last); });
  }

 private:
  static constexpr std::int64_t row_piece = 16384;  // floats a thread takes at once

  float* scratch_of(int worker) { return scratch_.data() + worker * kernels::product_rows * kernels::product_depth; }

  const kernels::KernelSet& set_;
  Memory memory_;
  Team team_;
  Buffer scratch_;
};

}  // namespace qlab::training
