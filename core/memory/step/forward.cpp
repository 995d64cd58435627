#include <array>

#include "core/memory/step/network.hpp"
#include "core/memory/step/ops.hpp"

namespace qlab::step {

void Network::project(DecoderLayer& layer, const Tensor& x, Tensor& q, Tensor& k, Tensor& v) {
  const std::int64_t B = x.sizes()[0];
  const std::int64_t S = x.sizes()[1];
  const std::int64_t D = shape_.head_dim;
  const auto queries = static_cast<std::int32_t>(shape_.num_heads * D);
  const auto keys = static_cast<std::int32_t>(shape_.num_key_value_heads * D);
  const auto by_head = [&](const Tensor& rows) {
    return transpose(tape_, view(tape_, rows, {B, S, rows.sizes()[-1] / D, D}), 1, 2);
  };
  switch (shape_.projections) {
    case Projections::separate:
      if (shape_.model_type == "opt") {
        q = mul_scalar(tape_, apply(layer.query, x));
        q = by_head(q);
        k = apply(layer.key, x);
        v = apply(layer.value, x);
        k = by_head(k);
        v = by_head(v);
        return;
      }
      q = view(tape_, apply(layer.query, x), {B, S, shape_.num_heads, D});
      if (shape_.query_key_norm) q = apply(layer.query_norm, q);
      q = transpose(tape_, q, 1, 2);
      k = view(tape_, apply(layer.key, x), {B, S, shape_.num_key_value_heads, D});
      if (shape_.query_key_norm) k = apply(layer.key_norm, k);
      k = transpose(tape_, k, 1, 2);
      v = by_head(apply(layer.value, x));
      return;
    case Projections::fused_by_part: {
      const Tensor fused = apply(layer.query, x);
      q = by_head(slice_last(tape_, fused, 0, queries));
      k = by_head(slice_last(tape_, fused, queries, queries + keys));
      v = by_head(slice_last(tape_, fused, queries + keys, queries + 2 * keys));
      return;
    }
    case Projections::fused_by_head: {
      const Tensor fused = apply(layer.query, x);
      const Tensor heads = transpose(tape_, view(tape_, fused, {B, S, shape_.num_heads, 3 * D}), 1, 2);
      const auto width = static_cast<std::int32_t>(D);
      split_last(tape_, heads, {{&q, width}, {&k, width}, {&v, width}});
      return;
    }
    case Projections::split_conv1d: {
      const Tensor fused = apply(layer.query, x);
      split_last(tape_, fused, {{&q, queries}, {&k, keys}, {&v, keys}});
      k = by_head(k);
      v = by_head(v);
      q = by_head(q);
      return;
    }
  }
}

Tensor Network::attention(DecoderLayer& layer, const Tensor& x, const LayerInputs& inputs, const Tensor& mask,
                          Tensor& weights) {
  Tensor q, k, v;
  project(layer, x, q, k, v);
  if (shape_.positions == Positions::rotary) {
    Tensor q_rotated = rotated(q, inputs.cos, inputs.sin);
    Tensor k_rotated = rotated(k, inputs.cos, inputs.sin);
    q = std::move(q_rotated);
    k = std::move(k_rotated);
  }
  Tensor output =
      settings_.attention == AttentionKernel::eager ? attend_eager(q, k, v, mask, weights) : attend_sdpa(q, k, v, mask);
  output = contiguous(tape_, reshape(tape_, output, {x.sizes()[0], x.sizes()[1], shape_.num_heads * shape_.head_dim}));
  output = apply(layer.output, output);
  return output;
}

Tensor Network::mlp(DecoderLayer& layer, const Tensor& x) {
  if (!shape_.gated_mlp) {
    Tensor inner = apply(layer.gate, x);
    inner = activate(inner);
    return apply(layer.down, inner);
  }
  Tensor product;
  if (shape_.fused_gate_up) {
    Tensor gate, up;
    {
      const Tensor fused = apply(layer.gate, x);
      const auto width = static_cast<std::int32_t>(shape_.intermediate_size);
      split_last(tape_, fused, {{&gate, width}, {&up, width}});
    }
    {
      const Tensor activated = activate(gate);
      up = mul(tape_, up, activated);
    }
    return apply(layer.down, up);
  }
  {
    Tensor gate = apply(layer.gate, x);
    const Tensor activated = activate(gate);
    gate.reset();
    const Tensor up = apply(layer.up, x);
    product = mul(tape_, activated, up);
  }
  return apply(layer.down, product);
}

Tensor Network::run_layer(std::size_t index, const Tensor& hidden, const LayerInputs& inputs) {
  tape_.set_layer(static_cast<int>(index));
  DecoderLayer& layer = layers_[index];
  const auto number = static_cast<std::int64_t>(index);
  const bool slides = number >= shape_.first_sliding_layer && number % shape_.sliding_period == 0;
  const Tensor& mask = slides ? inputs.sliding_mask : inputs.mask;
  const double drop = shape_.residual_dropout;
  Tensor weights;  // the attention's second result, kept by its caller
  Tensor output;
  if (shape_.projections == Projections::fused_by_head) {
    Tensor attended;
    {
      const Tensor normed = apply(layer.attention_norm, hidden);
      attended = attention(layer, normed, inputs, mask, weights);
    }
    attended = dropout(tape_, attended, drop);
    Tensor after;
    if (shape_.parallel_residual) {
      Tensor normed = apply(layer.mlp_norm, hidden);
      after = mlp(layer, normed);
      normed.reset();
      after = dropout(tape_, after, drop);
      const Tensor both = add(tape_, after, attended);
      output = add(tape_, both, hidden);
    } else {
      attended = add(tape_, attended, hidden);
      Tensor normed = apply(layer.mlp_norm, attended);
      after = mlp(layer, normed);
      normed.reset();
      after = dropout(tape_, after, drop);
      output = add(tape_, after, attended);
    }
  } else {
    Tensor current = hidden;
    if (shape_.norm_first) current = apply(layer.attention_norm, hidden);
    current = attention(layer, current, inputs, mask, weights);
    if (shape_.sandwich_norms) current = apply(layer.after_attention_norm, current);
    const bool drops_in_place = shape_.projections == Projections::fused_by_part;
    if (!drops_in_place) current = dropout(tape_, current, drop);
    current = drops_in_place ? add(tape_, hidden, dropout(tape_, current, drop)) : add(tape_, hidden, current);
    if (!shape_.norm_first) current = apply(layer.attention_norm, current);
    const Sizes sizes = current.sizes();
    const bool flattens = shape_.model_type == "opt";
    if (flattens) current = reshape(tape_, current, {current.count() / sizes[-1], sizes[-1]});
    const Tensor residual = current;
    if (shape_.norm_first) current = apply(layer.mlp_norm, current);
    current = mlp(layer, current);
    if (shape_.sandwich_norms) current = apply(layer.after_mlp_norm, current);
    if (!drops_in_place) current = dropout(tape_, current, drop);
    current = drops_in_place ? add(tape_, residual, dropout(tape_, current, drop)) : add(tape_, residual, current);
    if (flattens) current = view(tape_, current, sizes);
    if (!shape_.norm_first) current = apply(layer.mlp_norm, current);
    output = std::move(current);
  }
  tape_.set_layer(-1);
  return output;
}

Tensor Network::causal_mask(Dtype dtype, std::int64_t window) {
  const std::int64_t S = settings_.seq;
  const Sizes square{1, 1, S, S};
  const Tensor batch_index = tape_.make(Op::arange, {settings_.batch}, Dtype::i64);
  const Tensor head_index = tape_.make(Op::arange, {1}, Dtype::i64);
  const auto positions = [&] {
    const Tensor counted = tape_.make(Op::arange, {S}, Dtype::i64);
    return unary_no_grad(tape_, Op::add, counted);
  };
  const Tensor rows = positions();
  const Tensor columns = positions();
  Tensor allowed;
  if (window == 0) {
    allowed = tape_.make(Op::le, square, Dtype::boolean);
  } else {
    Tensor result = tape_.make(Op::new_ones, {}, Dtype::boolean);
    {
      Tensor inside;
      {
        const Tensor earliest = tape_.make(Op::sub, {1, 1, S, 1}, Dtype::i64);
        inside = tape_.make(Op::gt, square, Dtype::boolean);
      }
      result = tape_.make(Op::logical_and, square, Dtype::boolean);
    }
    {
      const Tensor causal = tape_.make(Op::le, square, Dtype::boolean);
      result = tape_.make(Op::logical_and, square, Dtype::boolean);
    }
    allowed = std::move(result);
  }
  const Sizes whole{settings_.batch, 1, S, S};
  if (settings_.attention == AttentionKernel::sdpa) return expand(tape_, allowed, whole);
  const Tensor zero = tape_.make(Op::zeros, {}, dtype);
  const Tensor minimum = tape_.make(Op::scalar_tensor, {}, dtype);
  return tape_.make(Op::where, whole, dtype);
}

void Network::make_rotary_tables(LayerInputs& inputs, Dtype dtype) {
  const std::int64_t S = settings_.seq;
  const std::int64_t R = shape_.rotary_size;
  Tensor positions = tape_.make(Op::cast, {1, S, 1}, Dtype::f32);
  const Tensor frequencies = tape_.make(Op::mul, {1, S, R / 2}, Dtype::f32);
  positions.reset();
  const Tensor angles = tape_.make(Op::cat, {1, S, R}, Dtype::f32);
  const auto table = [&](Op op) {
    const Tensor values = tape_.make(op, {1, S, R}, Dtype::f32);
    return tape_.make(Op::mul, {1, S, R}, Dtype::f32);
  };
  const Tensor cos = table(Op::cos);
  const Tensor sin = table(Op::sin);
  const auto for_heads = [&](const Tensor& values) {
    const Tensor narrowed = cast(tape_, values, dtype);
    return narrowed.alias({1, 1, S, R}, contiguous_strides({1, 1, S, R}));
  };
  inputs.cos = for_heads(cos);
  inputs.sin = for_heads(sin);
}

Tensor Network::embed(LayerInputs& inputs, std::array<Tensor, 2>& kept) {
  const std::int64_t B = settings_.batch;
  const std::int64_t S = settings_.seq;
  Tensor hidden = embedding(tape_, token_embedding_, input_ids_);
  if (shape_.scaled_embedding) {
    const Tensor scale = tape_.make(Op::cast, {}, hidden.dtype());
    hidden = mul(tape_, hidden, scale);
  }
  if (settings_.lora && settings_.checkpointing != Checkpointing::none) tape_.make_leaf(hidden, false);
  const bool needs_mask = settings_.attention == AttentionKernel::eager;
  const bool window_reached = shape_.sliding_window > 0 && S >= shape_.sliding_window;
  kept[0] = hidden;
  if (shape_.model_type == "opt") {
    Tensor ones = tape_.make(Op::ones, {B, S}, Dtype::f32);
    Tensor counted = tape_.make(Op::cumsum, {B, S}, Dtype::f32);
    counted = unary_no_grad(tape_, Op::mul, counted);
    counted = unary_no_grad(tape_, Op::sub, counted);
    inputs.position_ids = tape_.make(Op::cast, {B, S}, Dtype::i64);
    counted.reset();
    if (needs_mask) inputs.mask = causal_mask(hidden.dtype(), 0);
    {
      const Tensor shifted = unary_no_grad(tape_, Op::add, inputs.position_ids);
      kept[1] = embedding(tape_, position_embedding_, shifted);
    }
    if (shape_.embedding_size != shape_.hidden_size) kept[0] = hidden = apply(project_in_, hidden);
    return add(tape_, hidden, kept[1]);
  }
  {
    const Tensor counted = tape_.make(Op::arange, {S}, Dtype::i64);
    inputs.position_ids = unary_no_grad(tape_, Op::add, counted);
  }
  if (shape_.positions == Positions::learned) {
    kept[1] = embedding(tape_, position_embedding_, inputs.position_ids.alias({1, S}, contiguous_strides({1, S})));
    hidden = add(tape_, hidden, kept[1]);
  }
  const bool all_slide = shape_.sliding_period == 1 && shape_.first_sliding_layer == 0 && shape_.sliding_window > 0;
  if (!all_slide && needs_mask) inputs.mask = causal_mask(hidden.dtype(), 0);
  if (shape_.sliding_window > 0 && (needs_mask || window_reached)) {
    inputs.sliding_mask = causal_mask(hidden.dtype(), shape_.sliding_window);
  }
  hidden = dropout(tape_, hidden, shape_.embedding_dropout);
  if (shape_.positions == Positions::rotary) make_rotary_tables(inputs, hidden.dtype());
  return hidden;
}

Tensor Network::loss_of(const Tensor& narrow_logits) {
  const std::int64_t B = settings_.batch;
  const std::int64_t S = settings_.seq;
  const Tensor logits = cast(tape_, narrow_logits, Dtype::f32);
  const Tensor padded = tape_.make(Op::constant_pad_nd, {B, S + 1}, Dtype::i64);
  Tensor labels = contiguous(tape_, padded.alias({B, S}, {S + 1, 1}));
  labels = labels.alias({B * S}, {1});
  const Tensor rows = view(tape_, logits, {B * S, shape_.vocab_size});
  return cross_entropy(tape_, rows, labels);
}

Network::Outputs Network::forward() {
  tape_.set_phase(Phase::forward);
  Outputs outputs;
  Tensor hidden;
  {
    auto inputs = std::make_shared<LayerInputs>();
    std::array<Tensor, 2> kept;  // the embeddings, local variables of the model's forward function
    hidden = embed(*inputs, kept);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (settings_.checkpointing == Checkpointing::none) {
        hidden = run_layer(i, hidden, *inputs);
      } else {
        hidden = tape_.checkpoint(
            settings_.checkpointing == Checkpointing::reentrant,
            [this, i, inputs](const Tensor& x) { return run_layer(i, x, *inputs); }, hidden);
      }
    }
    if (final_norm_.weight.defined()) hidden = apply(final_norm_, hidden);
    if (project_out_.outputs != 0) hidden = apply(project_out_, hidden);
  }
  outputs.logits = linear(tape_, hidden, head_.weight, {});
  if (shape_.logit_softcap) {
    outputs.logits = div_scalar(tape_, outputs.logits);
    outputs.logits = tanh(tape_, outputs.logits);
    outputs.logits = mul_scalar(tape_, outputs.logits);
  }
  tape_.set_phase(Phase::loss);
  outputs.loss = loss_of(outputs.logits);
  return outputs;
}

}  // namespace qlab::step
