// One pass against the reference: logits, loss, activations, every gradient, masked labels, checkpointing.
#include "core/training/loss.hpp"
#include "tests/core/training/goldens.hpp"

namespace qlab::training::test {
namespace {

constexpr double loss_limit = 5e-6, logits_limit = 3e-5, gradient_limit = 3e-5;

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

/// Swaps the middle axes of [a, b, c, d]: the reference keeps heads before positions.
std::vector<float> heads_first(std::span<const float> x, std::int64_t a, std::int64_t b, std::int64_t c,
                               std::int64_t d) {
  std::vector<float> out;
  for (std::int64_t i = 0; i < a; ++i) {
    for (std::int64_t k = 0; k < c; ++k) {
      for (std::int64_t j = 0; j < b; ++j) {
        const auto* from = x.data() + ((i * b + j) * c + k) * d;
        out.insert(out.end(), from, from + d);
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("training: the loss is the reference's", "[core][training][golden]") {
  for (const auto& set : kernels::kernel_sets()) {
    CAPTURE(set.name);
    Engine engine(2, set);
    Decoder decoder = golden_model(engine);
    const GoldenFile step("step.safetensors");
    Pass pass(engine, decoder, golden_batch(step), {});
    CHECK(std::abs(pass.forward() - goldens()["step"]["loss_f64"].get<double>()) < loss_limit);
    Pass logits(engine, decoder, golden_batch(step), {});
    logits.forward_logits();
    CHECK(largest_difference(logits.logits().values(), step.floats("logits_f64")) < logits_limit);
  }
}

TEST_CASE("training: each token's loss is the reference's", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const GoldenFile step("step.safetensors");
  const Batch batch = golden_batch(step);
  Pass pass(engine, decoder, batch, {});
  pass.forward_logits();
  const auto losses = token_losses(engine, batch, pass.logits(), decoder.config.vocab_size);
  const auto expected = step.floats("token_nll_f64");
  for (std::int64_t b = 0; b < batch.count; ++b) {
    for (std::int64_t t = 0; t + 1 < batch.length; ++t) {
      CHECK(std::abs(losses[b * batch.length + t] - expected[b * (batch.length - 1) + t]) < 1e-5);
    }
    CHECK(losses[b * batch.length + batch.length - 1] == 0);
  }
}

TEST_CASE("training: every gradient is the reference's", "[core][training][golden]") {
  const GoldenFile step("step.safetensors");
  for (const auto& set : kernels::kernel_sets()) {
    Engine engine(2, set);
    Decoder decoder = golden_model(engine);
    Pass pass(engine, decoder, golden_batch(step), {});
    pass.forward();
    pass.backward();
    for (const Parameter* one : decoder.trainable()) {
      CAPTURE(set.name, one->name);
      CHECK(relative_difference(one->gradient.values(), step.floats("grad." + one->name)) < gradient_limit);
      if (step.has("grad_f64." + one->name)) {
        CHECK(relative_difference(one->gradient.values(), step.floats("grad_f64." + one->name)) < gradient_limit);
      }
    }
  }
}

TEST_CASE("training: masked labels count neither in the loss nor in the gradients", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const GoldenFile step("step.safetensors");
  const Batch batch = golden_batch(step, "labels_masked");
  CHECK(batch.targets() == goldens()["step"]["targets_masked"]);
  Pass pass(engine, decoder, batch, {});
  CHECK(std::abs(pass.forward() - goldens()["step"]["loss_masked_f64"].get<double>()) < loss_limit);
  pass.backward();
  int compared = 0;
  for (const Parameter* one : decoder.trainable()) {
    if (!step.has("grad_masked." + one->name)) continue;
    CAPTURE(one->name);
    CHECK(relative_difference(one->gradient.values(), step.floats("grad_masked." + one->name)) < gradient_limit);
    ++compared;
  }
  CHECK(compared >= 7);
}

TEST_CASE("training: activations and their gradients are the reference's", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const GoldenFile step("step.safetensors");
  std::map<std::string, std::vector<float>> seen;
  PassSettings settings;
  settings.observe = [&](std::string_view name, std::span<const float> values) {
    seen[std::string(name)] = copy(values);
  };
  const Batch batch = golden_batch(step);
  Pass pass(engine, decoder, batch, settings);
  pass.forward();
  pass.backward();
  const ModelConfig& config = decoder.config;
  const std::int64_t dim = config.head_dim;
  for (const char* kind : {"", "d"}) {
    for (const std::string layer : {"layer0", "layer1"}) {
      for (const std::string name : {"input_layernorm", "q_proj", "k_proj", "v_proj", "q_rope", "k_rope", "attn_out",
                                     "post_attention_layernorm", "gate_proj", "up_proj", "output"}) {
        CAPTURE(kind, layer, name);
        auto& values = seen.at(kind + layer + "." + name);
        if (name == "q_rope") values = heads_first(values, batch.count, batch.length, config.num_heads, dim);
        if (name == "k_rope") values = heads_first(values, batch.count, batch.length, config.num_key_value_heads, dim);
        const auto expected = step.floats(kind + std::string("act.") + layer + "." + name);
        CHECK(relative_difference(values, expected) < 1e-4);
      }
    }
  }
  for (const std::string layer : {"layer0", "layer1"}) {
    CHECK(relative_difference(seen.at(layer + ".attn_probs"), step.floats("act." + layer + ".attn_probs")) < 1e-4);
  }
  CHECK(relative_difference(seen.at("final_norm"), step.floats("act.final_norm")) < 1e-4);
  CHECK(relative_difference(seen.at("dfinal_norm"), step.floats("dact.final_norm")) < 1e-4);
  CHECK(relative_difference(seen.at("dlogits"), step.floats("dact.logits")) < 1e-4);
  CHECK(relative_difference(seen.at("dembed"), step.floats("dact.embed")) < 1e-4);
}

TEST_CASE("training: checkpointing computes the same bits in less memory", "[core][training]") {
  const GoldenFile step("step.safetensors");
  const bool lora = GENERATE(false, true);
  CAPTURE(lora);
  std::vector<std::vector<float>> gradients[2];
  double loss[2];
  std::int64_t peak[2];
  for (const bool checkpointing : {false, true}) {
    Engine engine(2);
    Decoder decoder = golden_model(engine);
    PassSettings settings;
    settings.checkpointing = checkpointing;
    if (lora) {
      REQUIRE(attach_adapters(engine, decoder, {4, 8, 0.1, {}, 3}));
      settings.dropout_seed = 17;
    }
    Pass pass(engine, decoder, golden_batch(step), settings);
    loss[checkpointing] = pass.forward();
    pass.backward();
    peak[checkpointing] = engine.memory().peak_shares()[static_cast<int>(MemoryKind::activations)];
    for (const Parameter* one : decoder.trainable()) gradients[checkpointing].push_back(copy(one->gradient.values()));
  }
  CHECK(loss[0] == loss[1]);
  CHECK(gradients[0] == gradients[1]);
  CHECK(peak[1] < peak[0] * 3 / 4);
}

TEST_CASE("training: a pass gives the same bits on any number of threads", "[core][training][parity]") {
  const GoldenFile step("step.safetensors");
  for (const auto& set : kernels::kernel_sets()) {
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
      Engine engine(threads, set);
      Decoder decoder = golden_model(engine);
      Pass pass(engine, decoder, golden_batch(step), {});
      results.push_back({static_cast<float>(pass.forward())});
      pass.backward();
      for (const Parameter* one : decoder.trainable()) {
        results.back().insert(results.back().end(), one->gradient.values().begin(), one->gradient.values().end());
      }
    }
    CAPTURE(set.name);
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
  }
}

TEST_CASE("training: gradients of grouped queries are those of finite differences", "[core][training][property]") {
  ModelConfig config;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_layers = 2;
  config.num_heads = 6;
  config.num_key_value_heads = 2;
  config.head_dim = 6;
  config.vocab_size = 11;
  config.rms_norm_eps = 1e-3;
  config.rope_theta = 500;
  Engine engine(2);
  Decoder decoder = make_decoder(engine, config);
  initialize(decoder, 5);
  for (Parameter* one : decoder.tensors()) {
    for (float& value : one->value.values()) value *= one->shape.size() == 1 ? 1.0F : 8.0F;
  }
  Batch batch{2, 7, {}, {}};
  for (int i = 0; i < 14; ++i) batch.ids.push_back(i * 5 % 11);
  batch.labels = batch.ids;
  const auto loss = [&] {
    Pass pass(engine, decoder, batch, {});
    return pass.forward();
  };
  Pass pass(engine, decoder, batch, {});
  pass.forward();
  pass.backward();
  for (Parameter* one : decoder.trainable()) {
    // Along the gradient itself the loss changes by its norm.
    double norm = 0;
    for (const float g : one->gradient.values()) norm += double{g} * g;
    norm = std::sqrt(norm);
    const double step = 1e-2;
    const auto move = [&](double by) {
      for (std::int64_t i = 0; i < one->size(); ++i) {
        one->value.data()[i] += static_cast<float>(by * one->gradient.data()[i] / norm);
      }
    };
    move(step);
    const double above = loss();
    move(-2 * step);
    const double below = loss();
    move(step);
    CAPTURE(one->name);
    CHECK((above - below) / (2 * step) == Approx(norm).epsilon(0.01));
  }
}

}  // namespace qlab::training::test
