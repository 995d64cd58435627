#include <algorithm>
#include <numeric>

#include "core/memory/step/ops.hpp"

namespace qlab::step {
namespace {

Dtype promoted(Dtype a, Dtype b) {
  if (a == b) return a;
  if (a == Dtype::f32 || b == Dtype::f32) return Dtype::f32;
  return a == Dtype::f16 || a == Dtype::bf16 ? a : b;
}

/// The strides of `x` as an operand of `sizes`: zero where it is broadcast.
Strides operand_strides(const Tensor& x, const Sizes& sizes) {
  Strides result{};
  const int shift = sizes.dims - x.sizes().dims;
  for (int i = shift; i < sizes.dims; ++i) {
    if (x.sizes().at[i - shift] != 1 || sizes.at[i] == 1) result[i] = x.strides()[i - shift];
  }
  return result;
}

/// Non-overlapping and without gaps: some order of the dimensions is contiguous.
bool is_dense(const Sizes& sizes, const Strides& strides) {
  std::int64_t expected = 1;
  unsigned left = 0;
  for (int i = 0; i < sizes.dims; ++i) left |= sizes.at[i] != 1 ? 1U << i : 0U;
  while (left != 0) {
    int next = -1;
    for (int i = 0; i < sizes.dims; ++i) {
      if ((left >> i & 1U) != 0 && strides[i] == expected) next = i;
    }
    if (next < 0) return false;
    expected *= sizes.at[next];
    left &= ~(1U << next);
  }
  return true;
}

/// The order of dimensions that PyTorch's iterator gives a new output: the inputs' own, innermost first.
Strides output_strides(const Sizes& sizes, const Tensor& a, const Tensor* b) {
  if (b == nullptr || (b->sizes() == a.sizes() && b->strides() == a.strides())) {
    if (a.sizes() == sizes && is_dense(sizes, a.strides())) return a.strides();
  }
  const std::array<Strides, 2> operands{operand_strides(a, sizes),
                                        b != nullptr ? operand_strides(*b, sizes) : Strides{}};
  const int operand_count = b != nullptr ? 2 : 1;
  const auto after = [&](int inner, int outer) {  // 1: `inner` must lie further out, -1: not, 0: open
    for (int i = 0; i < operand_count; ++i) {
      const std::int64_t x = operands[i][inner];
      const std::int64_t y = operands[i][outer];
      if (x == 0 || y == 0) continue;
      if (x != y) return x < y ? -1 : 1;
      if (sizes.at[inner] > sizes.at[outer]) return 1;
    }
    return 0;
  };
  std::array<int, max_dims> order{};
  for (int i = 0; i < sizes.dims; ++i) order[i] = sizes.dims - 1 - i;
  for (int i = 1; i < sizes.dims; ++i) {
    int moving = i;
    for (int j = i - 1; j >= 0; --j) {
      const int comparison = after(order[j], order[moving]);
      if (comparison > 0) {
        std::swap(order[j], order[moving]);
        moving = j;
      } else if (comparison < 0) {
        break;
      }
    }
  }
  Strides result{};
  std::int64_t next = 1;
  for (int i = 0; i < sizes.dims; ++i) {
    result[order[i]] = next;
    next *= sizes.at[order[i]];
  }
  return result;
}

}  // namespace

Tensor make_like(Tape& tape, Op op, const Tensor& x, Dtype dtype) {
  return tape.make(op, x.sizes(), dtype, output_strides(x.sizes(), x, nullptr));
}

namespace {

Tensor binary(Tape& tape, Op op, const Tensor& a, const Tensor& b, Dtype dtype) {
  if (a.sizes() == b.sizes() && a.strides() == b.strides()) return make_like(tape, op, a, dtype);
  const Sizes sizes = broadcast(a.sizes(), b.sizes());
  return tape.make(op, sizes, dtype, output_strides(sizes, a, &b));
}

Tensor plain_mul(Tape& tape, const Tensor& a, const Tensor& b) {
  return binary(tape, Op::mul, a, b, promoted(a.dtype(), b.dtype()));
}

/// Sum and difference: the gradient goes to both as it is, or negated.
Tensor sum_of(Tape& tape, Op op, const Tensor& a, const Tensor& b) {
  Tensor out = binary(tape, op, a, b, promoted(a.dtype(), b.dtype()));
  if (tape.records(a, b)) {
    tape.record({&out}, {&a, &b}, [negate = op == Op::sub](Tape& t, Node& node, Gradients& in, Gradients& result) {
      if (node.wants(1)) result[1] = negate ? make_like(t, Op::neg, in[0], in[0].dtype()) : in[0];
      if (node.wants(0)) result[0] = in[0];
    });
  }
  return out;
}

}  // namespace

Tensor add(Tape& tape, const Tensor& a, const Tensor& b) { return sum_of(tape, Op::add, a, b); }
Tensor sub(Tape& tape, const Tensor& a, const Tensor& b) { return sum_of(tape, Op::sub, a, b); }

Tensor mul(Tape& tape, const Tensor& a, const Tensor& b) {
  const bool recorded = tape.records(a, b);
  Saved saved_a = tape.save_if(recorded && b.requires_grad(), a);
  Saved saved_b = tape.save_if(recorded && a.requires_grad(), b);
  Tensor out = plain_mul(tape, a, b);
  if (recorded) {
    tape.record({&out}, {&a, &b},
                [sa = std::move(saved_a), sb = std::move(saved_b)](Tape& t, Node& node, Gradients& in,
                                                                   Gradients& result) mutable {
                  const Tensor first = node.wants(1) ? sa.unpack(t) : Tensor{};
                  const Tensor second = node.wants(0) ? sb.unpack(t) : Tensor{};
                  if (node.wants(1)) result[1] = plain_mul(t, in[0], first);
                  if (node.wants(0)) result[0] = plain_mul(t, in[0], second);
                });
  }
  return out;
}

Tensor add_scalar(Tape& tape, const Tensor& a) {
  Tensor out = make_like(tape, Op::add, a, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [](Tape&, Node&, Gradients& in, Gradients& result) { result[0] = in[0]; });
  }
  return out;
}

Tensor mul_scalar(Tape& tape, const Tensor& a) {
  Tensor out = make_like(tape, Op::mul, a, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [](Tape& t, Node&, Gradients& in, Gradients& result) {
      result[0] = make_like(t, Op::mul, in[0], in[0].dtype());
    });
  }
  return out;
}

Tensor div_scalar(Tape& tape, const Tensor& a) {
  Tensor out = make_like(tape, Op::div, a, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [](Tape& t, Node&, Gradients& in, Gradients& result) {
      result[0] = make_like(t, Op::div, in[0], in[0].dtype());
    });
  }
  return out;
}

Tensor pow_scalar(Tape& tape, const Tensor& a) {
  const bool recorded = tape.records(a);
  Saved saved = tape.save_if(recorded, a);
  Tensor out = make_like(tape, Op::pow, a, a.dtype());
  if (recorded) {
    tape.record({&out}, {&a},
                [s = std::move(saved)](Tape& t, Node&, Gradients& in, Gradients& result) mutable {  // g * (n x^(n-1))
                  const Tensor x = s.unpack(t);
                  const Tensor power = make_like(t, Op::pow, x, x.dtype());
                  const Tensor factor = make_like(t, Op::mul, power, x.dtype());
                  result[0] = plain_mul(t, in[0], factor);
                });
  }
  return out;
}

Tensor rsqrt(Tape& tape, const Tensor& a) {
  Tensor out = make_like(tape, Op::rsqrt, a, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a},
                [s = tape.save(out)](Tape& t, Node&, Gradients& in, Gradients& result) mutable {  // -1/2 g y^3
                  const Tensor y = s.unpack(t);
                  const Tensor cube = make_like(t, Op::pow, y, y.dtype());
                  const Tensor scaled = make_like(t, Op::mul, in[0], y.dtype());
                  result[0] = plain_mul(t, scaled, cube);
                });
  }
  return out;
}

Tensor neg(Tape& tape, const Tensor& a) {
  Tensor out = make_like(tape, Op::neg, a, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [](Tape& t, Node&, Gradients& in, Gradients& result) {
      result[0] = make_like(t, Op::neg, in[0], in[0].dtype());
    });
  }
  return out;
}

namespace {

/// An activation of one kernel forward and one backward, which needs the input or the result.
Tensor activation(Tape& tape, Op op, Op backward, const Tensor& a, bool saves_result) {
  const bool recorded = tape.records(a);
  Saved saved_input = tape.save_if(recorded && !saves_result, a);
  Tensor out = make_like(tape, op, a, a.dtype());
  if (recorded) {
    Saved saved_result = tape.save_if(saves_result, out);
    tape.record({&out}, {&a},
                [si = std::move(saved_input), sr = std::move(saved_result), saves_result, backward](
                    Tape& t, Node&, Gradients& in, Gradients& result) mutable {
                  const Tensor kept = (saves_result ? sr : si).unpack(t);
                  result[0] = binary(t, backward, in[0], kept, in[0].dtype());
                });
  }
  return out;
}

}  // namespace

Tensor tanh(Tape& tape, const Tensor& a) { return activation(tape, Op::tanh, Op::tanh_backward, a, true); }
Tensor relu(Tape& tape, const Tensor& a) { return activation(tape, Op::relu, Op::threshold_backward, a, true); }
Tensor silu(Tape& tape, const Tensor& a) { return activation(tape, Op::silu, Op::silu_backward, a, false); }
Tensor gelu(Tape& tape, const Tensor& a) { return activation(tape, Op::gelu, Op::gelu_backward, a, false); }

Tensor dropout(Tape& tape, const Tensor& a, double probability) {
  if (probability == 0.0) return a;
  Tensor out = make_like(tape, Op::native_dropout, a, a.dtype());
  const Tensor mask = make_like(tape, Op::native_dropout, a, Dtype::boolean);
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [s = tape.save(mask)](Tape& t, Node&, Gradients& in, Gradients& result) mutable {
      const Tensor kept = s.unpack(t);
      result[0] = binary(t, Op::native_dropout_backward, in[0], kept, in[0].dtype());
    });
  }
  return out;
}

Tensor unary_no_grad(Tape& tape, Op op, const Tensor& a) { return make_like(tape, op, a, a.dtype()); }

Tensor broadcast_no_grad(Tape& tape, Op op, const Tensor& a, const Tensor& b, Dtype dtype) {
  return binary(tape, op, a, b, dtype);
}

Tensor cast(Tape& tape, const Tensor& x, Dtype dtype) {
  if (x.dtype() == dtype) return x;
  Tensor out = make_like(tape, Op::cast, x, dtype);
  if (tape.records(x)) {
    tape.record({&out}, {&x}, [back = x.dtype()](Tape& t, Node&, Gradients& in, Gradients& result) {
      result[0] = cast(t, in[0], back);
    });
  }
  return out;
}

Tensor clone(Tape& tape, const Tensor& x) {
  Tensor out = make_like(tape, Op::clone, x, x.dtype());
  if (tape.records(x)) {
    tape.record({&out}, {&x}, [](Tape&, Node&, Gradients& in, Gradients& result) { result[0] = in[0]; });
  }
  return out;
}

Tensor contiguous(Tape& tape, const Tensor& x) {
  if (x.is_contiguous()) return x;
  Tensor out = tape.make(Op::clone, x.sizes(), x.dtype());
  if (tape.records(x)) {
    tape.record({&out}, {&x}, [](Tape&, Node&, Gradients& in, Gradients& result) { result[0] = in[0]; });
  }
  return out;
}

Tensor lower(Tape& tape, const Tensor& x) {
  if (!tape.autocasts() || x.dtype() != Dtype::f32) return x;
  Leaf* const leaf = x.edge().leaf;
  if (leaf != nullptr && leaf->lowered.defined()) return leaf->lowered;
  Tensor copy = cast(tape, x, tape.autocast_dtype);
  if (tape.record_of(x.storage()).phase == Phase::setup) tape.mark_cast_weight(copy);
  if (leaf != nullptr) {
    leaf->lowered = copy;
    tape.autocast_cache.push_back(leaf);
  }
  return copy;
}

}  // namespace qlab::step
