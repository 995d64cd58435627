#include "core/training/decoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/tensor/generate_body.hpp"

namespace qlab::training {
namespace {

constexpr double initial_sigma = 0.02;

Parameter make_parameter(Engine& engine, std::string name, std::vector<std::int64_t> shape) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.shape = std::move(shape);
  parameter.value = engine.memory().floats(parameter.size(), MemoryKind::weights);
  return parameter;
}

Linear make_linear(Engine& engine, const std::string& name, std::int64_t inputs, std::int64_t outputs) {
  Linear linear;
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.weight = make_parameter(engine, name + ".weight", {outputs, inputs});
  return linear;
}

}  // namespace

Decoder make_decoder(Engine& engine, const ModelConfig& config) {
  const std::int64_t H = config.hidden_size;
  const std::int64_t I = config.intermediate_size;
  Decoder decoder;
  decoder.config = config;
  decoder.embedding = make_parameter(engine, "model.embed_tokens.weight", {config.vocab_size, H});
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    DecoderLayer layer;
    layer.input_norm = make_parameter(engine, at + "input_layernorm.weight", {H});
    layer.query = make_linear(engine, at + "self_attn.q_proj", H, config.query_width());
    layer.key = make_linear(engine, at + "self_attn.k_proj", H, config.key_width());
    layer.value = make_linear(engine, at + "self_attn.v_proj", H, config.key_width());
    layer.output = make_linear(engine, at + "self_attn.o_proj", config.query_width(), H);
    layer.post_norm = make_parameter(engine, at + "post_attention_layernorm.weight", {H});
    layer.gate = make_linear(engine, at + "mlp.gate_proj", H, I);
    layer.up = make_linear(engine, at + "mlp.up_proj", H, I);
    layer.down = make_linear(engine, at + "mlp.down_proj", I, H);
    decoder.layers.push_back(std::move(layer));
  }
  decoder.norm = make_parameter(engine, "model.norm.weight", {H});
  decoder.head = make_parameter(engine, "lm_head.weight", {config.vocab_size, H});
  return decoder;
}

std::vector<Parameter*> Decoder::tensors() {
  std::vector<Parameter*> all = {&embedding};
  for (DecoderLayer& layer : layers) {
    for (Linear* linear : layer.linears()) all.push_back(&linear->weight);
    all.push_back(&layer.input_norm);
    all.push_back(&layer.post_norm);
  }
  all.push_back(&norm);
  all.push_back(&head);
  return all;
}

std::vector<Linear*> Decoder::linears() {
  std::vector<Linear*> all;
  for (DecoderLayer& layer : layers) std::ranges::copy(layer.linears(), std::back_inserter(all));
  return all;
}

std::vector<Parameter*> Decoder::trainable() {
  std::vector<Parameter*> all = tensors();
  std::erase_if(all, [](const Parameter* one) { return !one->trainable; });
  for (Linear* linear : linears()) {
    if (!linear->adapter) continue;
    all.push_back(&linear->adapter->a);
    all.push_back(&linear->adapter->b);
  }
  return all;
}

std::int64_t Decoder::parameter_count() const {
  std::int64_t count = embedding.size() + norm.size() + head.size();
  for (const DecoderLayer& layer : layers) {
    count += layer.input_norm.size() + layer.post_norm.size();
    for (const Linear* linear : layer.linears()) count += linear->weight.size();
  }
  return count;
}

void initialize(Decoder& decoder, std::uint64_t seed) {
  std::int64_t first = 0;  // each tensor takes its own run of one endless random tensor
  const NormalElement element{seed, initial_sigma};
  for (Parameter* one : decoder.tensors()) {
    for (float& value : one->value.values()) value = one->shape.size() == 1 ? 1.0F : element(first++);
  }
}

void freeze(Decoder& decoder) {
  for (Parameter* one : decoder.tensors()) one->trainable = false;
}

}  // namespace qlab::training
