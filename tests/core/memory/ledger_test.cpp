#include "core/memory/ledger.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/units.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using Json = nlohmann::json;

const std::string data = QLAB_TEST_DATA "/memory/";

ModelShape shape_of(const std::string& model) {
  const auto shape = load_model_shape(data + "configs/" + model + ".json");
  REQUIRE(shape);
  return *shape;
}

TEST_CASE("4-bit storage is byte for byte what bitsandbytes keeps", "[core][memory][golden]") {
  std::ifstream file(data + "params.json");
  const Json models = Json::parse(file).at("models");
  for (const Json& model : models) {
    const auto name = model.at("model").get<std::string>();
    CAPTURE(name);
    const ModelShape shape = shape_of(name);

    const Json& plain = model.at("quantized_bytes_nf4_single");
    const WeightBytes nf4 = weight_bytes(shape, WeightStore::nf4);
    CHECK(nf4.codes == plain.at("packed"));
    CHECK(nf4.constants == plain.at("absmax_fp32"));
    CHECK(nf4.tables == plain.at("code16_fp32"));

    const Json& nested = model.at("quantized_bytes_nf4_double");
    const WeightBytes twice = weight_bytes(shape, WeightStore::nf4_double);
    CHECK(twice.codes == nested.at("packed_uint8"));
    CHECK(twice.constants == nested.at("absmax_uint8").get<std::int64_t>() +
                                 nested.at("absmax2_fp32").get<std::int64_t>() +
                                 nested.at("offset_fp32").get<std::int64_t>());
    CHECK(twice.tables ==
          nested.at("code16_fp32").get<std::int64_t>() + nested.at("code256_fp32_shared").get<std::int64_t>());
  }
}

TEST_CASE("adapters have the parameters that PEFT counts", "[core][memory][golden]") {
  std::ifstream file(data + "params.json");
  const Json models = Json::parse(file).at("models");
  int compared = 0;
  for (const Json& model : models) {
    const ModelShape shape = shape_of(model.at("model").get<std::string>());
    for (const Json& lora : model.at("lora")) {
      CAPTURE(model.at("model"), lora.at("r"), lora.at("targets"));
      const auto rank = lora.at("r").get<std::int64_t>();
      auto targets = lora_targets(shape, lora.at("targets").get<std::string>());
      const std::int64_t counted = adapter_parameters(shape, rank, targets);
      if (lora.at("target_modules").is_array()) {
        std::sort(targets.begin(), targets.end());
        CHECK(Json(targets) == lora.at("target_modules"));
      }
      CHECK(counted == lora.at("trainable"));
      ++compared;
    }
  }
  CHECK(compared == 52);
}

TEST_CASE("weights in 16 and 8 bits take what their elements take", "[core][memory]") {
  const ModelShape shape = shape_of("mistral-7b");
  const WeightBytes bits16 = weight_bytes(shape, WeightStore::bits16);
  CHECK(bits16.total() == 2 * count_parameters(shape).total());
  CHECK(bits16.constants + bits16.tables == 0);
  const WeightBytes int8 = weight_bytes(shape, WeightStore::int8);
  CHECK(int8.codes == 6'979'321'856);
  // A scale per output row: q, k, v, o, gate, up, down of 32 layers.
  CHECK(int8.constants == 4 * 32 * (4096 + 1024 + 1024 + 4096 + 14336 + 14336 + 4096));
  CHECK(int8.kept_in_16_bits() == bits16.kept_in_16_bits());
}

TEST_CASE("biases stay in 16 bits whatever the weights take", "[core][memory]") {
  ModelShape shape = llama_like_shape(256, 2, 100);
  shape.attention_bias = shape.output_bias = true;
  const auto store = GENERATE(WeightStore::bits16, WeightStore::int8, WeightStore::nf4, WeightStore::nf4_double);
  CHECK(weight_bytes(shape, store).biases == 2 * 2 * 4 * 256);
}

TEST_CASE("the sizes of 65B are the published ones", "[core][memory]") {
  const ModelShape shape = shape_of("llama-65b");
  const WeightBytes nf4 = weight_bytes(shape, WeightStore::nf4_double);
  CHECK(static_cast<double>(nf4.linear()) / bytes_per_GB == Approx(33.4).margin(0.05));
  CHECK(static_cast<double>(nf4.total()) / bytes_per_GB == Approx(34.5).margin(0.05));
  const StepLedger full = step_ledger(shape, {.method = Method::full});
  CHECK(static_cast<double>(full.model_state()) / bytes_per_GB == Approx(783.4).margin(0.05));  // paper: > 780 GB
}

TEST_CASE("a step's ledger adds up by hand", "[core][memory]") {
  const ModelShape shape = llama_like_shape(4096, 32, 32000);
  const StepLedger qlora = step_ledger(shape, {.method = Method::qlora, .batch = 2, .seq_length = 512, .rank = 16});
  CHECK(qlora.trainable_parameters == 16'777'216);
  CHECK(qlora.adapters == 67'108'864);
  CHECK(qlora.gradients == 67'108'864);
  CHECK(qlora.optimizer_states == 134'217'728);
  CHECK(qlora.activations == 34LL * 2 * 512 * 4096 * 32);
  CHECK(qlora.logits == 8LL * 2 * 512 * 32000);
  CHECK(qlora.total() == qlora.model_state() + qlora.activations + qlora.logits);

  const StepLedger lora = step_ledger(shape, {.method = Method::lora});
  CHECK(lora.model_state() == 2 * 6'738'415'616 + 16 * 16'777'216);

  const StepLedger full = step_ledger(shape, {.method = Method::full});
  CHECK(full.adapters == 0);
  CHECK(full.trainable_parameters == 6'738'415'616);
  CHECK(full.model_state() == 12 * 6'738'415'616);
}

TEST_CASE("activations follow the cited formula", "[core][memory]") {
  const ModelShape shape = llama_like_shape(4096, 32, 32000);
  const LayerActivations layer = layer_activations(shape, 1, 1024);
  CHECK(layer.dense == 142'606'336);             // 4.25 GiB in 32 layers
  CHECK(layer.attention_scores == 167'772'160);  // 5 GiB in 32 layers
  CHECK(layer_input_bytes(shape, 1, 1024) == 8'388'608);
  CHECK(layer_activations(shape, 3, 2048).attention_scores == 12 * layer.attention_scores);
}

}  // namespace
