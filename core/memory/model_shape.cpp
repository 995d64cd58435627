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

constexpr std::uintmax_t max_config_bytes = 1 << 20;
constexpr std::array<std::string_view, 2> families{"llama", "mistral"};

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

  bool flag(const char* key) {
    const auto found = config_.find(key);
    if (found == config_.end() || found->is_null()) return false;
    if (found->is_boolean()) return found->get<bool>();
    refuse(key, *found, "use true or false");
    return false;
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

}  // namespace

Result<ModelShape> parse_model_shape(std::string_view json, const std::string& where) {
  const auto config = parse_object(json, where);
  if (!config) return config.error();
  auto model_type = read_model_type(*config, where);
  if (!model_type) return model_type.error();

  ConfigReader read(*config, where);
  ModelShape shape;
  shape.model_type = *std::move(model_type);
  shape.hidden_size = read.size("hidden_size", max_hidden_size);
  shape.num_layers = read.size("num_hidden_layers", max_layers);
  shape.num_heads = read.size("num_attention_heads", max_heads);
  shape.num_key_value_heads = read.optional_size("num_key_value_heads", max_heads).value_or(shape.num_heads);
  const auto head_dim = read.optional_size("head_dim", max_head_dim);
  shape.intermediate_size = read.size("intermediate_size", max_intermediate_size);
  shape.vocab_size = read.size("vocab_size", max_vocab_size);
  shape.tie_word_embeddings = read.flag("tie_word_embeddings");
  if (shape.model_type == "llama") {
    shape.attention_bias = read.flag("attention_bias");
    shape.mlp_bias = read.flag("mlp_bias");
  }
  if (read.error()) return *read.error();

  if (!head_dim && shape.hidden_size % shape.num_heads != 0) {
    return Error{Errc::bad_file, fmt::format("num_attention_heads is {}", shape.num_heads), where,
                 fmt::format("without head_dim it must divide hidden_size {}", shape.hidden_size)};
  }
  if (shape.num_heads % shape.num_key_value_heads != 0) {
    return Error{Errc::bad_file, fmt::format("num_key_value_heads is {}", shape.num_key_value_heads), where,
                 fmt::format("it must divide num_attention_heads {}", shape.num_heads)};
  }
  shape.head_dim = head_dim.value_or(shape.hidden_size / shape.num_heads);
  if (shape.head_dim > max_head_dim) {
    return Error{Errc::bad_file, fmt::format("a head has {} values", shape.head_dim), where,
                 fmt::format("use more num_attention_heads, for at most {}", max_head_dim)};
  }
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
  return shape;
}

std::vector<LinearModule> linears_of_layer(const ModelShape& shape) {
  const std::int64_t H = shape.hidden_size;
  const std::int64_t inner = shape.intermediate_size;
  const std::int64_t queries = shape.num_heads * shape.head_dim;
  const std::int64_t keys = shape.num_key_value_heads * shape.head_dim;
  return {
      {"q_proj", LayerPart::attention, H, queries, shape.attention_bias},
      {"k_proj", LayerPart::attention, H, keys, shape.attention_bias},
      {"v_proj", LayerPart::attention, H, keys, shape.attention_bias},
      {"o_proj", LayerPart::attention, queries, H, shape.attention_bias},
      {"gate_proj", LayerPart::mlp, H, inner, shape.mlp_bias},
      {"up_proj", LayerPart::mlp, H, inner, shape.mlp_bias},
      {"down_proj", LayerPart::mlp, inner, H, shape.mlp_bias},
  };
}

ParameterCounts count_parameters(const ModelShape& shape) {
  ParameterCounts counts;
  counts.embedding = shape.vocab_size * shape.hidden_size;
  counts.lm_head = shape.tie_word_embeddings ? 0 : shape.vocab_size * shape.hidden_size;
  counts.norm = (2 * shape.num_layers + 1) * shape.hidden_size;  // two a layer and the last one
  for (const LinearModule& linear : linears_of_layer(shape)) {
    auto& kind = linear.part == LayerPart::attention ? counts.attention : counts.mlp;
    kind += shape.num_layers * (linear.weights() + linear.biases());
  }
  return counts;
}

QuantizedLinears quantized_linears(const ModelShape& shape) {
  QuantizedLinears sum;
  for (const LinearModule& linear : linears_of_layer(shape)) {
    sum.modules += shape.num_layers;
    sum.weights += shape.num_layers * linear.weights();
    sum.biases_not_quantized += shape.num_layers * linear.biases();
  }
  return sum;
}

}  // namespace qlab
