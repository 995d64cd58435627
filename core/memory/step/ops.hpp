// PyTorch's operations on symbolic tensors: what each allocates, what it saves for backward, and what its backward
// allocates, in the order in which the real one does. Shapes are in PyTorch's order; B batch, S sequence, H heads,
// D values a head. An operation under autocast takes its inputs as they are after autocast's casts (lower()).
// What a backward function captures goes from its last capture to its first: the order in which PyTorch lets go.
// Source: the derivative formulas and operator implementations of PyTorch 2.x, checked against traces of its
// dispatcher. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "core/memory/step/tape.hpp"

namespace qlab::step {

// --- views: no storage, but a place in the graph ------------------------------------------------------------------
Tensor view(Tape& tape, const Tensor& x, const Sizes& sizes);  ///< QLAB_CHECKs that it is one
Tensor transpose(Tape& tape, const Tensor& x, int a, int b);
Tensor slice_last(Tape& tape, const Tensor& x, std::int32_t from, std::int32_t to);  ///< of the last dimension
Tensor expand(Tape& tape, const Tensor& x, const Sizes& sizes);
/// Pieces of the last dimension, as split and chunk give them; backward joins their gradients.
void split_last(Tape& tape, const Tensor& x, std::initializer_list<std::pair<Tensor*, std::int32_t>> pieces);

/// A new tensor of x's sizes in x's order of dimensions, without gaps, as empty_like makes it.
Tensor make_like(Tape& tape, Op op, const Tensor& x, Dtype dtype);

// --- copies ---------------------------------------------------------------------------------------------------------
Tensor cast(Tape& tape, const Tensor& x, Dtype dtype);            ///< x itself where it has that type
Tensor clone(Tape& tape, const Tensor& x);                        ///< keeps the memory format
Tensor contiguous(Tape& tape, const Tensor& x);                   ///< x itself where it is
Tensor reshape(Tape& tape, const Tensor& x, const Sizes& sizes);  ///< a view where there is one, else a copy
Tensor sum_to(Tape& tape, const Tensor& x, const Sizes& sizes);
/// What autocast hands to an operation of its 16-bit list: a cast of x, kept for the whole region if x is a leaf: a
/// trainable parameter, or the input of a layer that is recomputed. x itself without autocast or in 16 bits.
Tensor lower(Tape& tape, const Tensor& x);

// --- element by element
// -----------------------------------------------------------------------------------------------
Tensor add(Tape& tape, const Tensor& a, const Tensor& b);
Tensor sub(Tape& tape, const Tensor& a, const Tensor& b);
Tensor mul(Tape& tape, const Tensor& a, const Tensor& b);
Tensor add_scalar(Tape& tape, const Tensor& a);
Tensor mul_scalar(Tape& tape, const Tensor& a);
Tensor div_scalar(Tape& tape, const Tensor& a);
Tensor pow_scalar(Tape& tape, const Tensor& a);
Tensor rsqrt(Tape& tape, const Tensor& a);
Tensor neg(Tape& tape, const Tensor& a);
Tensor tanh(Tape& tape, const Tensor& a);
Tensor relu(Tape& tape, const Tensor& a);
Tensor silu(Tape& tape, const Tensor& a);
Tensor gelu(Tape& tape, const Tensor& a);
Tensor dropout(Tape& tape, const Tensor& a, double probability);
Tensor unary_no_grad(Tape& tape, Op op, const Tensor& a);
/// Without history: [from, to), arange, masks and the like.
Tensor broadcast_no_grad(Tape& tape, Op op, const Tensor& a, const Tensor& b, Dtype dtype);

// --- reductions, normalisation, joining ---------------------------------------------------------------------------
Tensor mean_last(Tape& tape, const Tensor& a);             ///< of the last dimension, kept as 1
Tensor softmax(Tape& tape, const Tensor& a, Dtype dtype);  ///< over the last dimension, in that type
Tensor layer_norm(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor cat_last(Tape& tape, const Tensor& a, const Tensor& b);  ///< along the last dimension

// --- products -------------------------------------------------------------------------------------------------------
Tensor mm(Tape& tape, const Tensor& a, const Tensor& b);                         ///< [n,k] x [k,m]
Tensor addmm(Tape& tape, const Tensor& bias, const Tensor& a, const Tensor& b);  ///< the same plus a row
Tensor bmm(Tape& tape, const Tensor& a, const Tensor& b);                        ///< [n,p,k] x [n,k,m]
Tensor matmul(Tape& tape, const Tensor& a, const Tensor& b);                     ///< of 4 dimensions, in batches
/// x [..., inputs] times weight [outputs, inputs] transposed, plus a bias if defined.
Tensor linear(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor embedding(Tape& tape, const Tensor& weight, const Tensor& indices);

// --- attention ------------------------------------------------------------------------------------------------------
/// q [B,H,S,D], k and v [B,kv_heads,S,D].
Tensor flash_attention(Tape& tape, const Tensor& q, const Tensor& k, const Tensor& v, double dropout);
/// q, k, v [B,H,S,D]; `mask` may be undefined.
Tensor efficient_attention(Tape& tape, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                           double dropout);

/// Cross entropy of logits [tokens, vocabulary] against labels [tokens].
Tensor cross_entropy(Tape& tape, const Tensor& logits, const Tensor& labels);

/// The product of bitsandbytes' Linear4bit: the weight [outputs, inputs] is decoded into x's type for the product,
/// forward and backward, with fp32 buffers of one value per 64 weights beside it: one, forward two if `nested`.
/// `keeps_input`: the graph holds x, as bitsandbytes 0.41 did.
Tensor linear_4bit(Tape& tape, const Tensor& x, std::int64_t outputs, const Tensor& bias, bool nested,
                   bool keeps_input);

}  // namespace qlab::step
