// The samples of a step's live bytes: they hold its peak and agree with its breakdown.
#include "core/memory/step/live_bytes.hpp"

#include <algorithm>

#include "core/memory/model_shape.hpp"
#include "tests/support/catch.hpp"

namespace qlab {
namespace {

SimulatedStep small_step(Checkpointing checkpointing, std::int64_t accumulation) {
  StepSettings settings;
  settings.lora = LoraSettings{8, {"q_proj", "v_proj"}, 0};
  settings.checkpointing = checkpointing;
  settings.accumulation = accumulation;
  settings.seq = 256;
  auto step = simulate_step(llama_like_shape(512, 6, 1000), settings);
  REQUIRE(step);
  return *std::move(step);
}

TEST_CASE("the highest sample is the step's peak, part by part", "[core][memory]") {
  const auto checkpointing = GENERATE(Checkpointing::none, Checkpointing::nonreentrant);
  const std::size_t most = GENERATE(4, 60, 100000);
  const SimulatedStep step = small_step(checkpointing, 1);
  const LiveBytes live = sample_live_bytes(step, most);
  CHECK(live.samples.size() <= most + 2);
  CHECK(live.samples[live.peak].total() == step.peak_bytes);
  CHECK(live.samples[live.peak].bytes == step.breakdown);
  CHECK(live.samples.front().total() == step.start_bytes);
  CHECK(live.samples.back().event == live.event_count);
  CHECK(std::is_sorted(live.samples.begin(), live.samples.end(),
                       [](const auto& a, const auto& b) { return a.event < b.event; }));
}

TEST_CASE("phases follow each other as often as the step accumulates", "[core][memory]") {
  const auto phases = [](const LiveBytes& live) {
    std::vector<step::Phase> out;
    for (const auto& start : live.phases) out.push_back(start.phase);
    return out;
  };
  using step::Phase;
  CHECK(phases(sample_live_bytes(small_step(Checkpointing::none, 1))) ==
        std::vector{Phase::forward, Phase::backward, Phase::optimizer});
  CHECK(phases(sample_live_bytes(small_step(Checkpointing::none, 2))) ==
        std::vector{Phase::forward, Phase::backward, Phase::forward, Phase::backward, Phase::optimizer});
}

}  // namespace
}  // namespace qlab
