#include "core/memory/ledger.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/units.hpp"
#include "core/memory/optimizer_memory.hpp"
#include "core/memory/step/step_cases.hpp"
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
    const WeightBytes nf4 = weight_bytes(shape, WeightStore::bits4);
    CHECK(nf4.codes == plain.at("packed"));
    CHECK(nf4.constants == plain.at("absmax_fp32"));
    CHECK(nf4.tables == plain.at("code16_fp32"));

    const Json& nested = model.at("quantized_bytes_nf4_double");
    const WeightBytes twice = weight_bytes(shape, WeightStore::bits4_double);
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

TEST_CASE("what stays from step to step is byte for byte that of the reference runs", "[core][memory][golden]") {
  std::ifstream file(data + "steps.json");
  const Json runs = Json::parse(file).at("runs");
  REQUIRE(runs.size() == 73);
  for (const Json& run : runs) {
    const Json& settings = run.at("settings");
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const ModelShape shape = shape_of(settings.at("model"));
    const auto parsed = parse_step_settings(settings.dump(), shape, id);
    REQUIRE(parsed);
    const StateLedger ledger = state_ledger(shape, *parsed);
    const Json& exact = run.at("static_bytes_exact");
    CHECK(ledger.weights == exact.value("weights", std::int64_t{0}));
    CHECK(ledger.quantized_weights == exact.value("quantized_weights", std::int64_t{0}));
    CHECK(ledger.quant_constants == exact.value("quant_constants", std::int64_t{0}));
    CHECK(ledger.adapter == exact.value("adapter", std::int64_t{0}));
    CHECK(ledger.optimizer_state == exact.value("optimizer_state", std::int64_t{0}));
    CHECK(ledger.trained_values == run.at("trainable"));
    // The reference rounds what it says of pages and gradients up to 512 bytes a tensor.
    CHECK(ledger.paged_state == run.at("optimizer_paged_bytes"));
    std::int64_t gradients = 0;
    for (const Json& bytes : run.at("gradient_bytes_by_dtype")) gradients += bytes.get<std::int64_t>();
    CHECK(ledger.gradients == gradients);
  }
}

TEST_CASE("weights in 16 and 8 bits take what their elements take", "[core][memory]") {
  const ModelShape shape = shape_of("mistral-7b");
  const WeightBytes plain = weight_bytes(shape, WeightStore::plain);
  CHECK(plain.total() == 2 * count_parameters(shape).total());
  CHECK(weight_bytes(shape, WeightStore::plain, Dtype::f32).total() == 2 * plain.total());
  CHECK(plain.constants + plain.tables == 0);
  const WeightBytes int8 = weight_bytes(shape, WeightStore::int8);
  CHECK(int8.codes == 6'979'321'856);
  // A scale per output row: q, k, v, o, gate, up, down of 32 layers.
  CHECK(int8.constants == 4 * 32 * (4096 + 1024 + 1024 + 4096 + 14336 + 14336 + 4096));
  CHECK(int8.rest() == plain.rest());
}

TEST_CASE("every Linear but the head is quantized, those beside OPT's embedding too", "[core][memory][golden]") {
  std::ifstream file(data + "params.json");
  const Json models = Json::parse(file).at("models");
  for (const Json& model : models) {
    const auto name = model.at("model").get<std::string>();
    CAPTURE(name);
    const ModelShape shape = shape_of(name);
    CHECK(weight_bytes(shape, WeightStore::int8).codes == quantized_linears(shape).weights);
    const WeightBytes fp32 = weight_bytes(shape, WeightStore::plain, Dtype::f32);
    CHECK(fp32.total() == 4 * count_parameters(shape).total());
  }
}

TEST_CASE("biases stay unquantized whatever the weights take", "[core][memory]") {
  ModelShape shape = llama_like_shape(256, 2, 100);
  shape.attention_bias = shape.output_bias = true;
  const auto store = GENERATE(WeightStore::plain, WeightStore::int8, WeightStore::bits4, WeightStore::bits4_double);
  CHECK(weight_bytes(shape, store).biases == 2 * 2 * 4 * 256);
  CHECK(weight_bytes(shape, store, Dtype::f32).biases == 2 * 4 * 4 * 256);
}

TEST_CASE("the sizes of 65B are the published ones", "[core][memory]") {
  const ModelShape shape = shape_of("llama-65b");
  const WeightBytes nf4 = weight_bytes(shape, WeightStore::bits4_double);
  CHECK(static_cast<double>(nf4.linear()) / bytes_per_GB == Approx(33.4).margin(0.05));
  CHECK(static_cast<double>(nf4.total()) / bytes_per_GB == Approx(34.5).margin(0.05));
}

StepSettings adapters(TrainingMethod method) {
  StepSettings settings;
  settings.method = method;
  settings.lora = LoraSettings{16, {"q_proj", "k_proj", "v_proj", "o_proj"}, 0};
  return settings;
}

TEST_CASE("the state of a step adds up by hand", "[core][memory]") {
  const ModelShape shape = llama_like_shape(4096, 32, 32000);
  const StateLedger qlora = state_ledger(shape, adapters(TrainingMethod::qlora));
  CHECK(qlora.trained_values == 16'777'216);
  CHECK(qlora.adapter == 67'108'864);
  CHECK(qlora.gradients == 67'108'864);
  CHECK(qlora.optimizer_state == 134'217'728);
  CHECK(qlora.weights == 4 * (2 * 32000 * 4096 + 65 * 4096));  // k-bit preparation: fp32
  CHECK(qlora.base.codes == 6'476'005'376 / 2);

  const StateLedger lora = state_ledger(shape, adapters(TrainingMethod::lora));
  CHECK(lora.total() == 2 * 6'738'415'616 + 16 * 16'777'216);

  StepSettings full;
  full.method = TrainingMethod::full;
  const StateLedger all = state_ledger(shape, full);
  CHECK(all.adapter == 0);
  CHECK(all.trained_values == 6'738'415'616);
  CHECK(all.total() == 8 * 6'738'415'616);  // AdamW's moments are in the parameters' type
  CHECK(master_weight_bytes(trained_tensors(shape, full)) == 4 * 6'738'415'616);
  CHECK(master_weight_bytes(trained_tensors(shape, adapters(TrainingMethod::qlora))) == 0);  // fp32 already
}

TEST_CASE("each optimizer keeps what its rule says", "[core][memory]") {
  // 70 x 100 = 7000 values, and a vector of 500, which is too small for 8 bits; each twice.
  const TrainedTensor tensors[] = {{70, 100, Dtype::bf16, 2}, {500, 0, Dtype::bf16, 2}};
  const auto on_card = [&](OptimizerRule rule) { return optimizer_bytes(rule, tensors).on_card; };
  CHECK(on_card(OptimizerRule::adamw) == 2 * (2 * 2 * 7500));
  CHECK(on_card(OptimizerRule::adamw_fused) == 2 * (2 * 2 * 7500) + 4 * 4);
  CHECK(on_card(OptimizerRule::adamw_8bit) == 2 * (2 * 7000 + 2 * 4 * 28 + 2 * 4 * 500) + 2 * 1024);
  CHECK(on_card(OptimizerRule::paged_adamw) == 2 * 2 * 4 * 7500);
  CHECK(on_card(OptimizerRule::sgd) == 0);
  CHECK(on_card(OptimizerRule::sgd_momentum) == 2 * 2 * 7500);
  CHECK(on_card(OptimizerRule::lion) == 2 * 2 * 7500);
  CHECK(on_card(OptimizerRule::lion_8bit) == 2 * (7000 + 4 * 28 + 4 * 500) + 1024);
  CHECK(on_card(OptimizerRule::adafactor) == 2 * 4 * (70 + 100 + 500));

  const TrainedTensor large[] = {{1000, 100, Dtype::f32, 3}};
  const OptimizerBytes paged = optimizer_bytes(OptimizerRule::paged_adamw_8bit, large);
  CHECK(paged.paged == 3 * 2 * 100'000);
  CHECK(paged.on_card == 3 * 2 * 4 * 391 + 2 * 1024);
  CHECK(optimizer_bytes(OptimizerRule::paged_adamw, large).paged == 3 * 2 * 400'000);
  CHECK(is_formula(OptimizerRule::adafactor));
  CHECK_FALSE(is_formula(OptimizerRule::paged_adamw_8bit));
}

}  // namespace
