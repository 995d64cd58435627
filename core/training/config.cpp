#include "core/training/config.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/mapped_file.hpp"
#include "core/memory/model_shape.hpp"

namespace qlab::training {
namespace {

using Json = nlohmann::json;

Error unsupported(const std::string& what, const std::string& where, const char* hint) {
  return {Errc::unsupported, what, where, hint};
}

/// What ModelShape does not carry because no byte of memory depends on it.
Result<Done> check_computation(const Json& config, const std::string& where) {
  if (config.contains("quantization_config")) {
    return unsupported("the weights of this model are quantized", where,
                       "start from the original; --method qlora quantizes it");
  }
  Json rope = config.value("rope_scaling", Json());
  if (config.contains("rope_parameters")) rope = config["rope_parameters"];
  if (!rope.is_object()) return Done{};
  const Json type = rope.value("rope_type", rope.value("type", Json("default")));
  if (type != "default") {
    return unsupported("the rotary positions are of the type " + type.dump(), where, "use a model with the default");
  }
  return Done{};
}

Result<double> positive(const Json& config, const char* key, double fallback, const std::string& where) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return fallback;
  if (!found->is_number() || !(found->get<double>() > 0) || !std::isfinite(found->get<double>())) {
    return Error{Errc::bad_file, fmt::format("{} is {}", key, found->dump()), where, "it must be a positive number"};
  }
  return found->get<double>();
}

}  // namespace

Result<ModelConfig> parse_model_config(std::string_view json, const std::string& where) {
  const auto shape = parse_model_shape(json, where);
  if (!shape) return shape.error();
  const Json config = Json::parse(json);  // parse_model_shape found it to be an object
  if (shape->model_type != "llama") {
    return unsupported(fmt::format("the model is of the type '{}'", shape->model_type), where,
                       "the trainer builds models of the type 'llama'");
  }
  if (shape->attention_bias || shape->output_bias || shape->mlp_bias) {
    return unsupported("the model's linear layers have biases", where, "use a model without them");
  }
  if (shape->tie_word_embeddings) {
    return unsupported("the head is tied to the embedding", where, "use a model with tie_word_embeddings false");
  }
  if (shape->activation != Activation::silu) {
    return unsupported(fmt::format("hidden_act is {}", config.value("hidden_act", Json()).dump()), where,
                       "use a model with silu");
  }
  if (shape->head_dim % 2 != 0) {
    return unsupported(fmt::format("head_dim is {}", shape->head_dim), where, "rotary positions need an even number");
  }
  if (auto checked = check_computation(config, where); !checked) return checked.error();
  const auto epsilon = positive(config, "rms_norm_eps", 1e-6, where);
  if (!epsilon) return epsilon.error();
  auto theta = positive(config, "rope_theta", 10000, where);
  if (theta && config.contains("rope_parameters") && config["rope_parameters"].is_object()) {
    theta = positive(config["rope_parameters"], "rope_theta", *theta, where);
  }
  if (!theta) return theta.error();

  ModelConfig model;
  model.hidden_size = shape->hidden_size;
  model.intermediate_size = shape->intermediate_size;
  model.num_layers = shape->num_layers;
  model.num_heads = shape->num_heads;
  model.num_key_value_heads = shape->num_key_value_heads;
  model.head_dim = shape->head_dim;
  model.vocab_size = shape->vocab_size;
  if (shape->max_positions > 0) model.max_positions = shape->max_positions;
  model.rms_norm_eps = *epsilon;
  model.rope_theta = *theta;
  return model;
}

Result<ModelConfig> load_model_config(const std::filesystem::path& config_json) {
  const auto file = MappedFile::open(config_json);
  if (!file) return file.error();
  const auto bytes = file->bytes();
  return parse_model_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, config_json.string());
}

std::string config_json(const ModelConfig& config) {
  const nlohmann::ordered_json document = {
      {"architectures", {"LlamaForCausalLM"}},
      {"attention_bias", false},
      {"attention_dropout", 0.0},
      {"head_dim", config.head_dim},
      {"hidden_act", "silu"},
      {"hidden_size", config.hidden_size},
      {"initializer_range", 0.02},
      {"intermediate_size", config.intermediate_size},
      {"max_position_embeddings", config.max_positions},
      {"mlp_bias", false},
      {"model_type", "llama"},
      {"num_attention_heads", config.num_heads},
      {"num_hidden_layers", config.num_layers},
      {"num_key_value_heads", config.num_key_value_heads},
      {"rms_norm_eps", config.rms_norm_eps},
      {"rope_parameters", {{"rope_theta", config.rope_theta}, {"rope_type", "default"}}},
      {"rope_theta", config.rope_theta},
      {"tie_word_embeddings", false},
      {"torch_dtype", "float32"},
      {"use_cache", true},
      {"vocab_size", config.vocab_size},
  };
  return document.dump(2) + "\n";
}

}  // namespace qlab::training
