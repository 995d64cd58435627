#include "core/memory/model_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

namespace qlab {
namespace {

using Json = nlohmann::json;

// Far above every model there is, and low enough that no product of sizes leaves 64 bits.
constexpr std::int64_t max_hidden_size = 262'144;
constexpr std::int64_t max_layers = 4'096;
constexpr std::int64_t max_heads = 4'096;
constexpr std::int64_t max_head_dim = 4'096;
constexpr std::int64_t max_intermediate_size = 4'194'304;
constexpr std::int64_t max_vocab_size = 16'777'216;
constexpr std::int64_t max_positions = 1'073'741'824;

constexpr std::uintmax_t max_config_bytes = 1 << 20;
constexpr std::array<std::string_view, 9> families{"llama", "mistral", "qwen2", "qwen3",   "gemma2",
                                                   "phi3",  "opt",     "gpt2",  "gpt_neox"};

std::string shortened(std::string text) {
  constexpr std::size_t longest = 40;
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

/// ASCII only, so that a value cut in the middle is still text.
std::string shown(const Json& value) { return shortened(value.dump(-1, ' ', true, Json::error_handler_t::replace)); }

/// Reads keys one after the other and keeps the first error; once it has one, every reader returns a harmless value.
class ConfigReader {
 public:
  ConfigReader(const Json& config, const std::string& where) : config_(config), where_(where) {}

  std::int64_t size(const char* key, std::int64_t maximum) {
    const auto found = optional_size(key, maximum);
    if (!found && !error_) {
      error_ = {Errc::bad_file, fmt::format("{} is missing", key), where_,
                fmt::format("give it as a whole number from 1 to {}", maximum)};
    }
    return found.value_or(1);
  }

  /// nullopt where the key is absent or null.
  std::optional<std::int64_t> optional_size(const char* key, std::int64_t maximum) {
    const auto found = config_.find(key);
    if (found == config_.end() || found->is_null()) return std::nullopt;
    // A JSON number beyond 64 bits becomes a floating-point one and is refused with the rest.
    if (found->is_number_unsigned() || found->is_number_integer()) {
      const bool fits_64_bits = !found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX;
      if (fits_64_bits && found->get<std::int64_t>() >= 1 && found->get<std::int64_t>() <= maximum) {
        return found->get<std::int64_t>();
      }
    }
    refuse(key, *found, fmt::format("use a whole number from 1 to {}", maximum));
    return 1;
  }

  bool flag(const char* key, bool otherwise = false) {
    const auto found = config_.find(key);
    if (found == config_.end() || found->is_null()) return otherwise;
    if (found->is_boolean()) return found->get<bool>();
    refuse(key, *found, "use true or false");
    return otherwise;
  }

  double fraction(const char* key, double otherwise) {
    const auto found = config_.find(key);
    if (found == config_.end() || found->is_null()) return otherwise;
    if (found->is_number() && found->get<double>() >= 0 && found->get<double>() <= 1) return found->get<double>();
    refuse(key, *found, "use a number from 0 to 1");
    return otherwise;
  }

  /// Whether the key is there with a number; absent counts as `otherwise`, null as no.
  bool number_is_set(const char* key, bool otherwise) {
    const auto found = config_.find(key);
    if (found == config_.end()) return otherwise;
    return !found->is_null();
  }

  Activation activation(const char* key, std::string_view otherwise) {
    const auto found = config_.find(key);
    const std::string name =
        found != config_.end() && found->is_string() ? found->get<std::string>() : std::string(otherwise);
    if (name == "silu" || name == "swish") return Activation::silu;
    if (name == "gelu" || name == "gelu_pytorch_tanh") return Activation::gelu;
    if (name == "gelu_new") return Activation::gelu_new;
    if (name == "relu") return Activation::relu;
    refuse(key, name, "use one of silu, gelu, gelu_pytorch_tanh, gelu_new, relu");
    return Activation::silu;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void refuse(const char* key, const Json& value, std::string hint) {
    if (!error_) error_ = {Errc::bad_file, fmt::format("{} is {}", key, shown(value)), where_, std::move(hint)};
  }

  const Json& config_;
  const std::string& where_;
  std::optional<Error> error_;
};

Result<Json> parse_object(std::string_view text, const std::string& where) {
  const std::string hint = "give a model's config.json as it comes from the hub";
  Json config;
  try {
    config = Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(error.byte, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    return Error{Errc::bad_file, "not JSON", fmt::format("{}:{}", where, line), hint};
  } catch (const Json::exception&) {  // a number like 1e999
    return Error{Errc::bad_file, "a number is too large for JSON", where, hint};
  }
  if (!config.is_object()) return Error{Errc::bad_file, "not a JSON object", where, hint};
  return config;
}

Result<std::string> read_model_type(const Json& config, const std::string& where) {
  const std::string hint = fmt::format("use one of {}", fmt::join(families, ", "));
  const auto found = config.find("model_type");
  if (found == config.end()) return Error{Errc::bad_file, "model_type is missing", where, hint};
  if (!found->is_string()) return Error{Errc::bad_file, fmt::format("model_type is {}", shown(*found)), where, hint};
  auto model_type = found->get<std::string>();
  if (std::find(families.begin(), families.end(), model_type) == families.end()) {
    return Error{Errc::unsupported, fmt::format("model_type {} is not supported", shown(*found)), where, hint};
  }
  return model_type;
}

// --- one reader per family; the defaults are those of transformers' configuration classes --------------------------

void read_llama_like(ConfigReader& read, ModelShape& shape) {
  const bool gemma = shape.model_type == "gemma2";
  shape.hidden_size = read.size("hidden_size", max_hidden_size);
  shape.num_layers = read.size("num_hidden_layers", max_layers);
  shape.num_heads = read.size("num_attention_heads", max_heads);
  shape.num_key_value_heads = read.optional_size("num_key_value_heads", max_heads).value_or(shape.num_heads);
  shape.head_dim = read.optional_size("head_dim", max_head_dim)
                       .value_or(gemma                         ? 256
                                 : shape.model_type == "qwen3" ? 128
                                                               : 0);
  shape.intermediate_size = read.size("intermediate_size", max_intermediate_size);
  shape.vocab_size = read.size("vocab_size", max_vocab_size);
  shape.max_positions = read.optional_size("max_position_embeddings", max_positions).value_or(0);
  shape.tie_word_embeddings = read.flag("tie_word_embeddings", gemma);
  shape.attention_dropout = read.fraction("attention_dropout", 0);
  if (!gemma) shape.activation = read.activation("hidden_act", "silu");
}

void read_sliding_window(ConfigReader& read, ModelShape& shape, bool otherwise) {
  if (read.number_is_set("sliding_window", otherwise)) {
    shape.sliding_window = read.optional_size("sliding_window", max_positions).value_or(4096);
  }
}

void read_llama(ConfigReader& read, ModelShape& shape) {
  read_llama_like(read, shape);
  shape.attention_bias = shape.output_bias = read.flag("attention_bias");
  shape.mlp_bias = read.flag("mlp_bias");
}

void read_mistral(ConfigReader& read, ModelShape& shape) {
  read_llama_like(read, shape);
  read_sliding_window(read, shape, true);
}

void read_qwen(ConfigReader& read, ModelShape& shape) {
  read_llama_like(read, shape);
  if (shape.model_type == "qwen2") {
    shape.attention_bias = true;
  } else {
    shape.attention_bias = shape.output_bias = read.flag("attention_bias");
    shape.query_key_norm = true;
  }
  if (read.flag("use_sliding_window")) {
    read_sliding_window(read, shape, true);
    shape.first_sliding_layer = read.optional_size("max_window_layers", max_layers).value_or(28);
  }
}

void read_gemma2(ConfigReader& read, ModelShape& shape) {
  read_llama_like(read, shape);
  shape.attention_bias = shape.output_bias = read.flag("attention_bias");
  shape.activation = read.activation("hidden_activation", "gelu_pytorch_tanh");
  shape.norm = Norm::rms_from_one;
  shape.sandwich_norms = true;
  shape.scaled_embedding = true;
  shape.attention_softcap = read.number_is_set("attn_logit_softcapping", true);
  shape.logit_softcap = read.number_is_set("final_logit_softcapping", true);
  read_sliding_window(read, shape, true);
  shape.sliding_period = 2;
}

void read_phi3(ConfigReader& read, ModelShape& shape) {
  read_llama_like(read, shape);
  shape.projections = Projections::fused_by_part;
  shape.fused_gate_up = true;
  shape.residual_dropout = read.fraction("resid_pdrop", 0);
  read_sliding_window(read, shape, false);
}

void read_opt(ConfigReader& read, ModelShape& shape) {
  shape.blueprint = Blueprint::opt;
  shape.hidden_size = read.size("hidden_size", max_hidden_size);
  shape.num_layers = read.size("num_hidden_layers", max_layers);
  shape.num_heads = read.size("num_attention_heads", max_heads);
  shape.num_key_value_heads = shape.num_heads;
  shape.intermediate_size = read.size("ffn_dim", max_intermediate_size);
  shape.vocab_size = read.size("vocab_size", max_vocab_size);
  shape.max_positions = read.optional_size("max_position_embeddings", max_positions).value_or(2048);
  shape.embedding_size = read.optional_size("word_embed_proj_dim", max_hidden_size).value_or(shape.hidden_size);
  shape.tie_word_embeddings = read.flag("tie_word_embeddings", true);
  shape.activation = read.activation("activation_function", "relu");
  shape.attention_bias = shape.output_bias = shape.mlp_bias = read.flag("enable_bias", true);
  shape.norm = Norm::layer;
  shape.norm_first = read.flag("do_layer_norm_before", true);
  shape.positions = Positions::learned;
  shape.position_rows = shape.max_positions + 2;  // OPT's table starts two rows in
  shape.gated_mlp = false;
  shape.residual_dropout = read.fraction("dropout", 0.1);
  shape.attention_dropout = read.fraction("attention_dropout", 0);
}

void read_gpt2(ConfigReader& read, ModelShape& shape) {
  shape.blueprint = Blueprint::gpt2;
  shape.hidden_size = read.size("n_embd", max_hidden_size);
  shape.num_layers = read.size("n_layer", max_layers);
  shape.num_heads = read.size("n_head", max_heads);
  shape.num_key_value_heads = shape.num_heads;
  shape.intermediate_size = read.optional_size("n_inner", max_intermediate_size).value_or(4 * shape.hidden_size);
  shape.vocab_size = read.size("vocab_size", max_vocab_size);
  shape.max_positions = read.optional_size("n_positions", max_positions).value_or(1024);
  shape.tie_word_embeddings = read.flag("tie_word_embeddings", true);
  shape.activation = read.activation("activation_function", "gelu_new");
  shape.attention_bias = shape.output_bias = shape.mlp_bias = true;
  shape.norm = Norm::layer;
  shape.positions = Positions::learned;
  shape.position_rows = shape.max_positions;
  shape.projections = Projections::split_conv1d;
  shape.gated_mlp = false;
  shape.embedding_dropout = read.fraction("embd_pdrop", 0.1);
  shape.residual_dropout = read.fraction("resid_pdrop", 0.1);
  shape.attention_dropout = read.fraction("attn_pdrop", 0.1);
}

void read_gpt_neox(ConfigReader& read, ModelShape& shape) {
  shape.blueprint = Blueprint::gpt_neox;
  shape.hidden_size = read.size("hidden_size", max_hidden_size);
  shape.num_layers = read.size("num_hidden_layers", max_layers);
  shape.num_heads = read.size("num_attention_heads", max_heads);
  shape.num_key_value_heads = shape.num_heads;
  shape.intermediate_size = read.size("intermediate_size", max_intermediate_size);
  shape.vocab_size = read.size("vocab_size", max_vocab_size);
  shape.max_positions = read.optional_size("max_position_embeddings", max_positions).value_or(2048);
  shape.tie_word_embeddings = read.flag("tie_word_embeddings");
  shape.activation = read.activation("hidden_act", "gelu");
  shape.attention_bias = shape.output_bias = read.flag("attention_bias", true);
  shape.mlp_bias = true;
  shape.norm = Norm::layer;
  shape.projections = Projections::fused_by_head;
  shape.parallel_residual = read.flag("use_parallel_residual", true);
  shape.gated_mlp = false;
  shape.embedding_dropout = shape.residual_dropout = read.fraction("hidden_dropout", 0);
  shape.attention_dropout = read.fraction("attention_dropout", 0);
}

/// The share of a head that is rotated; newer files keep it in rope_parameters.
double rotated_share(const Json& config, ConfigReader& read, const std::string& model_type) {
  const auto rope = config.find("rope_parameters");
  if (rope != config.end() && rope->is_object() && rope->contains("partial_rotary_factor") &&
      (*rope)["partial_rotary_factor"].is_number()) {
    return std::clamp((*rope)["partial_rotary_factor"].get<double>(), 0.0, 1.0);
  }
  if (model_type == "gpt_neox") return read.fraction("rotary_pct", 0.25);
  return model_type == "phi3" ? read.fraction("partial_rotary_factor", 1) : 1;
}

}  // namespace

Result<ModelShape> parse_model_shape(std::string_view json, const std::string& where) {
  const auto config = parse_object(json, where);
  if (!config) return config.error();
  auto model_type = read_model_type(*config, where);
  if (!model_type) return model_type.error();

  using Reader = void (*)(ConfigReader&, ModelShape&);
  constexpr std::array<Reader, families.size()> readers{read_llama, read_mistral, read_qwen, read_qwen,    read_gemma2,
                                                        read_phi3,  read_opt,     read_gpt2, read_gpt_neox};
  ConfigReader read(*config, where);
  ModelShape shape;
  shape.model_type = *std::move(model_type);
  const auto family = std::find(families.begin(), families.end(), shape.model_type) - families.begin();
  readers[static_cast<std::size_t>(family)](read, shape);
  const double rotated = rotated_share(*config, read, shape.model_type);
  if (read.error()) return *read.error();

  const bool head_dim_given = shape.head_dim != 0;
  const char* heads_key = shape.model_type == "gpt2" ? "n_head" : "num_attention_heads";
  if (!head_dim_given && shape.hidden_size % shape.num_heads != 0) {
    return Error{Errc::bad_file, fmt::format("{} is {}", heads_key, shape.num_heads), where,
                 fmt::format("without head_dim it must divide hidden_size {}", shape.hidden_size)};
  }
  if (shape.num_heads % shape.num_key_value_heads != 0) {
    return Error{Errc::bad_file, fmt::format("num_key_value_heads is {}", shape.num_key_value_heads), where,
                 fmt::format("it must divide num_attention_heads {}", shape.num_heads)};
  }
  if (!head_dim_given) shape.head_dim = shape.hidden_size / shape.num_heads;
  if (shape.head_dim > max_head_dim) {
    return Error{Errc::bad_file, fmt::format("a head has {} values", shape.head_dim), where,
                 fmt::format("use more {}, for at most {}", heads_key, max_head_dim)};
  }
  shape.rotary_size = static_cast<std::int64_t>(static_cast<double>(shape.head_dim) * rotated);
  if (shape.embedding_size == 0) shape.embedding_size = shape.hidden_size;
  return shape;
}

Result<ModelShape> load_model_shape(const std::filesystem::path& config_json) {
  const std::string where = config_json.string();
  std::error_code code;
  if (!std::filesystem::exists(config_json, code)) {
    return Error{Errc::not_found, "no such file", where, "give the path of a model's config.json"};
  }
  if (!std::filesystem::is_regular_file(config_json, code)) {
    return Error{Errc::bad_file, "not a file", where, "give the path of the config.json itself"};
  }
  const auto bytes = std::filesystem::file_size(config_json, code);
  if (!code && bytes > max_config_bytes) {
    return Error{Errc::bad_file, fmt::format("{} bytes are too many for a config.json", bytes), where,
                 fmt::format("give a file of at most {} bytes", max_config_bytes)};
  }
  std::ifstream file(config_json, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) return Error{Errc::io, "cannot be read", where, "check its permissions"};
  return parse_model_shape(text, where);
}

ModelShape llama_like_shape(std::int64_t hidden_size, std::int64_t num_layers, std::int64_t vocab_size) {
  ModelShape shape;
  shape.hidden_size = hidden_size;
  shape.num_layers = num_layers;
  shape.head_dim = 128;
  shape.num_heads = (hidden_size + shape.head_dim - 1) / shape.head_dim;
  shape.num_key_value_heads = shape.num_heads;
  shape.intermediate_size = (8 * hidden_size / 3 + 255) / 256 * 256;
  shape.vocab_size = vocab_size;
  shape.embedding_size = hidden_size;
  shape.rotary_size = shape.head_dim;
  return shape;
}

}  // namespace qlab
