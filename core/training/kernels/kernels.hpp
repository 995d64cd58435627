// The inner loops of training, one set an instruction set: those of matrix products and those along rows. A set is a
// table of functions, chosen at run time. Loops along rows give the same bits in every set; products too wherever the
// set has a fused multiply-add (portable has not, and differs in the last bits). No function allocates, starts a
// thread or can fail. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace qlab::kernels {

/// A matrix in memory: element (i, j) lies at data[i * row_stride + j * column_stride]. One of the strides is 1 where
/// it should be fast; swapping them transposes.
struct Operand {
  const float* data;
  std::int64_t row_stride;
  std::int64_t column_stride;
};

/// What becomes of a product's sums: data[i * stride + j] = factor * sum, added to what is there if `add`.
struct ProductTarget {
  float* data;
  std::int64_t stride;
  float factor = 1;
  bool add = false;
};

inline constexpr std::int64_t product_depth = 256;  ///< longest run of k between two looks at the target
inline constexpr std::int64_t product_rows = 24;    ///< rows that multiply() takes at once: a whole number of tiles

/// B of a product, packed: panels of `tile_columns` columns, `depth` lines each.
struct Packed {
  const float* data;
  std::int64_t depth;
};

/// C = A B, A of [rows, depth], B of [depth, columns]. B is packed first, in panels of `tile_columns`.
struct ProductKernels {
  int tile_rows;
  int tile_columns;
  /// Panels [first_panel, last_panel) of b, each depth * tile_columns floats of `packed`; columns past b's are zero.
  void (*pack_right)(const Operand& b, std::int64_t depth, std::int64_t columns, std::int64_t first_panel,
                     std::int64_t last_panel, float* packed);
  /// Up to product_rows rows of a by the first `columns` columns of b; of both the first `depth` of k. `scratch`:
  /// product_rows * product_depth floats.
  void (*multiply)(const Operand& a, const Packed& b, std::int64_t rows, std::int64_t depth, std::int64_t columns,
                   const ProductTarget& target, float* scratch);
};

/// What an AdamW step needs beside the tensors.
struct AdamwStep {
  float beta1, beta2, epsilon;
  float decay;      ///< 1 - lr * weight_decay
  float step_size;  ///< lr / (1 - beta1^t)
  float root;       ///< sqrt(1 - beta2^t)
};

struct SoftmaxSum {
  float largest;  ///< of the row
  float sum;      ///< of exp(x - largest)
};

/// Loops along rows. Sums run in 16 lanes, then over the lanes in order.
struct RowKernels {
  /// out[i] = e^x[i], within 2 units of the last place; x is held to [-87, 88].
  void (*exponential)(const float* x, std::int64_t count, float* out);
  /// row[0, valid) becomes its softmax, row[valid, width) zero: the row of a causal mask.
  void (*softmax)(float* row, std::int64_t valid, std::int64_t width);
  /// gradient[j] = p[j] * (gradient[j] - sum of p * gradient), j < valid, in place.
  void (*softmax_backward)(const float* p, float* gradient, std::int64_t valid);
  /// row becomes factor * (softmax(row) - 1 at `label`): the gradient of a cross-entropy.
  SoftmaxSum (*cross_entropy)(float* row, std::int64_t label, std::int64_t width, float factor);
  /// The same sums, nothing written.
  SoftmaxSum (*softmax_sum)(const float* row, std::int64_t width);
  /// out = w * x * inverse, inverse[row] = 1 / sqrt(mean of x^2 + epsilon).
  void (*rms_norm)(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t width,
                   float* out, float* inverse);
  /// dx += the gradient through the norm; dweight += that of the weight, unless it is nullptr.
  void (*rms_norm_backward)(const float* x, const float* weight, const float* inverse, const float* dout,
                            std::int64_t rows, std::int64_t width, float* dx, float* dweight);
  /// out = silu(gate) * up.
  void (*swiglu)(const float* gate, const float* up, std::int64_t count, float* out);
  /// gate and up become their own gradients.
  void (*swiglu_backward)(float* gate, float* up, const float* dout, std::int64_t count);
  /// Rotates pairs (i, i + size / 2) of `heads` vectors of `size` by the angles whose cosines and sines are given;
  /// `back` rotates the other way.
  void (*rotate)(float* row, std::int64_t heads, std::int64_t size, const float* cosine, const float* sine, bool back);
  /// to += factor * from.
  void (*add)(const float* from, float factor, std::int64_t count, float* to);
  /// Sum of squares; in fp32 lanes, so of a few thousand values at a time.
  float (*square_sum)(const float* x, std::int64_t count);
  /// Loshchilov and Hutter 2019, in PyTorch's order of operations.
  void (*adamw)(const AdamwStep& step, const float* gradient, std::int64_t count, float* parameter, float* m, float* v);
};

}  // namespace qlab::kernels
