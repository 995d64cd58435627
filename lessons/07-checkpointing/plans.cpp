#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "lessons/07-checkpointing/checkpointing.hpp"

namespace qlab::lessons::checkpointing {

ModelShape Sliders::shape() const {
  constexpr std::int64_t vocabulary = 32000;  // no layer sees it; the logits do
  return llama_like_shape(hidden_size, num_layers, vocabulary);
}

std::int64_t Sliders::checkpointed_layers() const {
  switch (granularity) {
    case Granularity::none: return 0;
    case Granularity::share: return std::llround(share / 100 * static_cast<double>(num_layers));
    default: return num_layers;
  }
}

StepSettings Sliders::settings(Granularity instead) const {
  Sliders other = *this;
  other.granularity = instead;
  return other.settings();
}

StepSettings Sliders::settings() const {
  StepSettings settings = recipe(method, shape(), {.batch = batch_size, .seq = seq_length});
  switch (granularity) {
    case Granularity::none: settings.checkpointing = Checkpointing::none; break;
    case Granularity::every_layer: break;
    case Granularity::every_k: settings.checkpoint_every = std::min(every, num_layers); break;
    case Granularity::sqrt: {
      const std::int64_t segments = sqrt_rule_segments(num_layers);
      settings.checkpoint_every = (num_layers + segments - 1) / segments;
      break;
    }
    case Granularity::share: settings.checkpointed_layers = checkpointed_layers(); break;
  }
  return settings;
}

const CheckpointPlan& Plans::by_sqrt_rule() const {
  return all[static_cast<std::size_t>(sqrt_rule_segments(static_cast<std::int64_t>(all.size())) - 1)];
}

const CheckpointPlan& Plans::best() const {
  return *std::min_element(all.begin(), all.end(),
                           [](const auto& a, const auto& b) { return a.peak_bytes < b.peak_bytes; });
}

std::vector<CheckpointPlan> Plans::bargains() const {
  std::vector<CheckpointPlan> kept;
  for (const CheckpointPlan& plan : all) {
    if (kept.empty() || kept.back().recomputed_forward_share != plan.recomputed_forward_share) {
      kept.push_back(plan);
    } else if (plan.peak_bytes < kept.back().peak_bytes) {
      kept.back() = plan;
    }
  }
  return kept;
}

Plans plans_of(const Sliders& sliders, AttentionKernel attention) {
  StepSettings settings = sliders.settings();
  settings.attention = attention;
  // The scores of a large batch are beyond what a simulated step counts: one sequence's, times B.
  const std::int64_t times = attention == AttentionKernel::eager ? std::exchange(settings.batch, 1) : 1;
  auto ledger = activation_ledger(sliders.shape(), settings);
  QLAB_CHECK(ledger);  // a model like Llama suits every kernel
  ledger->layer_bytes *= times;
  ledger->layers_bytes *= times;
  ledger->layer_input_bytes *= times;
  for (std::int64_t& part : ledger->layer_parts) part *= times;
  return {checkpoint_plans(sliders.num_layers, ledger->layer_input_bytes, ledger->layer_bytes), *std::move(ledger)};
}

SimulatedStep step_of(const Sliders& sliders, const StepSettings& settings) {
  auto step = simulate_step(sliders.shape(), settings);
  QLAB_CHECK(step);
  return *std::move(step);
}

std::int64_t peak_of(const Sliders& sliders, const StepSettings& settings) {
  const auto figures = simulate_figures(sliders.shape(), settings);
  QLAB_CHECK(figures);
  return figures->peak_bytes;
}

}  // namespace qlab::lessons::checkpointing
