#include <algorithm>
#include <array>
#include <utility>
#include <vector>

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
      if (shape_.blueprint == Blueprint::opt) {
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
      q = slice_last(tape_, fused, 0, queries);
      k = slice_last(tape_, fused, queries, queries + keys);
      v = slice_last(tape_, fused, queries + keys, queries + 2 * keys);
      q = by_head(q);
      k = by_head(k);
      v = by_head(v);
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

Tensor Network::attention(DecoderLayer& layer, const Tensor& x, const LayerInputs& inputs, Tensor& weights) {
  const Tape::PartScope part(tape_, Part::attention);
  Tensor v, k, q;
  project(layer, x, q, k, v);
  if (shape_.positions == Positions::rotary) rotate(q, k, inputs.cos, inputs.sin);
  Tensor output = settings_.attention == AttentionKernel::eager ? attend_eager(q, k, v, inputs.mask, weights)
                                                                : attend_sdpa(q, k, v, inputs.mask);
  output = contiguous(tape_, reshape(tape_, output, {x.sizes()[0], x.sizes()[1], shape_.num_heads * shape_.head_dim}));
  output = apply(layer.output, output);
  if (shape_.blueprint == Blueprint::gpt2) output = dropout(tape_, output, shape_.residual_dropout);
  return output;
}

Tensor Network::mlp(DecoderLayer& layer, const Tensor& x) {
  const Tape::PartScope part(tape_, Part::mlp);
  if (!shape_.gated_mlp) {
    Tensor inner = apply(layer.gate, x);
    inner = activate(inner);
    inner = apply(layer.down, inner);
    if (shape_.blueprint == Blueprint::gpt2) inner = dropout(tape_, inner, shape_.residual_dropout);
    return inner;
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
    Tensor up;
    Tensor gate = apply(layer.gate, x);
    const Tensor activated = activate(gate);
    gate.reset();
    up = apply(layer.up, x);
    product = mul(tape_, activated, up);
  }
  return apply(layer.down, product);
}

// Each of the four follows the local variables of the library's own function: what they hold lives as long as they do,
// and they go in Python's order where they are declared in the opposite one.

Tensor Network::run_llama_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs) {
  Tensor weights;  // the attention's second result, kept by its caller
  Tensor residual;
  Tensor current = apply(layer.attention_norm, hidden);
  current = attention(layer, current, inputs, weights);
  if (shape_.sandwich_norms) current = apply(layer.after_attention_norm, current);
  current = add(tape_, hidden, dropout(tape_, current, shape_.residual_dropout));
  residual = current;
  current = apply(layer.mlp_norm, current);
  current = mlp(layer, current);
  if (shape_.sandwich_norms) current = apply(layer.after_mlp_norm, current);
  return add(tape_, residual, dropout(tape_, current, shape_.residual_dropout));
}

Tensor Network::run_opt_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs) {
  Tensor weights;
  Tensor current = hidden;
  if (shape_.norm_first) current = apply(layer.attention_norm, current);
  current = attention(layer, current, inputs, weights);
  current = dropout(tape_, current, shape_.residual_dropout);
  current = add(tape_, hidden, current);
  if (!shape_.norm_first) current = apply(layer.attention_norm, current);
  const Sizes sizes = current.sizes();
  current = reshape(tape_, current, {current.count() / sizes[-1], sizes[-1]});
  const Tensor residual = current;
  if (shape_.norm_first) current = apply(layer.mlp_norm, current);
  {
    const Tape::PartScope part(tape_, Part::mlp);
    current = apply(layer.gate, current);
    current = activate(current);
    current = apply(layer.down, current);
  }
  current = dropout(tape_, current, shape_.residual_dropout);
  current = view(tape_, add(tape_, residual, current), sizes);
  if (!shape_.norm_first) current = apply(layer.mlp_norm, current);
  return current;
}

Tensor Network::run_gpt2_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs) {
  Tensor weights;
  Tensor current = apply(layer.attention_norm, hidden);
  const Tensor attended = attention(layer, current, inputs, weights);
  current = add(tape_, attended, hidden);
  const Tensor residual = current;
  current = apply(layer.mlp_norm, current);
  const Tensor after = mlp(layer, current);
  return add(tape_, residual, after);
}

Tensor Network::run_gpt_neox_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs) {
  Tensor weights;
  Tensor attended;
  {
    const Tensor normed = apply(layer.attention_norm, hidden);
    attended = attention(layer, normed, inputs, weights);
  }
  attended = dropout(tape_, attended, shape_.residual_dropout);
  if (!shape_.parallel_residual) attended = add(tape_, attended, hidden);
  Tensor after;
  {
    const Tensor normed = apply(layer.mlp_norm, shape_.parallel_residual ? hidden : attended);
    after = mlp(layer, normed);
  }
  after = dropout(tape_, after, shape_.residual_dropout);
  const Tensor sum = add(tape_, after, attended);
  return shape_.parallel_residual ? add(tape_, sum, hidden) : sum;
}

Tensor Network::run_layer(std::size_t index, const Tensor& hidden, const LayerInputs& inputs) {
  tape_.set_layer(static_cast<int>(index));
  const Tape::PartScope part(tape_, Part::residual);
  DecoderLayer& layer = layers_[index];
  Tensor output;
  switch (shape_.blueprint) {
    case Blueprint::llama: output = run_llama_layer(layer, hidden, inputs); break;
    case Blueprint::opt: output = run_opt_layer(layer, hidden, inputs); break;
    case Blueprint::gpt2: output = run_gpt2_layer(layer, hidden, inputs); break;
    case Blueprint::gpt_neox: output = run_gpt_neox_layer(layer, hidden, inputs); break;
  }
  tape_.set_layer(-1);
  return output;
}

Tensor Network::allowed_positions(std::int64_t window) {
  const std::int64_t S = settings_.seq;
  const Sizes square{1, 1, S, S};
  std::array<Tensor, 4> indices;  // of batch, head, row and column
  indices[0] = tape_.make(Op::arange, {settings_.batch}, Dtype::i64);
  indices[1] = tape_.make(Op::arange, {1}, Dtype::i64);
  for (std::size_t i : {2, 3}) {
    const Tensor counted = tape_.make(Op::arange, {S}, Dtype::i64);
    indices[i] = unary_no_grad(tape_, Op::add, counted);
  }
  Tensor result;
  if (window == 0) {
    result = tape_.make(Op::le, square, Dtype::boolean);
  } else {
    result = tape_.make(Op::new_ones, {}, Dtype::boolean);
    {
      Tensor earliest = tape_.make(Op::sub, {1, 1, S, 1}, Dtype::i64);
      const Tensor inside = tape_.make(Op::gt, square, Dtype::boolean);
      earliest.reset();
      result = tape_.make(Op::logical_and, square, Dtype::boolean);
    }
    const Tensor causal = tape_.make(Op::le, square, Dtype::boolean);
    result = tape_.make(Op::logical_and, square, Dtype::boolean);
  }
  for (Tensor& index : indices) index.reset();
  return result;
}

Tensor Network::causal_mask(Dtype dtype, std::int64_t window) {
  const Tensor allowed = allowed_positions(window);
  const Sizes whole{settings_.batch, 1, settings_.seq, settings_.seq};
  if (settings_.attention == AttentionKernel::sdpa) return expand(tape_, allowed, whole);
  const Tensor zero = tape_.make(Op::zeros, {}, dtype);
  const Tensor minimum = tape_.make(Op::scalar_tensor, {}, dtype);
  return tape_.make(Op::where, whole, dtype);
}

void Network::make_rotary_tables(LayerInputs& inputs, Dtype dtype) {
  const std::int64_t S = settings_.seq;
  const std::int64_t R = shape_.rotary_size;
  Tensor sin, cos, angles, frequencies;  // they go in the opposite order, as local variables of Python do
  {
    const Tensor positions = tape_.make(Op::cast, {1, S, 1}, Dtype::f32);
    frequencies = tape_.make(Op::mul, {1, S, R / 2}, Dtype::f32);
  }
  angles = tape_.make(Op::cat, {1, S, R}, Dtype::f32);
  const auto table = [&](Op op) {
    const Tensor values = tape_.make(op, {1, S, R}, Dtype::f32);
    return tape_.make(Op::mul, {1, S, R}, Dtype::f32);
  };
  cos = table(Op::cos);
  sin = table(Op::sin);
  const auto for_heads = [&](const Tensor& values) {
    const Tensor narrowed = cast(tape_, values, dtype);
    return narrowed.alias({1, 1, S, R}, contiguous_strides({1, 1, S, R}));
  };
  inputs.cos = for_heads(cos);
  inputs.sin = for_heads(sin);
}

Tensor Network::embed(LayerInputs& inputs, Tensor& sliding_mask, std::array<Tensor, 3>& kept) {
  const std::int64_t B = settings_.batch;
  const std::int64_t S = settings_.seq;
  Tensor hidden = embedding(tape_, token_embedding_, input_ids_);
  if (shape_.scaled_embedding) {
    const Tensor scale = cast(tape_, buffers_.back(), hidden.dtype());
    hidden = mul(tape_, hidden, scale);
  }
  if (settings_.lora && settings_.checkpointing != Checkpointing::none) tape_.make_leaf(hidden, false);
  const bool needs_mask = settings_.attention == AttentionKernel::eager;
  const bool window_reached = shape_.sliding_window > 0 && S >= shape_.sliding_window;
  kept[2] = hidden;
  if (shape_.blueprint == Blueprint::opt) {
    kept[1] = tape_.make(Op::ones, {B, S}, Dtype::f32);
    {
      const Tensor counted = tape_.make(Op::cumsum, {B, S}, Dtype::f32);
      Tensor shifted = unary_no_grad(tape_, Op::mul, counted);
      shifted = unary_no_grad(tape_, Op::sub, shifted);
      inputs.position_ids = tape_.make(Op::cast, {B, S}, Dtype::i64);
    }
    if (needs_mask) inputs.mask = causal_mask(hidden.dtype(), 0);
    {
      const Tensor shifted = unary_no_grad(tape_, Op::add, inputs.position_ids);
      kept[0] = embedding(tape_, position_embedding_, shifted);
    }
    if (shape_.embedding_size != shape_.hidden_size) kept[2] = hidden = apply(project_in_, hidden);
    return add(tape_, hidden, kept[0]);
  }
  {
    const Tensor counted = tape_.make(Op::arange, {S}, Dtype::i64);
    inputs.position_ids = unary_no_grad(tape_, Op::add, counted);
  }
  if (shape_.positions == Positions::learned) {
    kept[0] = embedding(tape_, position_embedding_, inputs.position_ids.alias({1, S}, contiguous_strides({1, S})));
    hidden = add(tape_, hidden, kept[0]);
  }
  const bool all_slide = shape_.sliding_period == 1 && shape_.first_sliding_layer == 0 && shape_.sliding_window > 0;
  if (!all_slide && needs_mask) inputs.mask = causal_mask(hidden.dtype(), 0);
  if (shape_.sliding_window > 0 && (needs_mask || window_reached)) {
    sliding_mask = causal_mask(hidden.dtype(), shape_.sliding_window);
  }
  hidden = dropout(tape_, hidden, shape_.embedding_dropout);
  if (shape_.positions == Positions::rotary) make_rotary_tables(inputs, hidden.dtype());
  return hidden;
}

Tensor Network::loss_of(const Tensor& narrow_logits) {
  const std::int64_t B = settings_.batch;
  const std::int64_t S = settings_.seq;
  Tensor padded, labels;
  const Tensor logits = cast(tape_, narrow_logits, Dtype::f32);
  padded = tape_.make(Op::constant_pad_nd, {B, S + 1}, Dtype::i64);
  labels = contiguous(tape_, padded.alias({B, S}, {S + 1, 1}));
  labels = labels.alias({B * S}, {1});
  const Tensor rows = view(tape_, logits, {B * S, shape_.vocab_size});
  return cross_entropy(tape_, rows, labels);
}

Network::Outputs Network::forward() {
  tape_.set_phase(Phase::forward);
  Outputs outputs;
  Tensor hidden;
  {
    LayerInputs inputs;
    Tensor sliding_mask;
    std::array<Tensor, 3> kept;  // local variables of the model's forward function
    hidden = embed(inputs, sliding_mask, kept);
    const Tensor full_mask = inputs.mask;
    const auto choose_mask = [&](std::size_t i) {
      const auto number = static_cast<std::int64_t>(i);
      const bool slides =
          shape_.sliding_window > 0 && number >= shape_.first_sliding_layer && number % shape_.sliding_period == 0;
      inputs.mask = slides ? sliding_mask : full_mask;
    };
    const std::size_t checkpointed =
        settings_.checkpointing == Checkpointing::none
            ? 0
            : static_cast<std::size_t>(settings_.checkpointed_layers.value_or(shape_.num_layers));
    std::size_t i = 0;
    while (i < std::min(checkpointed, layers_.size())) {
      const std::size_t end =
          std::min({i + static_cast<std::size_t>(settings_.checkpoint_every), checkpointed, layers_.size()});
      std::vector<LayerInputs> own;
      for (std::size_t layer = i; layer < end; ++layer) {
        choose_mask(layer);
        own.push_back(inputs);
      }
      hidden = tape_.checkpoint(
          settings_.checkpointing == Checkpointing::reentrant,
          [this, i, own = std::move(own)](const Tensor& x) {
            Tensor output = run_layer(i, x, own[0]);
            for (std::size_t next = 1; next < own.size(); ++next) output = run_layer(i + next, output, own[next]);
            return output;
          },
          hidden);
      i = end;
    }
    for (; i < layers_.size(); ++i) {
      choose_mask(i);
      hidden = run_layer(i, hidden, inputs);
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
