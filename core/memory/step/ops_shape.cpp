#include <algorithm>
#include <vector>

#include "core/memory/step/ops.hpp"

namespace qlab::step {
namespace {

/// A view's place in the graph: `back` turns the gradient of the view into that of the viewed.
template <class Back>
Tensor as_view(Tape& tape, const Tensor& x, Tensor result, Back back) {
  if (tape.records(x)) {
    tape.record({&result}, {&x},
                [back = std::move(back)](Tape& t, Node&, Gradients& in, Gradients& out) { out[0] = back(t, in[0]); });
  }
  return result;
}

}  // namespace

Tensor view(Tape& tape, const Tensor& x, const Sizes& sizes) {
  Strides strides{};
  QLAB_CHECK(view_strides(x.sizes(), x.strides(), sizes, strides));
  return as_view(tape, x, x.alias(sizes, strides),
                 [from = x.sizes()](Tape& t, const Tensor& gradient) { return reshape(t, gradient, from); });
}

Tensor reshape(Tape& tape, const Tensor& x, const Sizes& sizes) {
  Strides strides{};
  if (view_strides(x.sizes(), x.strides(), sizes, strides)) return view(tape, x, sizes);
  Tensor copy = tape.make(Op::clone, x.sizes(), x.dtype());
  if (tape.records(x)) {
    tape.record({&copy}, {&x}, [](Tape&, Node&, Gradients& in, Gradients& out) { out[0] = in[0]; });
  }
  return view(tape, copy, sizes);
}

Tensor transpose(Tape& tape, const Tensor& x, int a, int b) {
  Sizes sizes = x.sizes();
  Strides strides = x.strides();
  std::swap(sizes[a], sizes[b]);
  std::swap(strides[a < 0 ? sizes.dims + a : a], strides[b < 0 ? sizes.dims + b : b]);
  return as_view(tape, x, x.alias(sizes, strides),
                 [a, b](Tape& t, const Tensor& gradient) { return transpose(t, gradient, a, b); });
}

Tensor slice_last(Tape& tape, const Tensor& x, std::int32_t from, std::int32_t to) {
  if (from == 0 && to == x.sizes()[-1]) return x;
  Sizes sizes = x.sizes();
  sizes[-1] = to - from;
  return as_view(tape, x, x.alias(sizes, x.strides()), [whole = x.sizes()](Tape& t, const Tensor& gradient) {
    return t.make(Op::slice_backward, whole, gradient.dtype());
  });
}

Tensor expand(Tape& tape, const Tensor& x, const Sizes& sizes) {
  if (x.sizes() == sizes) return x;
  Strides strides{};
  const int shift = sizes.dims - x.sizes().dims;
  for (int i = shift; i < sizes.dims; ++i) {
    if (x.sizes().at[i - shift] == sizes.at[i]) strides[i] = x.strides()[i - shift];
  }
  return as_view(tape, x, x.alias(sizes, strides),
                 [from = x.sizes()](Tape& t, const Tensor& gradient) { return sum_to(t, gradient, from); });
}

void split_last(Tape& tape, const Tensor& x, std::initializer_list<std::pair<Tensor*, std::int32_t>> pieces) {
  std::vector<Tensor*> outputs;
  for (const auto& [piece, width] : pieces) {
    Sizes sizes = x.sizes();
    sizes[-1] = width;
    *piece = x.alias(sizes, x.strides());
    outputs.push_back(piece);
  }
  if (!tape.records(x)) return;
  const auto backward = [whole = x.sizes(), dtype = x.dtype()](Tape& t, Node&, Gradients&, Gradients& out) {
    out[0] = t.make(Op::cat, whole, dtype);
  };
  if (outputs.size() == 2) return tape.record({outputs[0], outputs[1]}, {&x}, backward);
  QLAB_CHECK(outputs.size() == 3);
  tape.record({outputs[0], outputs[1], outputs[2]}, {&x}, backward);
}

Tensor sum_to(Tape& tape, const Tensor& x, const Sizes& sizes) {
  Sizes reduced = x.sizes();
  const int shift = reduced.dims - sizes.dims;
  for (int i = 0; i < reduced.dims; ++i) {
    if (i < shift || sizes.at[i - shift] == 1) reduced.at[i] = 1;
  }
  Tensor result = reduced == x.sizes() ? x : tape.make(Op::sum, reduced, x.dtype());
  return result.sizes() == sizes ? result : reshape(tape, result, sizes);
}

Tensor mean_last(Tape& tape, const Tensor& a) {
  Sizes sizes = a.sizes();
  sizes[-1] = 1;
  Tensor out = tape.make(Op::mean, sizes, a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [whole = a.sizes()](Tape& t, Node&, Gradients& in, Gradients& result) {
      result[0] = t.make(Op::div, whole, in[0].dtype());
    });
  }
  return out;
}

Tensor softmax(Tape& tape, const Tensor& a, Dtype dtype) {
  // On a GPU the softmax of fp16 scores writes fp32 itself; those of bf16 are cast first.
  const bool fused = a.dtype() == Dtype::f16 && dtype == Dtype::f32;
  const Tensor input = fused ? a : cast(tape, a, dtype);
  Tensor out = tape.make(Op::softmax, a.sizes(), dtype);
  if (tape.records(input)) {
    tape.record({&out}, {&input},
                [s = tape.save(out), back = input.dtype()](Tape& t, Node&, Gradients& in, Gradients& result) mutable {
                  const Tensor kept = s.unpack(t);
                  result[0] = t.make(Op::softmax_backward_data, kept.sizes(), back);
                  t.kernel_temporary(rounded_allocation(in[0].count() * bytes_of(in[0].dtype())));  // gradient * output
                });
  }
  return out;
}

Tensor layer_norm(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const bool recorded = tape.records(x, weight, bias);
  Sizes statistics = x.sizes();
  statistics[-1] = 1;
  Saved saved_bias = tape.save_if(recorded, bias);
  Saved saved_input = tape.save_if(recorded, x);
  Saved saved_weight = tape.save_if(recorded, weight);
  Tensor out = tape.make(Op::native_layer_norm, x.sizes(), x.dtype());
  Tensor rstd;
  const Tensor mean = tape.make(Op::native_layer_norm, statistics, Dtype::f32);
  rstd = tape.make(Op::native_layer_norm, statistics, Dtype::f32);
  if (recorded) {
    tape.record({&out}, {&x, &weight, &bias},
                [sr = tape.save(rstd), sm = tape.save(mean), sw = std::move(saved_weight), si = std::move(saved_input),
                 sb = std::move(saved_bias)](Tape& t, Node& node, Gradients&, Gradients& result) mutable {
                  const Tensor b = sb.unpack(t);
                  const Tensor input = si.unpack(t);
                  const Tensor w = sw.unpack(t);
                  const Tensor m = sm.unpack(t);
                  const Tensor r = sr.unpack(t);
                  const Op op = Op::native_layer_norm_backward;
                  if (node.wants(0)) result[0] = t.make(op, input.sizes(), input.dtype());
                  if (node.wants(1)) result[1] = t.make(op, w.sizes(), w.dtype());
                  if (node.wants(2)) result[2] = t.make(op, b.sizes(), b.dtype());
                });
  }
  return out;
}

Tensor cat_last(Tape& tape, const Tensor& a_narrow, const Tensor& b_narrow) {
  // Autocast's widest type counts; without autocast the types are the same.
  const Dtype dtype = a_narrow.dtype() == b_narrow.dtype() ? a_narrow.dtype() : Dtype::f32;
  const Tensor a = cast(tape, a_narrow, dtype);
  const Tensor b = cast(tape, b_narrow, dtype);
  Sizes sizes = a.sizes();
  const std::int32_t middle = sizes[-1];
  sizes[-1] += b.sizes()[-1];
  Tensor out = tape.make(Op::cat, sizes, dtype);
  if (tape.records(a, b)) {
    tape.record({&out}, {&a, &b}, [middle](Tape& t, Node& node, Gradients& in, Gradients& result) {
      if (node.wants(0)) result[0] = slice_last(t, in[0], 0, middle);
      if (node.wants(1)) result[1] = slice_last(t, in[0], middle, in[0].sizes()[-1]);
    });
  }
  return out;
}

}  // namespace qlab::step
