// Training steps of the classroom model, and the matrix product that most of their time goes into.
#include <algorithm>
#include <cmath>

#include "app/cli/bench_cases.hpp"
#include "core/base/check.hpp"
#include "core/training/trainer.hpp"

namespace qlab::cli {
namespace {

using namespace training;

constexpr std::int64_t length = 128, rows = 8 * length, hidden = 256, inner = 688;  // of the classroom model

/// The classroom model (hidden 256, 4 layers) on a batch of 8 x 128, AdamW; for each number of threads one of its own.
struct StepJob {
  struct Run {
    Run(int threads, Method method) : engine(threads), decoder(make_decoder(engine, {})) {
      initialize(decoder, 1);
      TrainSettings settings;
      settings.method = method;
      settings.quantization = *quantization_of("nf4", 64, true);
      QLAB_CHECK(prepare(engine, decoder, settings, {}));
      trainer = std::make_unique<Trainer>(engine, decoder, settings);
      Batch batch{rows / length, length, std::vector<std::int32_t>(rows), {}};
      for (std::int64_t i = 0; i < rows; ++i) batch.ids[static_cast<std::size_t>(i)] = static_cast<int>(i * i % 251);
      batch.labels = batch.ids;
      batches = {batch};
    }
    Engine engine;
    Decoder decoder;
    std::unique_ptr<Trainer> trainer;
    std::vector<Batch> batches;
  };

  Method method = Method::full;
  std::unique_ptr<Run> current;

  void run(int threads) {
    if (!current || current->engine.team().threads() != threads) current = std::make_unique<Run>(threads, method);
    QLAB_CHECK(current->trainer->step(current->batches));
  }
  /// A step is right if it learns; the tests hold it against other people's numbers.
  bool learns() {
    for (int i = 0; i < 3; ++i) run(1);
    const auto history = current->trainer->history();
    return history.back().loss < history.front().loss;
  }
};

/// Every weight takes part in two products, a trained one in three; causal attention in six of half the square.
double operations_of_step(Method method) {
  const ModelConfig c;
  const auto real = [](std::int64_t x) { return static_cast<double>(x); };
  const double attention = 6 * real(c.num_layers * rows * length * c.query_width());
  const double linears = real(
      c.num_layers * (2 * c.hidden_size * (c.query_width() + c.key_width()) + 3 * c.hidden_size * c.intermediate_size) +
      c.vocab_size * c.hidden_size);
  if (method == Method::full) return 6 * real(rows) * linears + attention;
  const double adapters =
      real(c.num_layers * LoraSettings().rank *
           (4 * c.hidden_size + 2 * (c.query_width() + c.key_width()) + 3 * (c.hidden_size + c.intermediate_size)));
  return real(rows) * (4 * linears + 6 * adapters) + attention;
}

struct ProductJob {
  std::unique_ptr<Engine> engine;
  std::vector<float> a = std::vector<float>(rows * hidden, 0.5F), b = std::vector<float>(inner * hidden, 0.25F),
                     out = std::vector<float>(rows * inner);

  void run(int threads) {
    if (!engine || engine->team().threads() != threads) engine = std::make_unique<Engine>(threads);
    engine->multiply(Matrix::dense(a.data(), rows, hidden), Matrix::dense(b.data(), inner, hidden).transposed(),
                     {out.data(), inner});
  }
};

Error wrong(const std::string& name) {
  return {Errc::unsupported, name + " computes something else on this processor", "",
          "please report it with the processor's name"};
}

}  // namespace

void add_training_steps(Bench& bench) {
  for (const Method method : {Method::full, Method::lora, Method::qlora}) {
    const std::string name = "train_step_classroom_" + std::string(name_of(method));
    const auto job = std::make_shared<StepJob>();
    job->method = method;
    bench.cases.push_back(
        {.name = name,
         .check = [=]() -> Result<Done> { return job->learns() ? Result<Done>(Done{}) : wrong(name); },
         .run = [=](int threads) { job->run(threads); },
         .against_copy = false,
         .operations = operations_of_step(method)});
  }
  const auto job = std::make_shared<ProductJob>();
  const char* const name = product_case;
  bench.cases.push_back({.name = name,
                         .check = [=]() -> Result<Done> {
                           job->run(0);
                           constexpr float sum = 0.5F * 0.25F * hidden;
                           const bool right = std::ranges::all_of(job->out, [](float x) { return x == sum; });
                           return right ? Result<Done>(Done{}) : wrong(name);
                         },
                         .run = [=](int threads) { job->run(threads); },
                         .against_copy = false,
                         .operations = 2.0 * rows * hidden * inner});
}

}  // namespace qlab::cli
