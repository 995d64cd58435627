#include "core/memory/step/network.hpp"

#include <algorithm>

#include "core/memory/bitsandbytes.hpp"

namespace qlab::step {

namespace {

struct LinearRole {
  std::string_view path;
  LinearLayer DecoderLayer::*layer;
};
constexpr LinearRole linear_roles[] = {
    {"self_attn.q_proj", &DecoderLayer::query},
    {"self_attn.k_proj", &DecoderLayer::key},
    {"self_attn.v_proj", &DecoderLayer::value},
    {"self_attn.o_proj", &DecoderLayer::output},
    {"self_attn.qkv_proj", &DecoderLayer::query},
    {"self_attn.out_proj", &DecoderLayer::output},
    {"attn.c_attn", &DecoderLayer::query},
    {"attn.c_proj", &DecoderLayer::output},
    {"attention.query_key_value", &DecoderLayer::query},
    {"attention.dense", &DecoderLayer::output},
    {"mlp.gate_proj", &DecoderLayer::gate},
    {"mlp.up_proj", &DecoderLayer::up},
    {"mlp.gate_up_proj", &DecoderLayer::gate},
    {"mlp.down_proj", &DecoderLayer::down},
    {"fc1", &DecoderLayer::gate},
    {"fc2", &DecoderLayer::down},
    {"mlp.c_fc", &DecoderLayer::gate},
    {"mlp.c_proj", &DecoderLayer::down},
    {"mlp.dense_h_to_4h", &DecoderLayer::gate},
    {"mlp.dense_4h_to_h", &DecoderLayer::down},
};

struct NormRole {
  std::string_view path;
  NormLayer DecoderLayer::*layer;
  bool sandwich;  ///< where it counts: with norms behind attention and MLP too
};
constexpr NormRole norm_roles[] = {
    {"self_attn.q_norm", &DecoderLayer::query_norm, false},
    {"self_attn.k_norm", &DecoderLayer::key_norm, false},
    {"input_layernorm", &DecoderLayer::attention_norm, false},
    {"post_attention_layernorm", &DecoderLayer::mlp_norm, false},
    {"input_layernorm", &DecoderLayer::attention_norm, true},
    {"post_attention_layernorm", &DecoderLayer::after_attention_norm, true},
    {"pre_feedforward_layernorm", &DecoderLayer::mlp_norm, true},
    {"post_feedforward_layernorm", &DecoderLayer::after_mlp_norm, true},
    {"self_attn_layer_norm", &DecoderLayer::attention_norm, false},
    {"final_layer_norm", &DecoderLayer::mlp_norm, false},
    {"ln_1", &DecoderLayer::attention_norm, false},
    {"ln_2", &DecoderLayer::mlp_norm, false},
};

}  // namespace

Network::Network(Tape& tape, const ModelShape& shape, const StepSettings& settings)
    : tape_(tape),
      shape_(shape),
      settings_(settings),
      rest_dtype_(settings.method == TrainingMethod::qlora && settings.kbit_preparation ? Dtype::f32 : settings.base),
      adapter_dtype_(settings.adapters_fp32 ? Dtype::f32 : settings.half) {
  const bool full = settings.method == TrainingMethod::full;
  for (const Module& module : modules_before_layers(shape)) {
    if (module.kind == ModuleKind::embedding) {
      Tensor& table = token_embedding_.defined() ? position_embedding_ : token_embedding_;
      table = parameter(Category::weights, {module.inputs, module.outputs}, rest_dtype_, full);
    } else if (module.kind == ModuleKind::norm) {
      build_norm(module, final_norm_);
    } else {
      build_linear(module, module.path == "project_in" ? project_in_ : project_out_);
    }
  }
  layers_.resize(static_cast<std::size_t>(shape.num_layers));
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    tape.set_layer(static_cast<int>(i));
    build_layer(layers_[i]);
  }
  tape.set_layer(-1);
  for (const Module& module : modules_after_layers(shape)) {
    if (module.kind == ModuleKind::norm) {
      build_norm(module, final_norm_);
    } else if (module.tied) {
      head_.weight = token_embedding_;
    } else {
      head_.weight = parameter(Category::weights, {module.outputs, module.inputs}, rest_dtype_, full);
    }
  }
  head_.outputs = shape.vocab_size;

  if (shape.positions == Positions::rotary) {  // the frequencies and a copy of them
    for (int i = 0; i < 2; ++i)
      buffers_.push_back(tape.make_static(Category::buffers, {shape.rotary_size / 2}, Dtype::f32));
  }
  if (shape.scaled_embedding) buffers_.push_back(tape.make_static(Category::buffers, {}, settings.base));
  const bool quantized = settings.method == TrainingMethod::qlora;
  if (quantized && settings.double_quantization) {
    shared_code_ = tape.make_static(Category::quant_constants, {bitsandbytes::levels_8bit}, Dtype::f32);
  }
  build_adapters();
  input_ids_ = tape.make_static(Category::inputs, {settings.batch, settings.seq}, Dtype::i64);
  labels_ = tape.make_static(Category::inputs, {settings.batch, settings.seq}, Dtype::i64);
}

Tensor Network::parameter(Category category, const Sizes& sizes, Dtype dtype, bool trainable) {
  Tensor tensor = tape_.make_static(category, sizes, dtype);
  if (trainable) {
    Leaf& leaf = tape_.make_leaf(tensor, true);
    trainable_tensors_.push_back(std::make_unique<Tensor>(tensor));
    trainable_.push_back({trainable_tensors_.back().get(), &leaf});
  }
  return tensor;
}

void Network::build_linear(const Module& module, LinearLayer& layer) {
  const bool full = settings_.method == TrainingMethod::full;
  layer.outputs = module.outputs;
  layer.conv1d = module.kind == ModuleKind::conv1d;
  layer.quantized = settings_.method == TrainingMethod::qlora;
  if (layer.quantized) {
    const std::int64_t blocks = bitsandbytes::blocks(module.weights(), bitsandbytes::weight_block);
    const auto constant = [&](const Sizes& sizes, Dtype dtype) {
      layer.packed.push_back(tape_.make_static(Category::quant_constants, sizes, dtype));
    };
    layer.packed.push_back(tape_.make_static(Category::quantized_weights, {(module.weights() + 1) / 2, 1}, Dtype::u8));
    constant({bitsandbytes::levels_4bit}, Dtype::f32);
    if (settings_.double_quantization) {
      constant({blocks}, Dtype::u8);
      constant({bitsandbytes::blocks(blocks, bitsandbytes::constant_block)}, Dtype::f32);
      constant({}, Dtype::f32);
    } else {
      constant({blocks}, Dtype::f32);
    }
  } else {
    const Sizes sizes = layer.conv1d ? Sizes{module.inputs, module.outputs} : Sizes{module.outputs, module.inputs};
    layer.weight = parameter(Category::weights, sizes, rest_dtype_, full);
  }
  if (module.bias) layer.bias = parameter(Category::weights, {module.outputs}, rest_dtype_, full);
  if (settings_.lora && is_target(module, settings_.lora->targets)) {
    adapted_.push_back({&layer, module.inputs, tape_.layer()});
  }
}

void Network::build_adapters() {
  for (const Adapted& one : adapted_) {
    tape_.set_layer(one.layer_number);
    const std::int64_t rank = settings_.lora->rank;
    one.layer->lora_a = parameter(Category::adapter, {rank, one.inputs}, adapter_dtype_, true);
    one.layer->lora_b = parameter(Category::adapter, {one.layer->outputs, rank}, adapter_dtype_, true);
  }
  tape_.set_layer(-1);
}

void Network::build_norm(const Module& module, NormLayer& layer) {
  const bool full = settings_.method == TrainingMethod::full;
  layer.weight = parameter(Category::weights, {module.outputs}, rest_dtype_, full);
  if (module.bias) layer.bias = parameter(Category::weights, {module.outputs}, rest_dtype_, full);
}

void Network::build_layer(DecoderLayer& layer) {
  for (const Module& module : modules_of_layer(shape_)) {
    if (module.is_linear()) {
      const auto* role = std::find_if(std::begin(linear_roles), std::end(linear_roles),
                                      [&](const LinearRole& r) { return r.path == module.path; });
      QLAB_CHECK(role != std::end(linear_roles));
      build_linear(module, layer.*role->layer);
    } else {
      const auto* role = std::find_if(std::begin(norm_roles), std::end(norm_roles), [&](const NormRole& r) {
        return r.path == module.path && (r.sandwich == shape_.sandwich_norms);
      });
      QLAB_CHECK(role != std::end(norm_roles));
      build_norm(module, layer.*role->layer);
    }
  }
}

void Network::leave_first_step() {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    tape_.set_layer(static_cast<int>(i));
    for (const LinearRole& role : linear_roles) narrow_bias(layers_[i].*role.layer);
  }
  for (const Trainable& parameter : trainable_) {
    tape_.set_layer(parameter.leaf->layer);
    parameter.leaf->grad = tape_.make_static(Category::gradients, parameter.tensor->sizes(), parameter.tensor->dtype());
  }
  tape_.set_layer(-1);
}

}  // namespace qlab::step
