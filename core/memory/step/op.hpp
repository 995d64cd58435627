// The operations that make storages, named as PyTorch's dispatcher names them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace qlab::step {

enum class Op : std::uint8_t {
  init,
  absmax,
  add,
  addmm,
  arange,
  bmm,
  cast,
  cat,
  clone,
  constant_pad_nd,
  cos,
  cumsum,
  dequantize,
  div,
  efficient_attention,
  efficient_attention_backward,
  embedding,
  embedding_dense_backward,
  flash_attention,
  flash_attention_backward,
  foreach_sqrt,
  gelu,
  gelu_backward,
  le,
  gt,
  logical_and,
  log_softmax,
  log_softmax_backward_data,
  mean,
  mm,
  mul,
  native_dropout,
  native_dropout_backward,
  native_layer_norm,
  native_layer_norm_backward,
  neg,
  new_ones,
  nll_loss_backward,
  nll_loss_forward,
  ones,
  ones_like,
  pow,
  reciprocal,
  rsqrt,
  rsub,
  scalar_tensor,
  silu,
  silu_backward,
  sin,
  slice_backward,
  softmax,
  softmax_backward_data,
  sub,
  sum,
  tanh,
  tanh_backward,
  tensor,
  relu,
  threshold_backward,
  where,
  zeros,
  zeros_like
};

const char* name_of(Op op);  ///< "_to_copy", "mm"

}  // namespace qlab::step
