#include "core/memory/step/network.hpp"
#include "core/memory/step/ops.hpp"

namespace qlab::step {

Tensor Network::apply_base(LinearLayer& layer, const Tensor& x) {
  if (layer.conv1d && !layer.quantized) {
    const std::int64_t inputs = x.sizes()[-1];
    const Tensor rows = view(tape_, x, {x.count() / inputs, inputs});
    const Tensor weight = lower(tape_, layer.weight);
    const Tensor rows_lowered = lower(tape_, rows);
    const Tensor bias = lower(tape_, layer.bias);
    Sizes sizes = x.sizes();
    sizes[-1] = static_cast<std::int32_t>(layer.outputs);
    return view(tape_, addmm(tape_, bias, rows_lowered, weight), sizes);
  }
  if (!layer.quantized) return linear(tape_, x, layer.weight, layer.bias);
  Tensor product;  // goes after what it was made of
  const Tensor lowered = cast(tape_, x, settings_.half);
  narrow_bias(layer);
  product = linear_4bit(tape_, lowered, layer.outputs, layer.bias, settings_.double_quantization,
                        settings_.linear4bit_keeps_input);
  return cast(tape_, product, x.dtype());
}

void Network::narrow_bias(LinearLayer& layer) {
  if (!layer.quantized || !layer.bias.defined() || layer.bias.dtype() == settings_.half) return;
  layer.bias = cast(tape_, layer.bias, settings_.half);  // replaced for good, the first time
  tape_.mark_cast_weight(layer.bias);
}

Tensor Network::apply(LinearLayer& layer, const Tensor& x) {
  Tensor result = apply_base(layer, x);
  if (!layer.lora_a.defined()) return result;
  const double probability = settings_.lora->dropout;
  const Dtype result_dtype = result.dtype();
  const auto adapted = [&](const Tensor& input) {
    Tensor dropped = dropout(tape_, input, probability);
    Tensor narrow = linear(tape_, dropped, layer.lora_a, {});
    dropped.reset();
    Tensor wide = linear(tape_, narrow, layer.lora_b, {});
    narrow.reset();
    return mul_scalar(tape_, wide);
  };
  if (layer.quantized) {
    result = clone(tape_, result);
    const bool converts = !tape_.autocasts();
    const Tensor input = converts ? cast(tape_, x, layer.lora_a.dtype()) : x;
    Tensor output = adapted(input);
    if (converts) output = cast(tape_, output, result_dtype);
    result = add(tape_, result, output);
    return result;
  }
  Tensor sum;
  const Tensor input = cast(tape_, x, layer.lora_a.dtype());
  {
    const Tensor output = adapted(input);
    sum = add(tape_, result, output);
  }
  result = std::move(sum);
  return cast(tape_, result, result_dtype);
}

Tensor Network::apply(const NormLayer& layer, const Tensor& x) {
  const Tape::PartScope part(tape_, tape_.layer() < 0 ? Part::outside : Part::norm);
  if (shape_.norm == Norm::layer) return layer_norm(tape_, x, layer.weight, layer.bias);
  if (shape_.norm == Norm::rms_from_one) {
    Tensor output;
    {
      const Tensor h = cast(tape_, x, Dtype::f32);
      Tensor scale = pow_scalar(tape_, h);
      scale = mean_last(tape_, scale);
      scale = add_scalar(tape_, scale);
      scale = rsqrt(tape_, scale);
      output = mul(tape_, h, scale);
    }
    {
      Tensor weight = cast(tape_, layer.weight, Dtype::f32);
      const Tensor from_one = add_scalar(tape_, weight);
      weight.reset();
      output = mul(tape_, output, from_one);
    }
    return cast(tape_, output, x.dtype());
  }
  Tensor variance;
  Tensor h = cast(tape_, x, Dtype::f32);
  variance = pow_scalar(tape_, h);
  variance = mean_last(tape_, variance);
  {
    Tensor normalized;
    {
      Tensor scale = add_scalar(tape_, variance);
      scale = rsqrt(tape_, scale);
      normalized = mul(tape_, h, scale);
    }
    h = std::move(normalized);
  }
  const Tensor narrowed = cast(tape_, h, x.dtype());
  return mul(tape_, layer.weight, narrowed);
}

Tensor Network::activate(const Tensor& x) {
  switch (shape_.activation) {
    case Activation::silu: return silu(tape_, x);
    case Activation::gelu: return gelu(tape_, x);
    case Activation::relu: return relu(tape_, x);
    case Activation::gelu_new: break;
  }
  // 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), evaluated from the left
  const Tensor half = mul_scalar(tape_, x);
  Tensor inner = pow_scalar(tape_, x);
  inner = mul_scalar(tape_, inner);
  inner = add(tape_, x, inner);
  inner = mul_scalar(tape_, inner);
  inner = tanh(tape_, inner);
  inner = add_scalar(tape_, inner);
  return mul(tape_, half, inner);
}

Tensor Network::rotated(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const std::int32_t width = x.sizes()[-1];
  Tensor across;
  const Tensor along = mul(tape_, x, cos);
  {
    const Tensor first = slice_last(tape_, x, 0, width / 2);
    const Tensor second = slice_last(tape_, x, width / 2, width);
    const Tensor negated = neg(tape_, second);
    across = cat_last(tape_, negated, first);
  }
  across = mul(tape_, across, sin);
  return add(tape_, along, across);
}

void Network::rotate(Tensor& q, Tensor& k, const Tensor& cos, const Tensor& sin) {
  if (shape_.projections == Projections::separate) {
    Tensor q_rotated = rotated(q, cos, sin);
    Tensor k_rotated = rotated(k, cos, sin);
    q = std::move(q_rotated);
    k = std::move(k_rotated);
    return;
  }
  // The other families rotate a part of each head and join it with the rest, even where there is no rest.
  const auto rotary = static_cast<std::int32_t>(shape_.rotary_size);
  const auto width = static_cast<std::int32_t>(shape_.head_dim);
  const Tensor q_part = slice_last(tape_, q, 0, rotary);
  const Tensor q_rest = slice_last(tape_, q, rotary, width);
  const Tensor k_part = slice_last(tape_, k, 0, rotary);
  const Tensor k_rest = slice_last(tape_, k, rotary, width);
  Tensor q_turned = rotated(q_part, cos, sin);
  Tensor k_turned;
  if (shape_.blueprint == Blueprint::gpt_neox) k_turned = rotated(k_part, cos, sin);
  q_turned = cat_last(tape_, q_turned, q_rest);
  if (shape_.blueprint != Blueprint::gpt_neox) k_turned = rotated(k_part, cos, sin);
  k_turned = cat_last(tape_, k_turned, k_rest);
  q = std::move(q_turned);
  k = std::move(k_turned);
}

Tensor Network::repeat_heads(const Tensor& x, bool as_view_if_possible) {
  const std::int64_t times = shape_.num_heads / shape_.num_key_value_heads;
  if (times == 1) return x;
  const Sizes& s = x.sizes();
  const Strides& t = x.strides();
  const Sizes single{s[0], s[1], 1, s[2], s[3]};
  // x[:, :, None] is a view; its gradient only loses the dimension again.
  Tensor with_group = x.alias(single, {t[0], t[1], t[1], t[2], t[3]});
  if (tape_.records(x)) {
    tape_.record({&with_group}, {&x},
                 [from = s](Tape& tape, Node&, Gradients& in, Gradients& out) { out[0] = reshape(tape, in[0], from); });
  }
  Tensor repeated = expand(tape_, with_group, {s[0], s[1], times, s[2], s[3]});
  if (!as_view_if_possible) repeated = contiguous(tape_, repeated);
  return reshape(tape_, repeated, {s[0], s[1] * times, s[2], s[3]});
}

Tensor Network::attend_eager(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, Tensor& weights) {
  const Tensor keys = repeat_heads(k);
  const Tensor values = repeat_heads(v);
  weights = matmul(tape_, q, transpose(tape_, keys, 2, 3));
  weights = mul_scalar(tape_, weights);
  if (shape_.attention_softcap) {
    weights = div_scalar(tape_, weights);
    weights = tanh(tape_, weights);
    weights = mul_scalar(tape_, weights);
  }
  weights = add(tape_, weights, mask);
  const bool upcast = shape_.projections != Projections::split_conv1d;  // gpt2 stays in its type
  if (upcast) {
    Tensor probabilities = softmax(tape_, weights, Dtype::f32);
    Tensor narrowed = cast(tape_, probabilities, q.dtype());
    probabilities.reset();
    weights = std::move(narrowed);
  } else {
    weights = softmax(tape_, weights, weights.dtype());
    weights = cast(tape_, weights, v.dtype());
  }
  weights = dropout(tape_, weights, shape_.attention_dropout);
  const Tensor output = matmul(tape_, weights, values);
  const Tensor by_position = transpose(tape_, output, 1, 2);
  return upcast ? contiguous(tape_, by_position) : by_position;
}

Tensor Network::additive_mask(const Tensor& mask, Dtype dtype) {
  if (!mask.defined()) return {};
  Tensor added;
  {
    const Tensor minus_infinity = tape_.make(Op::scalar_tensor, {}, dtype);
    const Tensor zero = tape_.make(Op::scalar_tensor, {}, dtype);
    added = tape_.make(Op::where, mask.sizes(), dtype);
  }
  constexpr std::int32_t alignment = 8;  // of the kernel's rows, in elements
  const std::int32_t S = mask.sizes()[-1];
  if (S % alignment == 0) return added;
  Sizes padded = mask.sizes();
  padded[-1] += alignment - S % alignment;
  added = tape_.make(Op::constant_pad_nd, padded, dtype);
  return added.alias(mask.sizes(), added.strides());
}

Tensor Network::attend_sdpa(const Tensor& q_wide, const Tensor& k_wide, const Tensor& v_wide, const Tensor& mask) {
  const bool grouped = shape_.num_heads != shape_.num_key_value_heads;
  const bool kernel_repeats = !mask.defined() && k_wide.sizes()[-1] <= 256;
  const Tensor k_repeated = grouped && !kernel_repeats ? repeat_heads(k_wide) : k_wide;
  const Tensor v_repeated = grouped && !kernel_repeats ? repeat_heads(v_wide) : v_wide;
  Tensor output;
  {
    const Tensor q = lower(tape_, q_wide);
    Tensor k = lower(tape_, k_repeated);
    Tensor v = lower(tape_, v_repeated);
    if (q.dtype() != Dtype::f32 && !mask.defined() && settings_.flash_attention) {
      output = flash_attention(tape_, q, k, v, shape_.attention_dropout);
    } else {
      if (k.sizes()[1] != q.sizes()[1]) {
        k = repeat_heads(k, false);
        v = repeat_heads(v, false);
      }
      output = efficient_attention(tape_, q, k, v, additive_mask(mask, q.dtype()), shape_.attention_dropout);
    }
  }
  return contiguous(tape_, transpose(tape_, output, 1, 2));
}

}  // namespace qlab::step
