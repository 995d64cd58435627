#include "core/memory/paging/step_work.hpp"

#include <algorithm>
#include <numeric>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::paging;

StepSettings qlora(std::int64_t rank, std::vector<std::string> targets) {
  StepSettings settings;
  settings.seq = 256;
  settings.optimizer = Optimizer::paged_adamw_32bit;
  settings.lora = LoraSettings{rank, std::move(targets), 0};
  return settings;
}

SimulatedStep simulated(const ModelShape& shape, const StepSettings& settings) {
  auto step = simulate_step(shape, settings);
  if (!step) FAIL(step.error().message());
  return *std::move(step);
}

TEST_CASE("a step's demand keeps the most bytes of every phase and runs from 0 to the update's end", "[core][memory]") {
  const ModelShape shape = llama_like_shape(512, 4, 1000);
  for (const auto checkpointing : {Checkpointing::none, Checkpointing::nonreentrant}) {
    StepSettings settings = qlora(8, {"all-linear"});
    settings.checkpointing = checkpointing;
    const SimulatedStep step = simulated(shape, settings);
    for (const int slices : {1, 7, 128}) {
      const StepWork work = step_work(shape, settings, step, {40, 900}, slices);
      CHECK(work.demand.front().seconds == 0);
      const auto most = std::max_element(work.demand.begin(), work.demand.end(),
                                         [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
      CHECK(most->bytes == step.peak_bytes);
      CHECK(std::is_sorted(work.demand.begin(), work.demand.end(),
                           [](const auto& a, const auto& b) { return a.seconds < b.seconds; }));
      CHECK(work.demand.back().seconds < work.seconds());
      CHECK(work.demand.back().seconds >= work.compute_seconds);
      CHECK(work.demand.size() <= 2 * static_cast<std::size_t>(slices) + 4);
    }
  }
}

TEST_CASE("the products of a step are counted as on paper", "[core][memory][golden]") {
  // H 256, MLP 768, two layers, V 1000: 4 H^2 + 3 H 768 weights a layer.
  const ModelShape shape = llama_like_shape(256, 2, 1000);
  REQUIRE(shape.intermediate_size == 768);
  StepSettings settings;
  settings.method = TrainingMethod::full;
  settings.batch = 3;
  settings.seq = 10;
  settings.checkpointing = Checkpointing::none;
  const double layers = 2 * (2 * 30 * (4 * 256 * 256 + 3 * 256 * 768.0) + 2 * 2 * 30 * 10 * 256);
  const double head = 2 * 30 * 256 * 1000.0;
  StepProducts products = step_products(shape, settings);
  CHECK(products.forward == layers + head);
  CHECK(products.backward == 2 * products.forward);
  CHECK(products.recompute == 0);
  settings.checkpointing = Checkpointing::reentrant;
  CHECK(step_products(shape, settings).recompute == layers);
  settings.checkpointed_layers = 1;
  CHECK(step_products(shape, settings).recompute == layers / 2);

  settings = qlora(4, {"q_proj", "v_proj"});
  settings.seq = 10;
  settings.batch = 3;
  const double adapters = 2 * 30 * 2 * 2 * 4 * 512.0;
  const double attention = 2 * 2 * 2 * 30 * 10 * 256.0;
  products = step_products(shape, settings);
  CHECK(products.forward == layers + head + adapters);
  CHECK(products.backward == layers + head + attention + 2 * adapters);
}

TEST_CASE("bitsandbytes pages only tensors of 100,000 values: none of rank 16 at width 4096", "[core][memory]") {
  ModelShape shape = llama_like_shape(4096, 1, 1000);
  CHECK(simulated(shape, qlora(16, {"q_proj", "k_proj", "v_proj", "o_proj"})).paged_tensors.empty());
  const SimulatedStep step = simulated(shape, qlora(64, {"q_proj"}));
  CHECK(step.paged_tensors == std::vector<std::int64_t>(4, 64 * 4096 * 4));  // two matrices, two moments each
  CHECK(step.paged_bytes == std::accumulate(step.paged_tensors.begin(), step.paged_tensors.end(), std::int64_t{0}));
}

}  // namespace
