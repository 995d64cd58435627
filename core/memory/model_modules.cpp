#include <algorithm>

#include "core/memory/model_shape.hpp"

namespace qlab {
namespace {

Module linear(std::string_view path, LayerPart part, std::int64_t inputs, std::int64_t outputs, bool bias) {
  return {path, ModuleKind::linear, part, inputs, outputs, bias, false};
}

Module norm(std::string_view path, const ModelShape& shape, std::int64_t size) {
  return {path, ModuleKind::norm, LayerPart::norm, 1, size, shape.norm == Norm::layer, false};
}

std::vector<Module> llama_like_layer(const ModelShape& s) {
  const std::int64_t H = s.hidden_size;
  const std::int64_t queries = s.num_heads * s.head_dim;
  const std::int64_t keys = s.num_key_value_heads * s.head_dim;
  const auto attention = LayerPart::attention;
  std::vector<Module> modules;
  if (s.projections == Projections::separate) {
    modules = {linear("self_attn.q_proj", attention, H, queries, s.attention_bias),
               linear("self_attn.k_proj", attention, H, keys, s.attention_bias),
               linear("self_attn.v_proj", attention, H, keys, s.attention_bias),
               linear("self_attn.o_proj", attention, queries, H, s.output_bias)};
  } else {
    modules = {linear("self_attn.o_proj", attention, queries, H, s.output_bias),
               linear("self_attn.qkv_proj", attention, H, queries + 2 * keys, s.attention_bias)};
  }
  if (s.query_key_norm) {
    modules.push_back(norm("self_attn.q_norm", s, s.head_dim));
    modules.push_back(norm("self_attn.k_norm", s, s.head_dim));
  }
  if (s.fused_gate_up) {
    modules.push_back(linear("mlp.gate_up_proj", LayerPart::mlp, H, 2 * s.intermediate_size, s.mlp_bias));
  } else {
    modules.push_back(linear("mlp.gate_proj", LayerPart::mlp, H, s.intermediate_size, s.mlp_bias));
    modules.push_back(linear("mlp.up_proj", LayerPart::mlp, H, s.intermediate_size, s.mlp_bias));
  }
  modules.push_back(linear("mlp.down_proj", LayerPart::mlp, s.intermediate_size, H, s.mlp_bias));
  modules.push_back(norm("input_layernorm", s, H));
  modules.push_back(norm("post_attention_layernorm", s, H));
  if (s.sandwich_norms) {
    modules.push_back(norm("pre_feedforward_layernorm", s, H));
    modules.push_back(norm("post_feedforward_layernorm", s, H));
  }
  return modules;
}

std::vector<Module> opt_layer(const ModelShape& s) {
  const std::int64_t H = s.hidden_size;
  const auto attention = LayerPart::attention;
  return {linear("self_attn.k_proj", attention, H, H, s.attention_bias),
          linear("self_attn.v_proj", attention, H, H, s.attention_bias),
          linear("self_attn.q_proj", attention, H, H, s.attention_bias),
          linear("self_attn.out_proj", attention, H, H, s.output_bias),
          norm("self_attn_layer_norm", s, H),
          linear("fc1", LayerPart::mlp, H, s.intermediate_size, s.mlp_bias),
          linear("fc2", LayerPart::mlp, s.intermediate_size, H, s.mlp_bias),
          norm("final_layer_norm", s, H)};
}

std::vector<Module> gpt2_layer(const ModelShape& s) {
  const std::int64_t H = s.hidden_size;
  const auto conv1d = [](std::string_view path, LayerPart part, std::int64_t inputs, std::int64_t outputs) {
    return Module{path, ModuleKind::conv1d, part, inputs, outputs, true, false};
  };
  return {norm("ln_1", s, H),
          conv1d("attn.c_attn", LayerPart::attention, H, 3 * H),
          conv1d("attn.c_proj", LayerPart::attention, H, H),
          norm("ln_2", s, H),
          conv1d("mlp.c_fc", LayerPart::mlp, H, s.intermediate_size),
          conv1d("mlp.c_proj", LayerPart::mlp, s.intermediate_size, H)};
}

std::vector<Module> gpt_neox_layer(const ModelShape& s) {
  const std::int64_t H = s.hidden_size;
  return {norm("input_layernorm", s, H),
          norm("post_attention_layernorm", s, H),
          linear("attention.query_key_value", LayerPart::attention, H, 3 * H, s.attention_bias),
          linear("attention.dense", LayerPart::attention, H, H, s.output_bias),
          linear("mlp.dense_h_to_4h", LayerPart::mlp, H, s.intermediate_size, s.mlp_bias),
          linear("mlp.dense_4h_to_h", LayerPart::mlp, s.intermediate_size, H, s.mlp_bias)};
}

}  // namespace

std::vector<Module> modules_of_layer(const ModelShape& shape) {
  switch (shape.blueprint) {
    case Blueprint::llama: break;
    case Blueprint::opt: return opt_layer(shape);
    case Blueprint::gpt2: return gpt2_layer(shape);
    case Blueprint::gpt_neox: return gpt_neox_layer(shape);
  }
  return llama_like_layer(shape);
}

std::vector<Module> modules_before_layers(const ModelShape& shape) {
  const auto table = [](std::string_view path, std::int64_t rows, std::int64_t width) {
    return Module{path, ModuleKind::embedding, LayerPart::embedding, rows, width, false, false};
  };
  const std::int64_t width = shape.embedding_size;
  if (shape.blueprint == Blueprint::gpt2) {
    return {table("wte", shape.vocab_size, width), table("wpe", shape.position_rows, shape.hidden_size)};
  }
  if (shape.blueprint == Blueprint::gpt_neox) return {table("embed_in", shape.vocab_size, width)};
  std::vector<Module> modules{table("embed_tokens", shape.vocab_size, width)};
  if (shape.blueprint == Blueprint::opt) {
    modules.push_back(table("embed_positions", shape.position_rows, shape.hidden_size));
    if (width != shape.hidden_size) {
      modules.push_back(linear("project_out", LayerPart::embedding, shape.hidden_size, width, false));
      modules.push_back(linear("project_in", LayerPart::embedding, width, shape.hidden_size, false));
    }
    if (shape.norm_first) modules.push_back(norm("final_layer_norm", shape, shape.hidden_size));
  }
  return modules;
}

std::vector<Module> modules_after_layers(const ModelShape& shape) {
  std::vector<Module> modules;
  if (shape.blueprint != Blueprint::opt) {
    const char* name = shape.blueprint == Blueprint::gpt2       ? "ln_f"
                       : shape.blueprint == Blueprint::gpt_neox ? "final_layer_norm"
                                                                : "norm";
    modules.push_back(norm(name, shape, shape.hidden_size));
  }
  Module head = linear("lm_head", LayerPart::lm_head, shape.embedding_size, shape.vocab_size, false);
  head.tied = shape.tie_word_embeddings;
  modules.push_back(head);
  return modules;
}

std::vector<LinearModule> linears_of_layer(const ModelShape& shape) {
  std::vector<LinearModule> linears;
  for (const Module& m : modules_of_layer(shape)) {
    if (m.is_linear()) {
      linears.push_back({m.path.substr(m.path.find('.') + 1), m.path, m.part, m.inputs, m.outputs, m.bias});
    }
  }
  return linears;
}

bool is_target(const Module& module, std::span<const std::string> targets) {
  if (!module.is_linear()) return false;
  if (targets.size() == 1 && targets[0] == "all-linear") return module.part != LayerPart::lm_head;
  return std::any_of(targets.begin(), targets.end(), [&module](std::string_view target) {
    const std::string_view path = module.path;
    if (!path.ends_with(target)) return false;
    return path.size() == target.size() || path[path.size() - target.size() - 1] == '.';
  });
}

std::vector<std::string> lora_targets(const ModelShape& shape, std::string_view name) {
  if (name != "qv" && name != "qkvo") return {std::string(name)};
  std::vector<std::string> names;
  std::string output = "o_proj";
  switch (shape.projections) {
    case Projections::separate:
      names = {"q_proj", "v_proj"};
      if (name == "qkvo") names = {"q_proj", "k_proj", "v_proj"};
      if (shape.blueprint == Blueprint::opt) output = "out_proj";
      break;
    case Projections::fused_by_part: names = {"qkv_proj"}; break;
    case Projections::fused_by_head:
      names = {"query_key_value"};
      output = "attention.dense";
      break;
    case Projections::split_conv1d:
      names = {"c_attn"};
      output = "attn.c_proj";
      break;
  }
  if (name == "qkvo") names.push_back(output);
  return names;
}

std::int64_t adapter_parameters(const ModelShape& shape, std::int64_t rank, std::span<const std::string> targets) {
  std::int64_t sum = 0;
  const auto add = [&](const Module& module, std::int64_t times) {
    if (is_target(module, targets)) sum += times * rank * (module.inputs + module.outputs);
  };
  for (const Module& module : modules_before_layers(shape)) add(module, 1);
  for (const Module& module : modules_of_layer(shape)) add(module, shape.num_layers);
  for (const Module& module : modules_after_layers(shape)) add(module, 1);
  return sum;
}

std::vector<std::string> unmatched_targets(const ModelShape& shape, std::span<const std::string> targets) {
  std::vector<std::string> unmatched;
  for (const std::string& target : targets) {
    if (adapter_parameters(shape, 1, std::span(&target, 1)) == 0) unmatched.push_back(target);
  }
  return unmatched;
}

ParameterCounts count_parameters(const ModelShape& shape) {
  ParameterCounts counts;
  const auto add = [&counts](const Module& module, std::int64_t times) {
    const std::int64_t parameters = times * ((module.tied ? 0 : module.weights()) + module.biases());
    switch (module.part) {
      case LayerPart::embedding: counts.embedding += parameters; break;
      case LayerPart::attention: counts.attention += parameters; break;
      case LayerPart::mlp: counts.mlp += parameters; break;
      case LayerPart::norm: counts.norm += parameters; break;
      case LayerPart::lm_head: counts.lm_head += parameters; break;
    }
  };
  for (const Module& module : modules_before_layers(shape)) add(module, 1);
  for (const Module& module : modules_of_layer(shape)) add(module, shape.num_layers);
  for (const Module& module : modules_after_layers(shape)) add(module, 1);
  return counts;
}

QuantizedLinears quantized_linears(const ModelShape& shape) {
  QuantizedLinears sum;
  const auto add = [&sum](const Module& module, std::int64_t times) {
    if (!module.is_linear() || module.part == LayerPart::lm_head) return;
    sum.modules += times;
    sum.weights += times * module.weights();
    sum.biases_not_quantized += times * module.biases();
  };
  for (const Module& module : modules_before_layers(shape)) add(module, 1);
  for (const Module& module : modules_of_layer(shape)) add(module, shape.num_layers);
  return sum;
}

}  // namespace qlab
