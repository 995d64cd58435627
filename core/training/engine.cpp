#include "core/training/engine.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace qlab::training {
namespace {

constexpr std::int64_t wanted_pieces = 16;  // of a product, so that threads end together
constexpr std::int64_t packed_at_once = 32768;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

Engine::Engine(int threads, const kernels::KernelSet& set)
    : set_(set),
      team_(threads),
      scratch_(
          memory_.floats(team_.threads() * kernels::product_rows * kernels::product_depth, MemoryKind::temporary)) {}

std::int64_t Engine::panel_floats(std::int64_t depth, std::int64_t columns) const {
  return divide_up(columns, set_.product.tile_columns) * set_.product.tile_columns * depth;
}

void Engine::multiply(const Matrix& a, const Matrix& b, const kernels::ProductTarget& target) {
  QLAB_CHECK(a.columns == b.rows);
  const kernels::ProductKernels& product = set_.product;
  const std::int64_t depth = b.rows;
  const std::int64_t panels = divide_up(b.columns, product.tile_columns);
  Buffer packed = memory_.floats(panel_floats(depth, b.columns), MemoryKind::temporary);
  const std::int64_t some = std::max<std::int64_t>(1, packed_at_once / (depth * product.tile_columns));
  team_.for_each_piece(panels, some, [&](std::int64_t first, std::int64_t last, int) {
    product.pack_right(b.operand(), depth, b.columns, first, last, packed.data());
  });

  // Pieces of rows; where there are few rows, of columns too.
  const std::int64_t row_pieces = divide_up(a.rows, kernels::product_rows);
  const std::int64_t column_pieces = std::clamp<std::int64_t>(wanted_pieces / row_pieces, 1, panels);
  team_.for_each_piece(row_pieces * column_pieces, 1, [&](std::int64_t piece, std::int64_t, int worker) {
    const std::int64_t row = piece / column_pieces * kernels::product_rows;
    const std::int64_t part = piece % column_pieces;
    const std::int64_t first = part * panels / column_pieces * product.tile_columns;
    const std::int64_t last =
        std::min<std::int64_t>(b.columns, (part + 1) * panels / column_pieces * product.tile_columns);
    const kernels::Packed right{packed.data() + first * depth, depth};
    const std::int64_t rows = std::min(kernels::product_rows, a.rows - row);
    product.multiply(a.rows_from(row, rows).operand(), right, rows, depth, last - first,
                     {target.data + row * target.stride + first, target.stride, target.factor, target.add},
                     scratch_of(worker));
  });
}

void Engine::pack(const Matrix& b, float* packed) const {
  set_.product.pack_right(b.operand(), b.rows, b.columns, 0, divide_up(b.columns, set_.product.tile_columns), packed);
}

void Engine::multiply_packed(const Matrix& a, const kernels::Packed& b, std::int64_t columns,
                             const kernels::ProductTarget& target, int worker) {
  for (std::int64_t row = 0; row < a.rows; row += kernels::product_rows) {
    const std::int64_t rows = std::min(kernels::product_rows, a.rows - row);
    set_.product.multiply(a.rows_from(row, rows).operand(), b, rows, a.columns, columns,
                          {target.data + row * target.stride, target.stride, target.factor, target.add},
                          scratch_of(worker));
  }
}

}  // namespace qlab::training
