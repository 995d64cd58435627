#include "core/memory/activation_ledger.hpp"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/memory/ledger.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/memory/step/step_cases.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using Json = nlohmann::json;
using step::Part;

const std::string data = QLAB_TEST_DATA "/memory/";

ModelShape shape_of(const std::string& model) {
  const auto shape = load_model_shape(data + "configs/" + model + ".json");
  REQUIRE(shape);
  return *shape;
}

std::int64_t part(const ActivationLedger& ledger, Part part) {
  return ledger.layer_parts[static_cast<std::size_t>(part)];
}

std::int64_t exact_bytes(const Json& row) {
  const auto type = row.at(2).get<std::string>();
  std::int64_t bytes = type.ends_with("64") ? 8 : type == "bool" || type == "uint8" ? 1 : type == "float32" ? 4 : 2;
  for (const Json& size : row.at(1)) bytes *= size.get<std::int64_t>();
  return bytes;
}

TEST_CASE("a layer keeps exactly what PyTorch's graph keeps of it", "[core][memory][golden]") {
  std::ifstream file(data + "steps.json");
  const Json runs = Json::parse(file).at("runs");
  int whole = 0, checkpointed = 0;
  for (const Json& run : runs) {
    const Json& settings = run.at("settings");
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const ModelShape shape = shape_of(settings.at("model"));
    const auto parsed = parse_step_settings(settings.dump(), shape, id);
    REQUIRE(parsed);
    const auto ledger = activation_ledger(shape, *parsed);
    REQUIRE(ledger);

    std::int64_t saved = 0;
    for (const Json& row : run.at("layer1").at("kept_after_layer")) {
      if (row.at(4) == "saved") saved += exact_bytes(row);
    }
    if (parsed->checkpointing != Checkpointing::none) {
      CHECK(ledger->layer_input_bytes == saved);
      CHECK(activation_bytes(*ledger, shape, *parsed) == shape.num_layers * saved + ledger->layer_bytes);
      ++checkpointed;
      continue;
    }
    CHECK(ledger->layer_bytes == saved);
    std::int64_t sum = 0;
    for (const std::int64_t bytes : ledger->layer_parts) sum += bytes;
    CHECK(sum == ledger->layer_bytes);
    CHECK(activation_bytes(*ledger, shape, *parsed) == ledger->layers_bytes);
    ++whole;

    // Everything together is what is alive when the backward pass begins, but for rounding to 512 bytes a tensor and
    // OPT's biases, which quantized Linears replace by 16-bit copies.
    const StateLedger state = state_ledger(shape, *parsed);
    const std::int64_t alive = state.total() - state.gradients + ledger->layers_bytes + ledger->outside_bytes +
                               ledger->cast_bytes + ledger->logits_kept_bytes;
    const std::int64_t expected = run.at("steps")[1].at("bytes_before_backward");
    CHECK(static_cast<double>(alive) < 1.001 * static_cast<double>(expected));
    CHECK(static_cast<double>(alive) > 0.999 * static_cast<double>(expected) - 256 * 1024);
  }
  CHECK(whole + checkpointed == 73);
  CHECK(whole > 20);
}

TEST_CASE("the parts of a Llama layer are the products of its sizes", "[core][memory]") {
  // Llama 2 7B, one sequence: T tokens, h hidden, q = k heads, I inner width, r rank.
  constexpr std::int64_t T = 1024, h = 4096, heads = 32, I = 11008, r = 16;
  constexpr std::int64_t random_state = 16 + 8;
  const ModelShape shape = shape_of("llama-2-7b");
  StepSettings settings;
  settings.method = TrainingMethod::full;
  settings.autocast = false;
  const auto full = activation_ledger(shape, settings);
  REQUIRE(full);
  CHECK(part(*full, Part::norm) == 2 * (4 * T * h + 4 * T + 2 * T * h + 2 * T * h));
  CHECK(part(*full, Part::attention) == 4 * 2 * T * h + 4 * T * heads + random_state);
  CHECK(part(*full, Part::mlp) == 4 * 2 * T * I);
  CHECK(part(*full, Part::residual) == 0);
  CHECK(full->layers_bytes == 32 * full->layer_bytes);
  CHECK(full->logits_kept_bytes == 4 * T * 32000);
  CHECK(full->logits_bytes == 12 * T * 32000);

  // A frozen Linear keeps no input; each adapter makes an fp32 copy of its own.
  settings.method = TrainingMethod::lora;
  settings.lora = LoraSettings{r, {"q_proj", "k_proj", "v_proj", "o_proj"}, 0};
  const auto lora = activation_ledger(shape, settings);
  REQUIRE(lora);
  CHECK(part(*lora, Part::norm) == 2 * (4 * T * h + 4 * T));
  CHECK(part(*lora, Part::attention) == 4 * 2 * T * h + 4 * T * heads + random_state + 4 * (4 * T * h + 4 * T * r));
  CHECK(part(*lora, Part::mlp) == 3 * 2 * T * I);

  // Prepared for k-bit training, the residual stream is fp32: the sums themselves are kept, no copies of them.
  settings.method = TrainingMethod::qlora;
  settings.autocast = true;
  const auto qlora = activation_ledger(shape, settings);
  REQUIRE(qlora);
  CHECK(part(*qlora, Part::residual) == 2 * 4 * T * h);
  CHECK(part(*qlora, Part::mlp) == 3 * 4 * T * I);
  CHECK(qlora->layer_input_bytes == 4 * T * h);

  settings.attention = AttentionKernel::eager;
  const auto eager = activation_ledger(shape, settings);
  REQUIRE(eager);
  CHECK(part(*eager, Part::attention) > part(*qlora, Part::attention) + 4 * heads * T * T);
  CHECK(part(*eager, Part::mlp) == part(*qlora, Part::mlp));
}

TEST_CASE("the published count of a layer is its formula, a quarter below PyTorch's", "[core][memory]") {
  const PublishedActivations layer = published_activations(shape_of("llama-2-7b"), 1, 1024);
  CHECK(layer.dense == 142'606'336);             // 4.25 GiB in 32 layers
  CHECK(layer.attention_scores == 167'772'160);  // 5 GiB in 32 layers
  CHECK(published_activations(shape_of("llama-2-7b"), 3, 2048).attention_scores == 12 * layer.attention_scores);
  CHECK(static_cast<double>(layer.dense) / 190'980'120 == Approx(0.747).margin(0.001));
}

TEST_CASE("what checkpointing leaves follows its granularity", "[core][memory]") {
  const ModelShape shape = llama_like_shape(1024, 10, 1000);
  StepSettings settings;
  settings.lora = LoraSettings{8, {"q_proj"}, 0};
  settings.seq = 256;
  const auto ledger = activation_ledger(shape, settings);
  REQUIRE(ledger);
  const std::int64_t input = ledger->layer_input_bytes, layer = ledger->layer_bytes;
  CHECK(activation_bytes(*ledger, shape, settings) == 10 * input + layer);
  settings.checkpoint_every = 4;
  CHECK(activation_bytes(*ledger, shape, settings) == 3 * input + 4 * layer);
  settings.checkpoint_every = 100;
  CHECK(activation_bytes(*ledger, shape, settings) == input + 10 * layer);
  settings.checkpoint_every = 1;
  settings.checkpointed_layers = 7;
  CHECK(activation_bytes(*ledger, shape, settings) == 7 * input + 3 * layer);
  settings.checkpointed_layers = 0;
  CHECK(activation_bytes(*ledger, shape, settings) == ledger->layers_bytes);
  // The first norm's factors are not kept: its input, the embedding, wants no gradient.
  CHECK(ledger->layers_bytes == 10 * layer - 4 * 256);
}

TEST_CASE("a simulated step frees what its granularity says", "[core][memory]") {
  const ModelShape shape = llama_like_shape(1024, 12, 1000);
  StepSettings settings;
  settings.lora = LoraSettings{8, {"q_proj"}, 0};
  settings.seq = 2048;
  const auto ledger = activation_ledger(shape, settings);
  REQUIRE(ledger);
  const auto waiting = [&] {  // when the backward pass begins
    const auto run = simulate_step(shape, settings);
    REQUIRE(run);
    return run->bytes_before_backward;
  };
  const std::int64_t every_layer = waiting();
  const auto near = [&](std::int64_t bytes) { return Approx(static_cast<double>(bytes)).epsilon(0.01); };
  const std::int64_t input = ledger->layer_input_bytes, layer = ledger->layer_bytes;
  settings.checkpoint_every = 3;
  CHECK(static_cast<double>(every_layer - waiting()) == near(8 * input));
  settings.checkpoint_every = 1;
  settings.checkpointed_layers = 8;
  CHECK(static_cast<double>(waiting() - every_layer) == near(4 * layer - 4 * input));
  settings.checkpointed_layers = 0;
  const std::int64_t none = waiting();
  settings.checkpointed_layers.reset();
  settings.checkpointing = Checkpointing::none;
  CHECK(static_cast<double>(waiting()) == near(none));
}

TEST_CASE("layers with a sliding window are counted as what they are", "[core][memory]") {
  ModelShape shape = shape_of("gemma-2-2b");
  StepSettings settings;
  settings.attention = AttentionKernel::eager;
  settings.checkpointing = Checkpointing::none;
  settings.lora = LoraSettings{8, {"q_proj"}, 0};
  settings.seq = 4096;
  const auto bytes = [&](std::int64_t layers) {
    shape.num_layers = layers;
    const auto ledger = activation_ledger(shape, settings);
    REQUIRE(ledger);
    return ledger->layers_bytes;
  };
  CHECK(bytes(8) - bytes(6) == bytes(6) - bytes(4));
}

TEST_CASE("a model that needs eager attention has no ledger with another", "[core][memory]") {
  const auto ledger = activation_ledger(shape_of("gemma-2-2b"), {});
  REQUIRE_FALSE(ledger);
  CHECK(ledger.error().code == Errc::unsupported);
}

}  // namespace
