// Optimizers against PyTorch's and bitsandbytes': alone on random gradients, and in 20 steps of a model.
#include "core/training/optimizer.hpp"

#include "core/quantization/codebooks.hpp"
#include "core/training/state8.hpp"
#include "tests/core/training/goldens.hpp"

namespace qlab::training::test {
namespace {

OptimizerSettings settings_of(const std::string& name, double weight_decay) {
  OptimizerSettings settings;
  settings.kind = *parse_optimizer(name);
  settings.weight_decay = weight_decay;
  return settings;
}

struct Run {
  std::vector<double> losses, norms;
};

/// 20 steps on the reference's batches.
Run train(Engine& engine, Decoder& decoder, Optimizer& optimizer, double learning_rate, double clip = 0) {
  const GoldenFile adamw("adamw.safetensors");
  Run run;
  for (int k = 0; k < 20; ++k) {
    for (Parameter* one : decoder.trainable()) one->gradient.release();
    Pass pass(engine, decoder, golden_batch(adamw, k), {});
    run.losses.push_back(pass.forward());
    pass.backward();
    const auto trainable = decoder.trainable();
    run.norms.push_back(gradient_norm(engine, trainable));
    if (clip > 0) clip_gradients(engine, trainable, run.norms.back(), clip);
    optimizer.step(learning_rate);
  }
  return run;
}

void check_losses(const Run& run, const nlohmann::json& expected, double limit) {
  for (std::size_t k = 0; k < run.losses.size(); ++k) {
    CAPTURE(k);
    CHECK(std::abs(run.losses[k] - expected["losses_f32"][k].get<double>()) < limit);
    CHECK(run.norms[k] == Approx(expected["grad_norm_f32"][k].get<double>()).epsilon(5e-3));
  }
}

/// Root mean square over every tensor that the file has.
void check_tensors(const std::vector<Parameter*>& tensors, const GoldenFile& file, const std::string& prefix,
                   double limit) {
  int compared = 0;
  for (const Parameter* one : tensors) {
    const std::string name = prefix + short_name(one->name);
    if (!file.has(name)) continue;
    CAPTURE(name);
    CHECK(rms_difference(one->value.values(), file.floats(name)) < limit);
    ++compared;
  }
  CHECK(compared >= 3);
}

}  // namespace

TEST_CASE("optimizers: five steps alone are the library's", "[core][training][golden]") {
  struct Case {
    const char* file;
    const char* kind;
    double learning_rate, weight_decay;
  };
  const auto [file, kind, learning_rate, weight_decay] =
      GENERATE(Case{"adamw", "adamw", 1e-3, 0.01}, Case{"adamw8bit", "adamw8bit", 1e-3, 0.01},
               Case{"sgd", "sgd", 0.1, 0}, Case{"sgd_momentum", "sgd_momentum", 0.05, 0.01});
  CAPTURE(file);
  const GoldenFile unit("optimizer_unit.safetensors");
  Engine engine(2);
  Parameter parameter;
  parameter.name = "p";
  parameter.shape = {1000};
  parameter.value = engine.memory().floats(1000, MemoryKind::weights);
  parameter.gradient = engine.memory().floats(1000, MemoryKind::gradients);
  std::ranges::copy(unit.floats("param0"), parameter.value.data());
  OptimizerSettings settings = settings_of(kind, weight_decay);
  settings.smallest_8bit = 0;
  const auto optimizer = Optimizer::create(engine, settings, {&parameter});
  const auto gradients = unit.floats("grads");
  const auto expected = unit.floats(std::string(file) + ".params");
  for (int step = 0; step < 5; ++step) {
    std::copy_n(gradients.data() + step * 1000, 1000, parameter.gradient.data());
    optimizer->step(learning_rate);
    CAPTURE(step);
    CHECK(largest_difference(parameter.value.values(), std::span(expected).subspan(step * 1000, 1000)) < 2e-7);
  }
  if (settings.kind == OptimizerKind::adamw8bit) {
    const auto states = optimizer->states();
    REQUIRE(states.size() == 4);
    const auto file_path = std::filesystem::temp_directory_path() / "qloralab-state8.safetensors";
    REQUIRE(write_safetensors(file_path, states, {}));
    const auto written = open_tensor_file(file_path);
    std::filesystem::remove(file_path);
    REQUIRE(written);
    const auto bytes = [&](const char* name) {
      const auto view = (*written->find(name))->bytes;
      return std::vector<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(view.data()),
                                       reinterpret_cast<const std::uint8_t*>(view.data()) + view.size());
    };
    CHECK(bytes("p.exp_avg.codes") == unit.bytes("adamw8bit.state1"));
    CHECK(bytes("p.exp_avg_sq.codes") == unit.bytes("adamw8bit.state2"));
  }
}

TEST_CASE("optimizers: 20 AdamW steps of a model are the library's", "[core][training][golden]") {
  for (const auto& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    Engine engine(2, set);
    Decoder decoder = golden_model(engine);
    const auto optimizer = Optimizer::create(engine, settings_of("adamw", 0.01), decoder.trainable());
    check_losses(train(engine, decoder, *optimizer, 1e-3), goldens()["adamw"]["plain"], 2e-5);
    check_tensors(decoder.tensors(), GoldenFile("adamw.safetensors"), "final.", 4e-6);
  }
}

TEST_CASE("optimizers: clipped AdamW steps are the library's", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const auto optimizer = Optimizer::create(engine, settings_of("adamw", 0.01), decoder.trainable());
  check_losses(train(engine, decoder, *optimizer, 1e-3, 1.0), goldens()["adamw"]["clip"], 2e-5);
  check_tensors(decoder.tensors(), GoldenFile("adamw.safetensors"), "final_clip.", 4e-6);
}

TEST_CASE("optimizers: 20 steps of 8-bit AdamW are bitsandbytes'", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const auto optimizer = Optimizer::create(engine, settings_of("adamw8bit", 0.01), decoder.trainable());
  check_losses(train(engine, decoder, *optimizer, 1e-3), goldens()["adamw8bit"], 3e-4);
  check_tensors(decoder.tensors(), GoldenFile("optimizers.safetensors"), "adamw8bit.final.", 1.3e-4);
}

TEST_CASE("optimizers: 20 SGD steps are the library's", "[core][training][golden]") {
  struct Case {
    const char* name;
    double learning_rate, weight_decay;
  };
  const auto [name, learning_rate, weight_decay] = GENERATE(Case{"sgd", 0.1, 0}, Case{"sgd_momentum", 0.05, 0.01});
  CAPTURE(name);
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const auto optimizer = Optimizer::create(engine, settings_of(name, weight_decay), decoder.trainable());
  check_losses(train(engine, decoder, *optimizer, learning_rate), goldens()[name], 1e-5);
  check_tensors(decoder.tensors(), GoldenFile("optimizers.safetensors"), std::string(name) + ".", 2e-7);
}

TEST_CASE("optimizers: an all-zero 8-bit state stays zero, and codes are the nearest", "[core][training][property]") {
  Memory memory;
  State8 state(memory, 300, true);
  std::vector<float> values(300);
  state.encode(0, 300, values.data());
  state.decode(0, 300, values.data());
  CHECK(largest_magnitude(values) == 0);
  const auto levels = dynamic_map(true);
  for (int i = 0; i < 300; ++i) values[i] = static_cast<float>(std::sin(i * 0.7) * std::exp(-i * 0.03));
  std::vector<float> decoded(300);
  state.encode(0, 300, values.data());
  state.decode(0, 300, decoded.data());
  for (int i = 0; i < 300; ++i) {
    const auto block = std::span(values).subspan(i / 256 * 256, std::min(256, 300 - i / 256 * 256));
    const double absmax = largest_magnitude(block);
    double nearest = 1e9;
    for (const float level : levels) nearest = std::min(nearest, std::abs(level - values[i] / absmax));
    CAPTURE(i);
    CHECK(std::abs(decoded[i] - values[i]) <= nearest * absmax + 1e-7);
  }
}

namespace {

/// A model with the reference's initial adapters, its weights quantized as `type` says ("" : not).
Decoder adapted(Engine& engine, const std::string& type) {
  Decoder decoder = golden_model(engine);
  if (!type.empty()) {
    QuantizeSettings settings;
    settings.format = *find_format(type.substr(0, type.find('_')));
    if (type.ends_with("_dq")) settings.constants = ConstantType::dynamic8;
    for (Linear* linear : decoder.linears()) {
      if (!quantize_weight(engine, *linear, settings)) throw std::runtime_error(linear->name());
    }
  }
  if (const auto loaded = load_adapters(engine, decoder, golden_path("lora/adapter_init")); !loaded) {
    throw std::runtime_error(loaded.error().message());
  }
  return decoder;
}

}  // namespace

TEST_CASE("adapters: logits, gradients and 20 steps of LoRA and QLoRA are peft's", "[core][training][golden]") {
  const std::string type = GENERATE("", "nf4_dq", "nf4", "fp4", "int4");
  CAPTURE(type);
  const GoldenFile file(type.empty() ? "lora/lora.safetensors" : "qlora/" + type + ".safetensors");
  const auto& expected = type.empty() ? goldens()["lora"] : goldens()["qlora"][type];
  const GoldenFile step("step.safetensors");
  Engine engine(2);
  Decoder decoder = adapted(engine, type);
  if (!type.empty()) {
    for (const Linear* linear : decoder.linears()) {
      const std::string name = "dequantized." + linear->name();
      if (!file.has(name)) continue;
      CAPTURE(name);
      CHECK(largest_difference(dense_weight(engine, *linear).values(), file.floats(name)) == 0);
    }
  }
  {
    Pass pass(engine, decoder, golden_batch(step), {});
    pass.forward_logits();
    CHECK(largest_difference(pass.logits().values(), file.floats("logits")) < 3e-5);
  }
  {
    Pass pass(engine, decoder, golden_batch(step), {});
    CHECK(std::abs(pass.forward() - expected["loss_f64"].get<double>()) < 5e-6);
    pass.backward();
  }
  for (const Parameter* one : decoder.trainable()) {
    CAPTURE(one->name);
    CHECK(relative_difference(one->gradient.values(), file.floats("grad." + short_name(one->name))) < 3e-5);
  }
  const auto optimizer = Optimizer::create(engine, settings_of("adamw", 0.01), decoder.trainable());
  check_losses(train(engine, decoder, *optimizer, 5e-3), expected["train"], 2e-4);
  if (!type.empty()) check_tensors(decoder.trainable(), file, "trained.", 7e-5);
}

TEST_CASE("adapters: PEFT's files come back as they were, and merge as PEFT merges", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const auto settings = load_adapters(engine, decoder, golden_path("lora/adapter_trained"));
  REQUIRE(settings);
  CHECK(settings->rank == 4);
  CHECK(settings->alpha == 8);
  CHECK(settings->targets.size() == 7);
  const GoldenFile lora("lora/lora.safetensors");
  const GoldenFile step("step.safetensors");
  const auto logits = [&](Decoder& model) {
    Pass pass(engine, model, golden_batch(step), {});
    pass.forward_logits();
    return std::vector<float>(pass.logits().values().begin(), pass.logits().values().end());
  };
  const auto with_adapter = logits(decoder);
  CHECK(largest_difference(with_adapter, lora.floats("trained.logits")) < 3e-5);

  const auto folder = std::filesystem::temp_directory_path() / "qloralab-test-adapter";
  std::filesystem::remove_all(folder);
  REQUIRE(save_adapters(decoder, *settings, "base", folder));
  Decoder again = golden_model(engine);
  const auto read = load_adapters(engine, again, folder);
  std::filesystem::remove_all(folder);
  REQUIRE(read);
  CHECK(read->targets == settings->targets);
  CHECK(logits(again) == with_adapter);

  merge_adapters(engine, decoder);
  for (const Linear* linear : decoder.linears()) {
    CAPTURE(linear->name());
    CHECK(largest_difference(linear->weight.value.values(), lora.floats("merged." + linear->name())) < 1e-6);
  }
  CHECK(largest_difference(logits(decoder), lora.floats("merged.logits")) < 3e-5);

  const Decoder base = golden_model(engine);
  for (std::size_t i = 0; i < decoder.layers.size(); ++i) {
    for (std::size_t k = 0; k < 7; ++k) {
      Linear& merged = *decoder.layers[i].linears()[k];
      unmerge_adapter(engine, merged, *std::move(again.layers[i].linears()[k]->adapter));
      CHECK(largest_difference(merged.weight.value.values(), base.layers[i].linears()[k]->weight.value.values()) <
            1e-6);
    }
  }
  CHECK(largest_difference(logits(decoder), with_adapter) < 3e-5);
}

}  // namespace qlab::training::test
