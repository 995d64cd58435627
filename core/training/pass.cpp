#include "core/training/pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/base/check.hpp"
#include "core/training/attention.hpp"
#include "core/training/loss.hpp"

namespace qlab::training {
namespace {

constexpr std::int64_t norm_rows = 64;  // of one partial sum of a norm's gradient

// Places in DecoderLayer::linears().
enum LinearPlace { query_place, key_place, value_place, output_place, gate_place, up_place, down_place };

}  // namespace

Pass::Pass(Engine& engine, Decoder& decoder, Batch batch, PassSettings settings)
    : engine_(engine),
      decoder_(decoder),
      batch_(std::move(batch)),
      settings_(std::move(settings)),
      rotary_(batch_.length, decoder.config.head_dim, decoder.config.rope_theta),
      attention_{batch_.count, batch_.length, decoder.config.num_heads, decoder.config.num_key_value_heads,
                 decoder.config.head_dim} {}

Buffer Pass::activation(std::int64_t width) {
  return engine_.memory().floats(batch_.rows() * width, MemoryKind::activations);
}

void Pass::tell(std::string_view name, const Buffer& values) const {
  if (settings_.observe) settings_.observe(name, values.values());
}

void Pass::tell(const char* prefix, std::size_t layer, std::string_view name, const Buffer& values) const {
  if (settings_.observe) tell(fmt::format("{}{}.{}", prefix, layer, name), values);
}

void Pass::embed() {
  const std::int64_t H = decoder_.config.hidden_size;
  last_ = activation(H);
  for (std::int64_t row = 0; row < batch_.rows(); ++row) {
    const std::int32_t id = batch_.ids[static_cast<std::size_t>(row)];
    std::copy_n(decoder_.embedding.value.data() + id * H, H, last_.data() + row * H);
  }
  tell("embed", last_);
}

double Pass::forward(double share) {
  forward_logits();
  const std::int64_t targets = batch_.targets();
  QLAB_CHECK(targets > 0);
  const auto losses =
      token_losses_backward(engine_, batch_, logits_, decoder_.config.vocab_size, share / static_cast<double>(targets));
  tell("dlogits", logits_);
  return share * std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(targets);
}

void Pass::forward_logits() {
  const std::int64_t H = decoder_.config.hidden_size;
  embed();
  tapes_.resize(decoder_.layers.size());
  for (std::size_t i = 0; i < decoder_.layers.size(); ++i) {
    LayerTape& tape = tapes_[i];
    Buffer output = layer_forward(decoder_.layers[i], std::move(last_), tape, i);
    if (settings_.checkpointing) {
      Buffer input = std::move(tape.input);
      tape = {};
      tape.input = std::move(input);
    }
    last_ = std::move(output);
  }
  norm_forward(decoder_.norm, last_, last_inverse_, last_normed_);
  tell("final_norm", last_normed_);
  logits_ = activation(decoder_.config.vocab_size);
  engine_.multiply(Matrix::dense(last_normed_.data(), batch_.rows(), H),
                   Matrix::dense(decoder_.head.value.data(), decoder_.config.vocab_size, H).transposed(),
                   {logits_.data(), decoder_.config.vocab_size});
  tell("logits", logits_);
}

void Pass::norm_forward(const Parameter& weight, const Buffer& x, Buffer& inverse, Buffer& out) {
  const std::int64_t H = decoder_.config.hidden_size;
  inverse = activation(1);
  out = activation(H);
  const auto epsilon = static_cast<float>(decoder_.config.rms_norm_eps);
  engine_.for_rows(batch_.rows(), H, [&](std::int64_t first, std::int64_t last) {
    engine_.rows().rms_norm(x.data() + first * H, weight.value.data(), epsilon, last - first, H, out.data() + first * H,
                            inverse.data() + first);
  });
}

void Pass::norm_backward(Parameter& weight, const Buffer& x, const Buffer& inverse, const Buffer& dout, Buffer& dx) {
  const std::int64_t H = decoder_.config.hidden_size;
  const std::int64_t pieces = (batch_.rows() + norm_rows - 1) / norm_rows;
  Buffer sums;
  if (weight.trainable) sums = engine_.memory().zeros(pieces * H, MemoryKind::temporary);
  engine_.team().for_each_piece(batch_.rows(), norm_rows, [&](std::int64_t first, std::int64_t last, int) {
    engine_.rows().rms_norm_backward(x.data() + first * H, weight.value.data(), inverse.data() + first,
                                     dout.data() + first * H, last - first, H, dx.data() + first * H,
                                     sums.empty() ? nullptr : sums.data() + first / norm_rows * H);
  });
  if (!weight.trainable) return;
  const auto target = weight.gradient_target(engine_.memory(), 1);
  if (!target.add) std::fill_n(target.data, H, 0.0F);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    engine_.rows().add(sums.data() + piece * H, 1, H, target.data);
  }
}

void Pass::turn(Buffer& x, std::int64_t heads, bool back) {
  const std::int64_t width = heads * decoder_.config.head_dim;
  engine_.for_rows(batch_.rows(), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t position = row % batch_.length;
      engine_.rows().rotate(x.data() + row * width, heads, decoder_.config.head_dim, rotary_.cosine(position),
                            rotary_.sine(position), back);
    }
  });
}

Buffer Pass::layer_forward(DecoderLayer& layer, Buffer input, LayerTape& tape, std::size_t number) {
  const ModelConfig& config = decoder_.config;
  const std::int64_t rows = batch_.rows();
  const auto apply = [&](LinearPlace place, const Buffer& x, Buffer& y, bool add) {
    const auto i = static_cast<std::size_t>(place);
    layer.linears()[i]->forward(engine_, x.data(), rows, y.data(), add, settings_.dropout_seed, tape.linears[i]);
  };
  const auto seen = [&](std::string_view name, const Buffer& values) { tell("layer", number, name, values); };

  tape.input = std::move(input);
  norm_forward(layer.input_norm, tape.input, tape.input_inverse, tape.input_normed);
  seen("input_layernorm", tape.input_normed);
  tape.query = activation(config.query_width());
  tape.key = activation(config.key_width());
  tape.value = activation(config.key_width());
  apply(query_place, tape.input_normed, tape.query, false);
  apply(key_place, tape.input_normed, tape.key, false);
  apply(value_place, tape.input_normed, tape.value, false);
  seen("q_proj", tape.query);
  seen("k_proj", tape.key);
  seen("v_proj", tape.value);
  turn(tape.query, config.num_heads, false);
  turn(tape.key, config.num_key_value_heads, false);
  seen("q_rope", tape.query);
  seen("k_rope", tape.key);
  tape.probabilities = engine_.memory().floats(attention_.probabilities(), MemoryKind::activations);
  tape.attention = activation(config.query_width());
  attention_forward(engine_, attention_, tape.query.data(), tape.key.data(), tape.value.data(),
                    tape.probabilities.data(), tape.attention.data());
  seen("attn_probs", tape.probabilities);
  seen("attn_out", tape.attention);

  const auto copy_of = [&](const Buffer& x) {
    Buffer copy = activation(config.hidden_size);
    engine_.for_rows(rows, config.hidden_size, [&](std::int64_t first, std::int64_t last) {
      std::copy(x.data() + first * config.hidden_size, x.data() + last * config.hidden_size,
                copy.data() + first * config.hidden_size);
    });
    return copy;
  };
  tape.middle = copy_of(tape.input);
  apply(output_place, tape.attention, tape.middle, true);
  norm_forward(layer.post_norm, tape.middle, tape.middle_inverse, tape.middle_normed);
  seen("post_attention_layernorm", tape.middle_normed);
  tape.gate = activation(config.intermediate_size);
  tape.up = activation(config.intermediate_size);
  tape.product = activation(config.intermediate_size);
  apply(gate_place, tape.middle_normed, tape.gate, false);
  apply(up_place, tape.middle_normed, tape.up, false);
  seen("gate_proj", tape.gate);
  seen("up_proj", tape.up);
  engine_.for_rows(rows, config.intermediate_size, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t start = first * config.intermediate_size;
    engine_.rows().swiglu(tape.gate.data() + start, tape.up.data() + start, (last - first) * config.intermediate_size,
                          tape.product.data() + start);
  });
  Buffer output = copy_of(tape.middle);
  apply(down_place, tape.product, output, true);
  seen("output", output);
  return output;
}

bool Pass::trains_below(std::size_t layer) const {
  if (decoder_.embedding.trainable) return true;
  for (std::size_t i = 0; i < layer; ++i) {
    const DecoderLayer& one = decoder_.layers[i];
    if (one.input_norm.trainable || one.post_norm.trainable) return true;
    if (std::ranges::any_of(one.linears(), [](const Linear* linear) { return linear->needs_input(); })) return true;
  }
  return false;
}

void Pass::backward() {
  const std::int64_t H = decoder_.config.hidden_size;
  const std::int64_t V = decoder_.config.vocab_size;
  const Matrix dlogits = Matrix::dense(logits_.data(), batch_.rows(), V);
  if (decoder_.head.trainable) {
    engine_.multiply(dlogits.transposed(), Matrix::dense(last_normed_.data(), batch_.rows(), H),
                     decoder_.head.gradient_target(engine_.memory(), 1));
  }
  last_normed_.release();
  Buffer dnormed = activation(H);
  engine_.multiply(dlogits, Matrix::dense(decoder_.head.value.data(), V, H), {dnormed.data(), H});
  logits_.release();
  tell("dfinal_norm", dnormed);
  Buffer dx = engine_.memory().zeros(batch_.rows() * H, MemoryKind::activations);
  norm_backward(decoder_.norm, last_, last_inverse_, dnormed, dx);
  dnormed.release();
  last_inverse_.release();
  last_ = std::move(dx);  // from here on the gradient of the residual stream
  for (std::size_t i = decoder_.layers.size(); i-- > 0;) {
    if (!trains_below(i + 1)) break;
    LayerTape& tape = tapes_[i];
    tell("dlayer", i, "output", last_);
    if (settings_.checkpointing) {
      const Observer observe = std::exchange(settings_.observe, {});
      layer_forward(decoder_.layers[i], std::move(tape.input), tape, i);
      settings_.observe = observe;
    }
    layer_backward(decoder_.layers[i], tape, i);
    tape = {};
  }
  tell("dembed", last_);
  if (decoder_.embedding.trainable) embedding_backward(last_);
  last_.release();
  tapes_.clear();
}

void Pass::layer_backward(DecoderLayer& layer, LayerTape& tape, std::size_t number) {
  const ModelConfig& config = decoder_.config;
  const std::int64_t rows = batch_.rows();
  const auto back = [&](LinearPlace place, const Buffer& x, const Buffer& dy, Buffer* dx, bool add) {
    const auto i = static_cast<std::size_t>(place);
    layer.linears()[i]->backward(engine_, x.data(), dy.data(), rows, dx == nullptr ? nullptr : dx->data(), add,
                                 settings_.dropout_seed, tape.linears[i]);
    tape.linears[i] = {};
  };
  const auto seen = [&](std::string_view name, const Buffer& values) { tell("dlayer", number, name, values); };
  Buffer& dx = last_;

  seen("down_proj", dx);
  Buffer dproduct = activation(config.intermediate_size);
  back(down_place, tape.product, dx, &dproduct, false);
  tape.product.release();
  engine_.for_rows(rows, config.intermediate_size, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t start = first * config.intermediate_size;
    engine_.rows().swiglu_backward(tape.gate.data() + start, tape.up.data() + start, dproduct.data() + start,
                                   (last - first) * config.intermediate_size);
  });
  dproduct.release();
  seen("gate_proj", tape.gate);
  seen("up_proj", tape.up);
  Buffer dnormed = activation(config.hidden_size);
  back(gate_place, tape.middle_normed, tape.gate, &dnormed, false);
  tape.gate.release();
  back(up_place, tape.middle_normed, tape.up, &dnormed, true);
  tape.up.release();
  tape.middle_normed.release();
  seen("post_attention_layernorm", dnormed);
  norm_backward(layer.post_norm, tape.middle, tape.middle_inverse, dnormed, dx);
  tape.middle.release();

  seen("o_proj", dx);
  Buffer dattention = activation(config.query_width());
  back(output_place, tape.attention, dx, &dattention, false);
  tape.attention.release();
  seen("attn_out", dattention);
  Buffer dquery = activation(config.query_width());
  Buffer dkey = activation(config.key_width());
  Buffer dvalue = activation(config.key_width());
  attention_backward(engine_, attention_, tape.query.data(), tape.key.data(), tape.value.data(),
                     tape.probabilities.data(), dattention.data(), dquery.data(), dkey.data(), dvalue.data());
  tape.probabilities.release();
  tape.query.release();
  tape.key.release();
  tape.value.release();
  dattention.release();
  seen("q_rope", dquery);
  seen("k_rope", dkey);
  turn(dquery, config.num_heads, true);
  turn(dkey, config.num_key_value_heads, true);
  seen("q_proj", dquery);
  seen("k_proj", dkey);
  seen("v_proj", dvalue);
  // Nothing below the first layer that trains needs a gradient.
  const bool goes_on = layer.input_norm.trainable || trains_below(number);
  Buffer* const below = goes_on ? &dnormed : nullptr;
  back(query_place, tape.input_normed, dquery, below, false);
  back(key_place, tape.input_normed, dkey, below, true);
  back(value_place, tape.input_normed, dvalue, below, true);
  if (!goes_on) return;
  seen("input_layernorm", dnormed);
  norm_backward(layer.input_norm, tape.input, tape.input_inverse, dnormed, dx);
}

void Pass::embedding_backward(const Buffer& dx) {
  const std::int64_t H = decoder_.config.hidden_size;
  const auto target = decoder_.embedding.gradient_target(engine_.memory(), 1);
  if (!target.add) std::ranges::fill(decoder_.embedding.gradient.values(), 0.0F);
  for (std::int64_t row = 0; row < batch_.rows(); ++row) {
    const std::int32_t id = batch_.ids[static_cast<std::size_t>(row)];
    engine_.rows().add(dx.data() + row * H, 1, H, target.data + id * H);
  }
}

}  // namespace qlab::training
