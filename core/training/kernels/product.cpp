// The inner loops of a matrix product: operands packed into panels, and a tile of sums kept in registers. Compiled once
// per instruction set; here a*b+c may be fused, which is the one thing in which the sets differ: each sum runs over k
// in order, so AVX2 and AVX-512 give the same bits. After Goto and van de Geijn 2008, "Anatomy of high-performance
// matrix multiplication".
#include "core/training/kernels/kernels.hpp"
#include "core/training/kernels/vector.hpp"

namespace qlab::kernels::QLAB_SET {
namespace {

// The largest tile whose sums, with two vectors of b and one of a, stay in registers.
constexpr int vectors = 2;
constexpr int tile_rows = native_lanes == 16 ? 12 : 4;
constexpr int tile_columns = vectors * native_lanes;
constexpr std::int64_t line = 16;  // floats of a cache line

/// Four runs of `from`, each `stride` apart, become four columns of `to`, whose rows are `width` long.
QLAB_INLINE void transpose_4_by_4(const float* from, std::int64_t stride, float* to, std::int64_t width) {
  const Four a = load<Four>(from);
  const Four b = load<Four>(from + stride);
  const Four c = load<Four>(from + 2 * stride);
  const Four d = load<Four>(from + 3 * stride);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to, Four(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5)));
  store(to + width, Four(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7)));
  store(to + 2 * width, Four(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5)));
  store(to + 3 * width, Four(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)));
}

/// out[k * width + i] = element i of line k, for i < count; zero beyond. `step` apart in i, `stride` apart in k.
template <int width>
QLAB_INLINE void pack_panel(const float* from, std::int64_t step, std::int64_t stride, std::int64_t count,
                            std::int64_t depth, float* out) {
  if (step == 1 && count == width) {
    for (std::int64_t k = 0; k < depth; ++k) {
      for (int i = 0; i < width; i += 4) store(out + k * width + i, load<Four>(from + k * stride + i));
    }
    return;
  }
  const std::int64_t fours = stride == 1 ? count / 4 * 4 : 0;
  // A cache line of each of four runs at a time, so that every line is read once and written while it is near.
  for (std::int64_t start = 0; start < depth; start += line) {
    const std::int64_t end = depth - start < line ? depth : start + line;
    for (std::int64_t i = 0; i < fours; i += 4) {
      std::int64_t k = start;
      for (; k + 4 <= end; k += 4) transpose_4_by_4(from + i * step + k, step, out + k * width + i, width);
      for (; k < end; ++k) {
        for (int one = 0; one < 4; ++one) out[k * width + i + one] = from[(i + one) * step + k];
      }
    }
    for (std::int64_t k = start; k < end; ++k) {
      for (std::int64_t i = fours; i < count; ++i) out[k * width + i] = from[i * step + k * stride];
      for (std::int64_t i = count; i < width; ++i) out[k * width + i] = 0;
    }
  }
}

/// The product of a panel of a and a panel of b, of which `used` vectors count.
template <int used>
__attribute__((noinline)) void multiply_tile(const float* a, const float* b, std::int64_t depth,
                                             const ProductTarget& target, std::int64_t rows, std::int64_t columns) {
  Native sum[tile_rows][used] = {};
  for (std::int64_t k = 0; k < depth; ++k, a += tile_rows, b += tile_columns) {
    Native right[used];
#pragma GCC unroll 16
    for (int v = 0; v < used; ++v) right[v] = load<Native>(b + v * native_lanes);
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; ++i) {
#pragma GCC unroll 16
      for (int v = 0; v < used; ++v) sum[i][v] += a[i] * right[v];
    }
  }
  const Native factor = target.factor - Native{};
  if (rows == tile_rows && columns == used * native_lanes) {
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; ++i) {
#pragma GCC unroll 16
      for (int v = 0; v < used; ++v) {
        float* const place = target.data + i * target.stride + v * native_lanes;
        store(place, target.add ? load<Native>(place) + factor * sum[i][v] : factor * sum[i][v]);
      }
    }
    return;
  }
  float tile[tile_rows * used * native_lanes];
#pragma GCC unroll 16
  for (int i = 0; i < tile_rows; ++i) {
#pragma GCC unroll 16
    for (int v = 0; v < used; ++v) store(tile + (i * used + v) * native_lanes, sum[i][v]);
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      float& place = target.data[i * target.stride + j];
      const float value = tile[i * used * native_lanes + j];
      place = target.add ? place + target.factor * value : target.factor * value;
    }
  }
}

static_assert(product_rows % tile_rows == 0, "the scratch holds whole tiles");

void pack_right(const Operand& b, std::int64_t depth, std::int64_t columns, std::int64_t first_panel,
                std::int64_t last_panel, float* packed) {
  for (std::int64_t panel = first_panel; panel < last_panel; ++panel) {
    const std::int64_t first = panel * tile_columns;
    const std::int64_t count = columns - first < tile_columns ? columns - first : tile_columns;
    pack_panel<tile_columns>(b.data + first * b.column_stride, b.column_stride, b.row_stride, count, depth,
                             packed + panel * tile_columns * depth);
  }
}

void multiply(const Operand& a, const Packed& b, std::int64_t rows, std::int64_t depth, std::int64_t columns,
              const ProductTarget& target, float* scratch) {
  const std::int64_t blocks = (depth + product_depth - 1) / product_depth;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t first = block * depth / blocks;
    const std::int64_t count = (block + 1) * depth / blocks - first;
    for (std::int64_t i = 0; i < rows; i += tile_rows) {
      const std::int64_t some = rows - i < tile_rows ? rows - i : tile_rows;
      pack_panel<tile_rows>(a.data + i * a.row_stride + first * a.column_stride, a.row_stride, a.column_stride, some,
                            count, scratch + i * count);
    }
    for (std::int64_t j = 0; j < columns; j += tile_columns) {
      const std::int64_t wide = columns - j < tile_columns ? columns - j : tile_columns;
      const float* const right = b.data + j * b.depth + first * tile_columns;
      for (std::int64_t i = 0; i < rows; i += tile_rows) {
        const std::int64_t some = rows - i < tile_rows ? rows - i : tile_rows;
        const ProductTarget part{target.data + i * target.stride + j, target.stride, target.factor,
                                 target.add || block > 0};
        if (wide > native_lanes) {
          multiply_tile<vectors>(scratch + i * count, right, count, part, some, wide);
        } else {
          multiply_tile<1>(scratch + i * count, right, count, part, some, wide);
        }
      }
    }
  }
}

}  // namespace

extern const ProductKernels product_kernels;
const ProductKernels product_kernels = {tile_rows, tile_columns, pack_right, multiply};

}  // namespace qlab::kernels::QLAB_SET
