#include "core/training/attention.hpp"

#include <algorithm>
#include <cmath>

namespace qlab::training {
namespace {

constexpr std::int64_t row_block = kernels::product_rows;  // of queries at once; keys past their end are skipped

/// One key head of one sequence, and the query heads that read it.
struct Group {
  const AttentionShape& shape;
  std::int64_t sequence;
  std::int64_t key_head;

  Group(const AttentionShape& all, std::int64_t piece)
      : shape(all), sequence(piece / all.key_heads), key_head(piece % all.key_heads) {}

  std::int64_t heads() const { return shape.heads / shape.key_heads; }
  std::int64_t head(std::int64_t i) const { return key_head * heads() + i; }
  std::int64_t key_place() const { return sequence * shape.length * shape.key_width() + key_head * shape.head_dim; }
  std::int64_t query_place(std::int64_t i) const {
    return sequence * shape.length * shape.query_width() + head(i) * shape.head_dim;
  }
  std::int64_t probability_place(std::int64_t i) const {
    return (sequence * shape.heads + head(i)) * shape.length * shape.length;
  }
  Matrix keys(const float* k) const { return {k + key_place(), shape.length, shape.head_dim, shape.key_width()}; }
  Matrix queries(const float* q, std::int64_t i) const {
    return {q + query_place(i), shape.length, shape.head_dim, shape.query_width()};
  }
};

/// Memory for `floats` floats of every thread.
struct WorkerFloats {
  WorkerFloats(Engine& engine, std::int64_t floats)
      : each((floats + 15) / 16 * 16),
        all(engine.memory().floats(each * engine.team().threads(), MemoryKind::temporary)) {}
  float* of(int worker) { return all.data() + worker * each; }

  std::int64_t each;
  Buffer all;
};

float score_scale(const AttentionShape& shape) {
  return static_cast<float>(1 / std::sqrt(static_cast<double>(shape.head_dim)));
}

}  // namespace

void attention_forward(Engine& engine, const AttentionShape& shape, const float* q, const float* k, const float* v,
                       float* probabilities, float* out) {
  const std::int64_t T = shape.length;
  const float scale = score_scale(shape);
  WorkerFloats packed_keys(engine, engine.panel_floats(shape.head_dim, T));
  WorkerFloats packed_values(engine, engine.panel_floats(T, shape.head_dim));
  engine.team().for_each_piece(shape.batch * shape.key_heads, 1, [&](std::int64_t piece, std::int64_t, int worker) {
    const Group group(shape, piece);
    engine.pack(group.keys(k).transposed(), packed_keys.of(worker));
    engine.pack(group.keys(v), packed_values.of(worker));
    const kernels::Packed keys{packed_keys.of(worker), shape.head_dim};
    const kernels::Packed values{packed_values.of(worker), T};
    for (std::int64_t i = 0; i < group.heads(); ++i) {
      float* const p = probabilities + group.probability_place(i);
      for (std::int64_t row = 0; row < T; row += row_block) {
        const std::int64_t rows = std::min(row_block, T - row);
        const std::int64_t seen = row + rows;
        engine.multiply_packed(group.queries(q, i).rows_from(row, rows), keys, seen, {p + row * T, T, scale}, worker);
        for (std::int64_t t = row; t < seen; ++t) engine.rows().softmax(p + t * T, t + 1, T);
        engine.multiply_packed({p + row * T, rows, seen, T}, values, shape.head_dim,
                               {out + group.query_place(i) + row * shape.query_width(), shape.query_width()}, worker);
      }
    }
  });
}

void attention_backward(Engine& engine, const AttentionShape& shape, const float* q, const float* k, const float* v,
                        const float* probabilities, const float* dout, float* dq, float* dk, float* dv) {
  const std::int64_t T = shape.length;
  const std::int64_t hd = shape.head_dim;
  const float scale = score_scale(shape);
  WorkerFloats packed_values(engine, engine.panel_floats(hd, T));
  WorkerFloats packed_keys(engine, engine.panel_floats(T, hd));
  WorkerFloats packed_rows(engine, engine.panel_floats(row_block, hd));
  WorkerFloats scores(engine, row_block * T);
  engine.team().for_each_piece(shape.batch * shape.key_heads, 1, [&](std::int64_t piece, std::int64_t, int worker) {
    const Group group(shape, piece);
    engine.pack(group.keys(v).transposed(), packed_values.of(worker));
    engine.pack(group.keys(k), packed_keys.of(worker));
    const kernels::Packed values{packed_values.of(worker), hd};
    const kernels::Packed keys{packed_keys.of(worker), T};
    float* const ds = scores.of(worker);
    float* const key_gradient = dk + group.key_place();
    float* const value_gradient = dv + group.key_place();
    for (std::int64_t t = 0; t < T; ++t) {
      std::fill_n(key_gradient + t * shape.key_width(), hd, 0.0F);
      std::fill_n(value_gradient + t * shape.key_width(), hd, 0.0F);
    }
    for (std::int64_t i = 0; i < group.heads(); ++i) {
      const float* const p = probabilities + group.probability_place(i);
      for (std::int64_t row = 0; row < T; row += row_block) {
        const std::int64_t rows = std::min(row_block, T - row);
        const std::int64_t seen = row + rows;
        const kernels::Packed some{packed_rows.of(worker), rows};
        const Matrix d = group.queries(dout, i).rows_from(row, rows);
        engine.pack(d, packed_rows.of(worker));
        const Matrix p_rows{p + row * T, rows, seen, T};
        engine.multiply_packed(p_rows.transposed(), some, hd, {value_gradient, shape.key_width(), 1, true}, worker);
        engine.multiply_packed(d, values, seen, {ds, T}, worker);
        for (std::int64_t t = 0; t < rows; ++t) {
          engine.rows().softmax_backward(p + (row + t) * T, ds + t * T, row + t + 1);
          std::fill(ds + t * T + row + t + 1, ds + t * T + seen, 0.0F);
        }
        const Matrix ds_rows{ds, rows, seen, T};
        engine.multiply_packed(ds_rows, keys, hd,
                               {dq + group.query_place(i) + row * shape.query_width(), shape.query_width(), scale},
                               worker);
        engine.pack(group.queries(q, i).rows_from(row, rows), packed_rows.of(worker));
        engine.multiply_packed(ds_rows.transposed(), some, hd, {key_gradient, shape.key_width(), scale, true}, worker);
      }
    }
  });
}

}  // namespace qlab::training
