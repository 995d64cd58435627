// The simulated step on one thread: the whole trace, only its figures, and the allocator's replay; by method and depth.
#include <benchmark/benchmark.h>

#include "core/memory/step/simulate.hpp"

namespace {

using namespace qlab;

/// LLaMA 7B or 65B with sequences of 1024 tokens.
ModelShape shape_of_depth(std::int64_t layers) { return llama_like_shape(layers == 32 ? 4096 : 8192, layers, 32'000); }

StepSettings full() {
  StepSettings settings;
  settings.method = TrainingMethod::full;
  settings.checkpointing = Checkpointing::none;
  settings.autocast = false;
  return settings;
}

StepSettings qlora() {
  StepSettings settings;
  settings.lora = LoraSettings{.rank = 16, .targets = {"all-linear"}, .dropout = 0};
  return settings;
}

void trace(benchmark::State& state, const StepSettings& settings) {
  const ModelShape shape = shape_of_depth(state.range(0));
  while (state.KeepRunning()) benchmark::DoNotOptimize(simulate_step(shape, settings)->peak_bytes);
}
BENCHMARK_CAPTURE(trace, full, full())->Arg(32)->Arg(80)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(trace, qlora, qlora())->Arg(32)->Arg(80)->Unit(benchmark::kMillisecond);

void figures_of_step(benchmark::State& state, const StepSettings& settings) {
  const ModelShape shape = shape_of_depth(state.range(0));
  while (state.KeepRunning()) benchmark::DoNotOptimize(simulate_figures(shape, settings)->peak_bytes);
}
BENCHMARK_CAPTURE(figures_of_step, full, full())->Arg(32)->Arg(80)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(figures_of_step, qlora, qlora())->Arg(32)->Arg(80)->Unit(benchmark::kMillisecond);

void allocator_replay(benchmark::State& state, const StepSettings& settings) {
  const ModelShape shape = shape_of_depth(state.range(0));
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(replay_allocator(shape, settings)->peak_reserved_bytes);
  }
}
BENCHMARK_CAPTURE(allocator_replay, qlora, qlora())->Arg(32)->Arg(80)->Unit(benchmark::kMillisecond);

}  // namespace
