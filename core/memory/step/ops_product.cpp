#include <algorithm>

#include "core/memory/step/ops.hpp"

namespace qlab::step {
namespace {

/// Undefined tensors (a bias that is not there) require no gradient and have no edge.
Tensor plain_mm(Tape& tape, const Tensor& a, const Tensor& b) {
  return tape.make(Op::mm, {a.sizes()[0], b.sizes()[1]}, a.dtype());
}

bool is_column_major(const Tensor& x) { return x.strides()[0] == 1 && x.strides()[1] == x.sizes()[0]; }

/// Gradient of a in a x b; the product is made in a's own memory order.
Tensor mm_first_gradient(Tape& tape, const Tensor& gradient, const Tensor& b, bool first_is_column_major) {
  if (!first_is_column_major) return tape.make(Op::mm, {gradient.sizes()[0], b.sizes()[0]}, gradient.dtype());
  return transpose(tape, tape.make(Op::mm, {b.sizes()[0], gradient.sizes()[0]}, gradient.dtype()), 0, 1);
}

Tensor mm_second_gradient(Tape& tape, const Tensor& gradient, const Tensor& a, bool second_is_column_major) {
  if (!second_is_column_major) return tape.make(Op::mm, {a.sizes()[1], gradient.sizes()[1]}, gradient.dtype());
  return transpose(tape, tape.make(Op::mm, {gradient.sizes()[1], a.sizes()[1]}, gradient.dtype()), 0, 1);
}

}  // namespace

Tensor mm(Tape& tape, const Tensor& a, const Tensor& b) {
  const bool recorded = tape.records(a, b);
  Saved saved_b = tape.save_if(recorded && a.requires_grad(), b);
  Saved saved_a = tape.save_if(recorded && b.requires_grad(), a);
  Tensor out = plain_mm(tape, a, b);
  if (recorded) {
    tape.record({&out}, {&a, &b},
                [sa = std::move(saved_a), sb = std::move(saved_b), a_column = is_column_major(a),
                 b_column = is_column_major(b)](Tape& t, Node& node, Gradients& in, Gradients& result) mutable {
                  const Tensor second = node.wants(0) ? sb.unpack(t) : Tensor{};
                  const Tensor first = node.wants(1) ? sa.unpack(t) : Tensor{};
                  if (node.wants(1)) result[1] = mm_second_gradient(t, in[0], first, b_column);
                  if (node.wants(0)) result[0] = mm_first_gradient(t, in[0], second, a_column);
                });
  }
  return out;
}

Tensor addmm(Tape& tape, const Tensor& bias, const Tensor& a, const Tensor& b) {
  const bool recorded = tape.records(a, b, bias);
  Saved saved_a = tape.save_if(recorded && b.requires_grad(), a);
  Saved saved_b = tape.save_if(recorded && a.requires_grad(), b);
  Tensor out = tape.make(Op::addmm, {a.sizes()[0], b.sizes()[1]}, a.dtype());
  if (recorded) {
    tape.record({&out}, {&bias, &a, &b},
                [sa = std::move(saved_a), sb = std::move(saved_b), a_column = is_column_major(a),
                 b_column = is_column_major(b)](Tape& t, Node& node, Gradients& in, Gradients& result) mutable {
                  const Tensor first = node.wants(2) ? sa.unpack(t) : Tensor{};
                  const Tensor second = node.wants(1) ? sb.unpack(t) : Tensor{};
                  if (node.wants(1)) result[1] = mm_first_gradient(t, in[0], second, a_column);
                  if (node.wants(2)) result[2] = mm_second_gradient(t, in[0], first, b_column);
                  if (node.wants(0)) result[0] = in[0];
                });
  }
  return out;
}

Tensor bmm(Tape& tape, const Tensor& a, const Tensor& b) {
  const bool recorded = tape.records(a, b);
  Saved saved_b = tape.save_if(recorded && a.requires_grad(), b);
  Saved saved_a = tape.save_if(recorded && b.requires_grad(), a);
  Tensor out = tape.make(Op::bmm, {a.sizes()[0], a.sizes()[1], b.sizes()[2]}, a.dtype());
  if (recorded) {
    tape.record({&out}, {&a, &b},
                [sa = std::move(saved_a), sb = std::move(saved_b), a_sizes = a.sizes(), b_sizes = b.sizes()](
                    Tape& t, Node& node, Gradients& in, Gradients& result) mutable {
                  const Tensor second = node.wants(0) ? sb.unpack(t) : Tensor{};
                  const Tensor first = node.wants(1) ? sa.unpack(t) : Tensor{};
                  if (node.wants(1)) result[1] = t.make(Op::bmm, b_sizes, in[0].dtype());
                  if (node.wants(0)) result[0] = t.make(Op::bmm, a_sizes, in[0].dtype());
                });
  }
  return out;
}

Tensor matmul(Tape& tape, const Tensor& a_wide, const Tensor& b_wide) {
  const Tensor b = lower(tape, b_wide);
  const Tensor a = lower(tape, a_wide);
  const Sizes& as = a.sizes();
  const Sizes& bs = b.sizes();
  const Tensor first = reshape(tape, a, {std::int64_t{as[0]} * as[1], as[2], as[3]});
  const Tensor second = reshape(tape, b, {std::int64_t{bs[0]} * bs[1], bs[2], bs[3]});
  return view(tape, bmm(tape, first, second), {as[0], as[1], as[2], bs[3]});
}

Tensor linear(Tape& tape, const Tensor& x_wide, const Tensor& weight_wide, const Tensor& bias_wide) {
  const Tensor bias = bias_wide.defined() ? lower(tape, bias_wide) : Tensor{};
  const Tensor weight = lower(tape, weight_wide);
  const Tensor x = lower(tape, x_wide);
  const Tensor weight_t = transpose(tape, weight, 0, 1);
  const std::int64_t inputs = x.sizes()[-1];
  const std::int64_t outputs = weight.sizes()[0];
  if (x.sizes().dims == 2) return bias.defined() ? addmm(tape, bias, x, weight_t) : mm(tape, x, weight_t);
  Sizes sizes = x.sizes();
  sizes[-1] = static_cast<std::int32_t>(outputs);
  const Tensor rows = reshape(tape, x, {x.count() / inputs, inputs});
  return view(tape, bias.defined() ? addmm(tape, bias, rows, weight_t) : mm(tape, rows, weight_t), sizes);
}

Tensor embedding(Tape& tape, const Tensor& weight, const Tensor& indices) {
  Sizes sizes = indices.sizes();
  sizes.at[sizes.dims++] = weight.sizes()[1];
  const bool recorded = tape.records(weight);
  Saved saved = tape.save_if(recorded, indices);
  Tensor out = tape.make(Op::embedding, sizes, weight.dtype());
  if (recorded) {
    tape.record(
        {&out}, {&weight},
        [s = std::move(saved), whole = weight.sizes()](Tape& t, Node&, Gradients& in, Gradients& result) mutable {
          const Tensor kept = s.unpack(t);
          result[0] = t.make(Op::embedding_dense_backward, whole, in[0].dtype());
        });
  }
  return out;
}

Tensor linear_4bit(Tape& tape, const Tensor& x, std::int64_t outputs, const Tensor& bias, bool nested,
                   bool keeps_input) {
  const std::int64_t inputs = x.sizes()[-1];
  const std::int64_t blocks = outputs * inputs / 64;
  Sizes sizes = x.sizes();
  sizes[-1] = static_cast<std::int32_t>(outputs);
  Tensor absmax = tape.make(Op::absmax, {blocks}, Dtype::f32);
  Tensor offset = nested ? tape.make(Op::absmax, {blocks}, Dtype::f32) : Tensor{};
  Tensor weight = tape.make(Op::dequantize, {outputs, inputs}, x.dtype());
  absmax.reset();
  offset.reset();
  const Op product = bias.defined() ? Op::addmm : Op::mm;
  Tensor out = tape.make(product, {x.count() / inputs, outputs}, x.dtype()).alias(sizes, contiguous_strides(sizes));
  weight.reset();
  if (tape.records(x)) {
    if (keeps_input) tape.record_of(x.storage()).saved = true;
    tape.record({&out}, {&x},
                [outputs, inputs, blocks, nested, held = keeps_input ? x.detached() : Tensor{}, input_sizes = x.sizes(),
                 dtype = x.dtype()](Tape& t, Node&, Gradients&, Gradients& result) {
                  Tensor constants = nested ? t.make(Op::absmax, {blocks}, Dtype::f32) : Tensor{};
                  const Tensor decoded = t.make(Op::dequantize, {outputs, inputs}, dtype);
                  constants.reset();
                  result[0] = t.make(Op::mm, {input_sizes.count() / inputs, inputs}, dtype)
                                  .alias(input_sizes, contiguous_strides(input_sizes));
                });
  }
  return out;
}

Tensor cross_entropy(Tape& tape, const Tensor& logits, const Tensor& labels) {
  const bool recorded = tape.records(logits);
  Tensor log_probabilities = tape.make(Op::log_softmax, logits.sizes(), logits.dtype());
  if (recorded) {
    tape.record({&log_probabilities}, {&logits},
                [s = tape.save(log_probabilities)](Tape& t, Node&, Gradients&, Gradients& result) mutable {
                  const Tensor kept = s.unpack(t);
                  result[0] = t.make(Op::log_softmax_backward_data, kept.sizes(), kept.dtype());
                });
  }
  Saved saved_input = tape.save_if(recorded, log_probabilities);
  Saved saved_labels = tape.save_if(recorded, labels);
  Tensor loss = tape.make(Op::nll_loss_forward, {}, logits.dtype());
  const Tensor total_weight = tape.make(Op::nll_loss_forward, {}, logits.dtype());
  if (recorded) {
    tape.record({&loss}, {&log_probabilities},
                [sw = tape.save(total_weight), sl = std::move(saved_labels), si = std::move(saved_input)](
                    Tape& t, Node&, Gradients&, Gradients& result) mutable {
                  const Tensor kept = si.unpack(t);
                  const Tensor kept_labels = sl.unpack(t);
                  const Tensor kept_weight = sw.unpack(t);
                  result[0] = t.make(Op::nll_loss_backward, kept.sizes(), kept.dtype());
                });
  }
  return loss;
}

}  // namespace qlab::step
