#include "core/memory/model_shape.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using Json = nlohmann::json;

const std::string data = QLAB_TEST_DATA "/memory/";

Json reference_counts() {
  std::ifstream file(data + "params.json");
  REQUIRE(file.is_open());
  return Json::parse(file).at("models");
}

Json llama_7b_config() {
  return {{"model_type", "llama"},          {"hidden_size", 4096},        {"num_hidden_layers", 32},
          {"num_attention_heads", 32},      {"intermediate_size", 11008}, {"vocab_size", 32000},
          {"max_position_embeddings", 2048}};
}

std::string refusal_of(const std::string& text) {
  const auto shape = parse_model_shape(text, "config.json");
  REQUIRE_FALSE(shape);
  std::string line = shape.error().message();
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.size() < 250);
  return line;
}

std::string refusal_with(const char* key, Json value) {
  Json config = llama_7b_config();
  config[key] = std::move(value);
  return refusal_of(config.dump());
}

TEST_CASE("parameter counts are those of the models that transformers builds", "[core][memory][golden]") {
  const Json models = reference_counts();
  REQUIRE(models.size() == 13);
  for (const Json& model : models) {
    CAPTURE(model.at("model"));
    const auto shape = load_model_shape(data + "configs/" + model.at("model").get<std::string>() + ".json");
    REQUIRE(shape);
    const ParameterCounts counts = count_parameters(*shape);
    CHECK(counts.total() == model.at("total"));
    CHECK(counts.embedding == model.at("by_kind").at("embedding"));
    CHECK(counts.attention == model.at("by_kind").at("attention"));
    CHECK(counts.mlp == model.at("by_kind").at("mlp"));
    CHECK(counts.norm == model.at("by_kind").at("norm"));
    CHECK(counts.lm_head == model.at("by_kind").value("lm_head", 0));

    const QuantizedLinears quantized = quantized_linears(*shape);
    CHECK(quantized.modules == model.at("quantizable_linear").at("modules"));
    CHECK(quantized.weights == model.at("quantizable_linear").at("weights"));
    CHECK(quantized.biases_not_quantized == model.at("quantizable_linear").at("biases_not_quantized"));

    const auto linears = linears_of_layer(*shape);
    const Json& expected = model.at("linear_shapes");
    REQUIRE(linears.size() == expected.size());
    for (std::size_t i = 0; i < linears.size(); ++i) {
      CHECK(linears[i].name == expected[i].at("name").get<std::string>());
      Json shape_of_weight{linears[i].outputs, linears[i].inputs};
      if (shape->projections == Projections::split_conv1d) std::swap(shape_of_weight[0], shape_of_weight[1]);
      CHECK(shape_of_weight == expected[i].at("shape"));
      CHECK(shape->num_layers == expected[i].at("count"));
    }
  }
}

TEST_CASE("the presets are LLaMA's published sizes and parameter counts", "[core][memory][golden]") {
  const auto [name, total] = GENERATE(table<const char*, std::int64_t>({{"llama-7b", 6'738'415'616},
                                                                        {"llama-13b", 13'015'864'320},
                                                                        {"llama-33b", 32'528'943'616},
                                                                        {"llama-65b", 65'285'660'672},
                                                                        {"llama-2-7b", 6'738'415'616}}));
  CAPTURE(name);
  const auto shape = load_model_shape(std::string(QLAB_TEST_DATA "/../../assets/models/") + name + ".json");
  REQUIRE(shape);
  CHECK(count_parameters(*shape).total() == total);
  // The sliders' model grows through the same sizes.
  const ModelShape slider = llama_like_shape(shape->hidden_size, shape->num_layers, shape->vocab_size);
  CHECK(slider.intermediate_size == shape->intermediate_size);
  CHECK(slider.num_heads == shape->num_heads);
  CHECK(slider.num_key_value_heads == shape->num_key_value_heads);
  CHECK(slider.head_dim == shape->head_dim);
}

TEST_CASE("a width that 128 does not divide still gets whole heads", "[core][memory]") {
  const ModelShape shape = llama_like_shape(4097, 1, 1000);
  CHECK(shape.num_heads == 33);
  CHECK(count_parameters(shape).attention == 4 * 4097 * 33 * 128);
}

TEST_CASE("what a config leaves out gets the family's default", "[core][memory]") {
  const auto shape = parse_model_shape(llama_7b_config().dump(), "config.json");
  REQUIRE(shape);
  CHECK(shape->num_key_value_heads == 32);
  CHECK(shape->head_dim == 128);
  CHECK_FALSE(shape->tie_word_embeddings);

  Json config = llama_7b_config();
  config["head_dim"] = nullptr;
  config["num_key_value_heads"] = 8;
  config["tie_word_embeddings"] = true;
  config["attention_bias"] = true;
  config["mlp_bias"] = true;
  const auto other = parse_model_shape(config.dump(), "config.json");
  REQUIRE(other);
  const ParameterCounts counts = count_parameters(*other);
  CHECK(counts.lm_head == 0);
  CHECK(counts.attention == 32 * (4096 * (4096 + 1024 + 1024 + 4096) + (4096 + 1024 + 1024 + 4096)));
  CHECK(counts.mlp == 32 * (3LL * 4096 * 11008 + 2 * 11008 + 4096));
  CHECK(quantized_linears(*other).biases_not_quantized == 32 * (10240 + 26112));
}

TEST_CASE("head_dim may differ from hidden_size over heads", "[core][memory]") {
  Json config = llama_7b_config();
  config["model_type"] = "mistral";
  config["hidden_size"] = 5120;
  config["num_key_value_heads"] = 8;
  config["head_dim"] = 128;
  const auto shape = parse_model_shape(config.dump(), "config.json");
  REQUIRE(shape);
  CHECK(count_parameters(*shape).attention == 32 * 5120 * (4096 + 1024 + 1024 + 4096));
}

TEST_CASE("a config of another family is refused by its name", "[core][memory]") {
  const std::string known = "use one of llama, mistral, qwen2, qwen3, gemma2, phi3, opt, gpt2, gpt_neox";
  const auto shape = parse_model_shape(R"({"model_type": "bloom"})", "config.json");
  REQUIRE_FALSE(shape);
  CHECK(shape.error().code == Errc::unsupported);
  CHECK(shape.error().message() == "model_type \"bloom\" is not supported (config.json): " + known);
  CHECK(refusal_with("model_type", std::string(100'000, 'x')).find("xxx...") != std::string::npos);
  CHECK(refusal_with("model_type", 7) == "model_type is 7 (config.json): " + known);
  CHECK(refusal_of("{}") == "model_type is missing (config.json): " + known);
}

TEST_CASE("a target that means no module is named", "[core][memory]") {
  const auto opt = load_model_shape(data + "configs/opt-1.3b.json");
  REQUIRE(opt);
  const std::vector<std::string> targets{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj"};
  CHECK(unmatched_targets(*opt, targets) == std::vector<std::string>{"o_proj", "gate_proj"});
  CHECK(adapter_parameters(*opt, 16, targets) == 24 * 3 * 16 * 4096);
}

TEST_CASE("text that is no JSON object is refused with its line", "[core][memory]") {
  CHECK(refusal_of("") == "not JSON (config.json:1): give a model's config.json as it comes from the hub");
  CHECK(refusal_of("{\n\"hidden_size\": }").find("not JSON (config.json:2)") == 0);
  CHECK(refusal_of("[1, 2]").find("not a JSON object") == 0);
  CHECK(refusal_of("{\"model_type\": \"\xff\"}").find("not JSON") == 0);
  CHECK(refusal_of("{\"hidden_size\": 1e999}").find("a number is too large") == 0);
  CHECK(refusal_of(std::string(1'000'000, '[')).find("not JSON") == 0);
}

TEST_CASE("a size that is missing, of the wrong kind, negative or absurd is refused by its name", "[core][memory]") {
  const char* key =
      GENERATE("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size");
  CAPTURE(key);
  Json config = llama_7b_config();
  config.erase(key);
  CHECK(refusal_of(config.dump()).find(std::string(key) + " is missing (config.json): give it as") == 0);
  const std::string is = std::string(key) + " is ";
  CHECK(refusal_with(key, -4096).find(is + "-4096 (config.json): use a whole number from 1 to ") == 0);
  CHECK(refusal_with(key, 0).find(is + "0 ") == 0);
  CHECK(refusal_with(key, 40.5).find(is + "40.5 ") == 0);
  CHECK(refusal_with(key, "4096").find(is + "\"4096\" ") == 0);
  CHECK(refusal_with(key, true).find(is + "true ") == 0);
  CHECK(refusal_with(key, INT64_MAX).find(is + "9223372036854775807 ") == 0);
  CHECK(refusal_with(key, UINT64_MAX).find(is + "18446744073709551615 ") == 0);
  CHECK(refusal_with(key, 1e30).find(is + "1e+30 ") == 0);
  CHECK(refusal_with(key, std::string(1000, '\n')).find("\\n\\n") != std::string::npos);
}

TEST_CASE("heads that do not divide are refused", "[core][memory]") {
  CHECK(refusal_with("num_attention_heads", 33) ==
        "num_attention_heads is 33 (config.json): without head_dim it must divide hidden_size 4096");
  CHECK(refusal_with("num_key_value_heads", 5) ==
        "num_key_value_heads is 5 (config.json): it must divide num_attention_heads 32");
  CHECK(refusal_with("head_dim", 0).find("head_dim is 0 ") == 0);
  CHECK(refusal_with("tie_word_embeddings", 1) == "tie_word_embeddings is 1 (config.json): use true or false");
}

TEST_CASE("the largest accepted sizes count without overflow", "[core][memory]") {
  const Json config{{"model_type", "llama"},       {"hidden_size", 262'144}, {"num_hidden_layers", 4096},
                    {"num_attention_heads", 4096}, {"head_dim", 4096},       {"intermediate_size", 4'194'304},
                    {"vocab_size", 16'777'216},    {"attention_bias", true}, {"mlp_bias", true}};
  const auto shape = parse_model_shape(config.dump(), "config.json");
  REQUIRE(shape);
  const ParameterCounts counts = count_parameters(*shape);
  const long double H = 262'144, L = 4096, Q = 4096.0L * 4096, I = 4'194'304, V = 16'777'216;
  CHECK(counts.total() ==
        static_cast<std::int64_t>(2 * V * H + (2 * L + 1) * H + L * (4 * H * Q + 3 * Q + H + 3 * H * I + 2 * I + H)));
  CHECK(counts.total() < INT64_MAX / 16);  // bytes of full fine-tuning still fit
}

TEST_CASE("files that are no config.json are refused", "[core][memory]") {
  CHECK(load_model_shape(data + "no-such.json").error().code == Errc::not_found);
  const auto folder = load_model_shape(data + "configs");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().code == Errc::bad_file);
}

}  // namespace
