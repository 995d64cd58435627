// Causal attention of grouped queries, forward and backward. Query head h reads key head h / (heads / key_heads).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/training/config.hpp"
#include "core/training/engine.hpp"

namespace qlab::training {

struct AttentionShape {
  std::int64_t batch;
  std::int64_t length;  ///< T
  std::int64_t heads;
  std::int64_t key_heads;
  std::int64_t head_dim;

  std::int64_t rows() const { return batch * length; }
  std::int64_t query_width() const { return heads * head_dim; }
  std::int64_t key_width() const { return key_heads * head_dim; }
  std::int64_t probabilities() const { return batch * heads * length * length; }
};

/// q [batch, T, heads, head_dim], k and v [batch, T, key_heads, head_dim], q and k already turned.
/// probabilities [batch, heads, T, T]: softmax(q k^T / sqrt(head_dim)), zero above the diagonal; out as q: p v.
void attention_forward(Engine& engine, const AttentionShape& shape, const float* q, const float* k, const float* v,
                       float* probabilities, float* out);

/// Gradients dq, dk, dv (shapes as q, k, v; overwritten) from that of out.
void attention_backward(Engine& engine, const AttentionShape& shape, const float* q, const float* k, const float* v,
                        const float* probabilities, const float* dout, float* dq, float* dk, float* dv);

}  // namespace qlab::training
