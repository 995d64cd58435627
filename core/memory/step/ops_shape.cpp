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

Tensor softmax(Tape& tape, const Tensor& a) {
  Tensor out = tape.make(Op::softmax, a.sizes(), a.dtype());
  if (tape.records(a)) {
    tape.record({&out}, {&a}, [s = tape.save(out)](Tape& t, Node&, Gradients&, Gradients& result) mutable {
      const Tensor kept = s.unpack(t);
      result[0] = t.make(Op::softmax_backward_data, kept.sizes(), kept.dtype());
      t.kernel_temporary(rounded_allocation(kept.count() * bytes_of(kept.dtype())));  // gradient times output
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
  const Tensor mean = tape.make(Op::native_layer_norm, statistics, Dtype::f32);
  const Tensor rstd = tape.make(Op::native_layer_norm, statistics, Dtype::f32);
  if (recorded) {
    tape.record(
        {&out}, {&x, &weight, &bias},
        [sb = std::move(saved_bias), si = std::move(saved_input), sw = std::move(saved_weight), sm = tape.save(mean),
         sr = tape.save(rstd)](Tape& t, Node& node, Gradients&, Gradients& result) mutable {
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

Tensor cat_last(Tape& tape, std::initializer_list<const Tensor*> pieces) {
  Sizes sizes = (*pieces.begin())->sizes();
  std::array<std::int32_t, 4> widths{};
  sizes[-1] = 0;
  bool recorded = false;
  std::size_t count = 0;
  for (const Tensor* piece : pieces) {
    widths.at(count++) = piece->sizes()[-1];
    sizes[-1] += piece->sizes()[-1];
    recorded = recorded || tape.records(*piece);
  }
  Tensor out = tape.make(Op::cat, sizes, (*pieces.begin())->dtype());
  if (recorded) {
    const auto backward = [widths](Tape& t, Node& node, Gradients& in, Gradients& result) {
      std::int32_t from = 0;
      for (std::size_t i = 0; i < widths.size() && widths[i] > 0; from += widths[i++]) {
        if (node.wants(static_cast<int>(i))) result[i] = slice_last(t, in[0], from, from + widths[i]);
      }
    };
    const auto* first = pieces.begin();
    QLAB_CHECK(count == 2);
    tape.record({&out}, {first[0], first[1]}, backward);
  }
  return out;
}

}  // namespace qlab::step
