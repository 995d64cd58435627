// Runs: accumulation, schedule, divergence, going on bit for bit, every quantized type, configs that are refused.
#include "core/training/trainer.hpp"

#include "core/training/batches.hpp"
#include "tests/core/training/goldens.hpp"
#include "tests/support/temporary_folder.hpp"

namespace qlab::training::test {
namespace {

using qlab::test::TemporaryFolder;

std::vector<float> weights_of(Decoder& decoder) {
  std::vector<float> all;
  for (const Parameter* one : decoder.trainable()) {
    all.insert(all.end(), one->value.values().begin(), one->value.values().end());
  }
  return all;
}

TrainSettings settings_for(Method method) {
  TrainSettings settings;
  settings.method = method;
  settings.lora.rank = 4;
  settings.quantization = *quantization_of("nf4", 64, true);
  settings.steps = 10;
  return settings;
}

Corpus text() { return {"text", qlab::test::content_of(golden_path("README.md"))}; }

}  // namespace

TEST_CASE("trainer: gradients of two halves are those of the whole", "[core][training][property]") {
  const GoldenFile step("step.safetensors");
  const Batch whole = golden_batch(step, "labels_masked");
  std::vector<Batch> halves;
  for (int half = 0; half < 2; ++half) {
    Batch one{1, whole.length, {}, {}};
    one.ids.assign(whole.ids.begin() + half * whole.length, whole.ids.begin() + (half + 1) * whole.length);
    one.labels.assign(whole.labels.begin() + half * whole.length, whole.labels.begin() + (half + 1) * whole.length);
    halves.push_back(one);
  }
  REQUIRE(halves[0].targets() != halves[1].targets());  // a mean of means would be another number
  const auto gradients_of = [](std::span<const Batch> batches) {
    Engine engine(1);
    Decoder decoder = golden_model(engine);
    TrainSettings settings = settings_for(Method::full);
    settings.learning_rate = 0;
    Trainer trainer(engine, decoder, settings);
    const auto result = trainer.step(batches);
    REQUIRE(result);
    std::vector<float> all = {static_cast<float>(result->loss)};
    for (const Parameter* one : decoder.trainable()) {
      all.insert(all.end(), one->gradient.values().begin(), one->gradient.values().end());
    }
    return all;
  };
  CHECK(largest_difference(gradients_of(std::span(&whole, 1)), gradients_of(halves)) < 2e-6);
}

TEST_CASE("trainer: warm-up and cosine are transformers'", "[core][training]") {
  TrainSettings settings;
  settings.learning_rate = 0.8;
  settings.steps = 20;
  settings.warmup = 4;
  settings.schedule = Schedule::cosine;
  CHECK(learning_rate_at(settings, 0) == 0);
  CHECK(learning_rate_at(settings, 1) == Approx(0.2));
  CHECK(learning_rate_at(settings, 4) == Approx(0.8));
  CHECK(learning_rate_at(settings, 12) == Approx(0.4));
  CHECK(learning_rate_at(settings, 16) == Approx(0.8 * 0.5 * (1 - std::sqrt(0.5))));
  CHECK(learning_rate_at(settings, 20) == Approx(0).margin(1e-12));
  settings.schedule = Schedule::constant;
  CHECK(learning_rate_at(settings, 19) == 0.8);
}

TEST_CASE("trainer: a run that diverges says at which step, and what to do", "[core][training]") {
  Engine engine(1);
  Decoder decoder = golden_model(engine);
  TrainSettings settings = settings_for(Method::full);
  settings.learning_rate = 50;
  Trainer trainer(engine, decoder, settings);
  const Corpus corpus = text();
  Result<StepResult> result = StepResult{};
  while (result && trainer.steps_done() < 10) {
    const std::vector<Batch> batches = {corpus.batch(2, 32, 1, trainer.steps_done())};
    result = trainer.step(batches);
  }
  REQUIRE(!result);
  CHECK_THAT(result.error().message(), ContainsSubstring("diverges"));
  CHECK_THAT(result.error().message(), ContainsSubstring("step 2"));
  CHECK_THAT(result.error().message(), ContainsSubstring("--lr than 50"));
}

TEST_CASE("trainer: a run goes on bit for bit from its file", "[core][training][property]") {
  const Method method = GENERATE(Method::full, Method::lora, Method::qlora);
  const OptimizerKind kind = GENERATE(OptimizerKind::adamw, OptimizerKind::adamw8bit, OptimizerKind::sgd_momentum);
  CAPTURE(name_of(method), name_of(kind));
  TrainSettings settings = settings_for(method);
  settings.optimizer.kind = kind;
  settings.lora.dropout = 0.2;
  settings.schedule = Schedule::cosine;
  const Corpus corpus = text();
  const TemporaryFolder folder;
  const auto run = [&](std::int64_t from, std::int64_t to) {
    Engine engine(2);
    Decoder decoder = golden_model(engine);
    TrainSettings own = settings;
    REQUIRE(prepare(engine, decoder, own, {}));
    Trainer trainer(engine, decoder, own);
    if (from > 0) REQUIRE(trainer.restore(folder / "state", "a\nb\n"));
    CHECK(trainer.steps_done() == from);
    while (trainer.steps_done() < to) {
      const std::vector<Batch> batches = {corpus.batch(2, 24, 1, trainer.steps_done())};
      REQUIRE(trainer.step(batches));
    }
    REQUIRE(trainer.save(folder / "state", "a\nb\n"));
    const auto other = trainer.restore(folder / "state", "a\nc\n");
    CHECK_THAT(other.error().message(), ContainsSubstring("with 'b', not with 'c'"));
    return weights_of(decoder);
  };
  const auto at_once = run(0, 8);
  run(0, 3);
  CHECK(run(3, 8) == at_once);
}

TEST_CASE("trainer: dropout drops its share, and only in training", "[core][training]") {
  const DropoutMask mask{0.25, 7, 3};
  const std::vector<float> ones(100000, 1.0F);
  std::vector<float> out(ones.size());
  mask.apply(ones.data(), 0, 100000, out.data());
  const auto dropped = std::ranges::count(out, 0.0F);
  CHECK(std::abs(static_cast<double>(dropped) - 25000) < 4 * std::sqrt(100000 * 0.25 * 0.75));
  CHECK(largest_magnitude(out) == Approx(4.0 / 3));
  std::vector<float> part(1001);
  mask.apply(ones.data(), 777, 1001, part.data());
  CHECK(std::equal(part.begin(), part.end(), out.begin() + 777));
}

TEST_CASE("trainer: every quantized type trains, and its weights stay packed", "[core][training]") {
  const std::string type = GENERATE("nf4", "fp4", "int4", "int8", "int4_affine", "q4_0");
  const int block = GENERATE(32, 64, 256);
  CAPTURE(type, block);
  Engine engine(2);
  Decoder decoder = golden_model(engine);
  const std::int64_t dense = engine.memory().live_shares()[static_cast<int>(MemoryKind::weights)];
  TrainSettings settings = settings_for(Method::qlora);
  settings.quantization = *quantization_of(type, block, false);
  settings.learning_rate = 5e-3;
  REQUIRE(prepare(engine, decoder, settings, {}));
  const std::int64_t packed = engine.memory().live_shares()[static_cast<int>(MemoryKind::weights)];
  std::int64_t codes = 0;
  for (const Linear* linear : decoder.linears()) {
    CHECK(linear->weight.value.empty());
    codes += linear->quantized->bytes() - 4 * linear->weight.size();
    codes += 4 * linear->adapter->rank * (linear->inputs + linear->outputs);
  }
  CHECK(packed - dense == codes);
  Trainer trainer(engine, decoder, settings);
  const Corpus corpus = text();
  for (int i = 0; i < 10; ++i) {
    const std::vector<Batch> batches = {corpus.batch(4, 32, 1, i)};
    REQUIRE(trainer.step(batches));
  }
  CHECK(trainer.history()[9].loss < trainer.history()[0].loss);
}

TEST_CASE("models: a folder comes back as it was saved", "[core][training]") {
  const TemporaryFolder folder;
  Engine engine(1);
  ModelConfig config;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_layers = 1;
  config.num_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 6;
  config.vocab_size = 300;
  config.rms_norm_eps = 3e-6;
  config.rope_theta = 1234;
  Decoder decoder = make_decoder(engine, config);
  initialize(decoder, 3);
  REQUIRE(save_decoder(engine, decoder, folder / "model"));
  auto again = load_decoder(engine, folder / "model");
  REQUIRE(again);
  CHECK(again->config == config);
  CHECK(weights_of(*again) == weights_of(decoder));
  CHECK(folder.entries() == 1);
}

TEST_CASE("models: what the trainer cannot build is refused by name", "[core][training]") {
  const std::string config = qlab::test::content_of(golden_path("model/config.json"));
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string changed = config;
    const auto place = changed.find(from);
    REQUIRE(place != std::string::npos);
    changed.replace(place, from.size(), to);
    const auto parsed = parse_model_config(changed, "config.json");
    REQUIRE(!parsed);
    return parsed.error().message();
  };
  CHECK_THAT(refusal("\"model_type\": \"llama\"", "\"model_type\": \"mamba\""), ContainsSubstring("mamba"));
  CHECK_THAT(refusal("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\""), ContainsSubstring("gelu"));
  CHECK_THAT(refusal("\"attention_bias\": false", "\"attention_bias\": true"), ContainsSubstring("biases"));
  CHECK_THAT(refusal("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"), ContainsSubstring("tied"));
  CHECK_THAT(refusal("\"rope_type\": \"default\"", "\"rope_type\": \"yarn\""), ContainsSubstring("yarn"));
  CHECK_THAT(refusal("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 0"), ContainsSubstring("rms_norm_eps"));
}

TEST_CASE("adapters: one that does not fit names both shapes", "[core][training]") {
  Engine engine(1);
  ModelConfig config;
  config.hidden_size = 32;
  config.intermediate_size = 176;
  config.num_layers = 2;
  config.head_dim = 16;
  Decoder decoder = make_decoder(engine, config);
  initialize(decoder, 1);
  const auto loaded = load_adapters(engine, decoder, golden_path("lora/adapter_init"));
  REQUIRE(!loaded);
  CHECK_THAT(loaded.error().message(), ContainsSubstring("lora_A.weight is [4, 64]"));
  CHECK_THAT(loaded.error().message(), ContainsSubstring("q_proj.weight [64, 32]"));
}

TEST_CASE("batches: a text shorter than a sequence is refused, windows stay inside it", "[core][training]") {
  const Corpus corpus{"short.txt", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"};
  const auto checked = check_corpus(corpus, 33);
  REQUIRE(!checked);
  CHECK_THAT(checked.error().message(), ContainsSubstring("32 bytes, a sequence 33"));
  REQUIRE(check_corpus(corpus, 32));
  const Batch whole = corpus.batch(1, 32, 1, 0);
  CHECK(whole.ids.back() == 'b');
  CHECK(corpus.batch(3, 8, 1, 4).ids == corpus.batch(3, 8, 1, 4).ids);
  CHECK(corpus.batch(3, 8, 1, 4).labels.size() == 24);
}

}  // namespace qlab::training::test
