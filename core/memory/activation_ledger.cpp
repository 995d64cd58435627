#include "core/memory/activation_ledger.hpp"

#include <algorithm>
#include <utility>

#include "core/memory/step/simulate.hpp"

namespace qlab {
namespace {

using step::Category;
using step::StorageRecord;

/// Made in the forward pass or the loss of the step, alive when the backward pass begins, and not a part of the model.
bool waits_for_backward(const StorageRecord& record, const step::Moments& moments) {
  return record.bytes > 0 && record.born >= moments.step && record.born < moments.backward &&
         record.died >= moments.backward &&
         (record.category == Category::temporaries || record.category == Category::cast_weights);
}

/// The most bytes at once of storages of about `count` values.
std::int64_t most_at_once(const step::Tape& tape, std::int64_t count, std::int64_t margin) {
  std::vector<std::pair<std::uint32_t, std::int64_t>> changes;
  for (const StorageRecord& record : tape.storages()) {
    if (record.bytes == 0 || record.category != Category::temporaries) continue;
    if (std::abs(record.sizes.count() - count) > margin) continue;
    changes.emplace_back(record.born, record.bytes);
    changes.emplace_back(record.died, -record.bytes);
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t now = 0, most = 0;
  for (const auto& [event, change] : changes) most = std::max(most, now += change);
  return most;
}

}  // namespace

PublishedActivations published_activations(const ModelShape& shape, std::int64_t batch, std::int64_t seq) {
  return {34 * batch * seq * shape.hidden_size, 5 * shape.num_heads * batch * seq * seq};
}

Result<ActivationLedger> activation_ledger(const ModelShape& shape, const StepSettings& settings) {
  // Layers are alike from the second on, so two tell all, but where a window makes some of them different.
  const bool alternating = shape.sliding_window > 0 && settings.seq >= shape.sliding_window;
  ModelShape looked_at = shape;
  if (!alternating) looked_at.num_layers = std::min<std::int64_t>(shape.num_layers, 2);
  StepSettings recorded = settings;
  recorded.checkpointing = Checkpointing::none;
  recorded.accumulation = 1;
  const auto run = simulate_step(looked_at, recorded);
  if (!run) return run.error();

  const step::Tape& tape = *run->tape;
  const std::int64_t tokens = settings.batch * settings.seq;
  const auto shown = static_cast<std::int16_t>(std::min<std::int64_t>(1, looked_at.num_layers - 1));
  ActivationLedger ledger;
  std::int64_t shown_cast = 0, all_cast = 0;
  for (const StorageRecord& record : tape.storages()) {
    if (!waits_for_backward(record, run->moments)) continue;
    const bool in_shown = record.layer == shown;
    if (record.category == Category::cast_weights) {
      all_cast += record.bytes;
      if (in_shown) shown_cast += record.bytes;
    } else if (record.layer >= 0) {
      ledger.layers_bytes += record.bytes;
      if (!in_shown) continue;
      ledger.layer.push_back({record.op, record.part, record.dtype, record.sizes, record.bytes});
      ledger.layer_parts[static_cast<std::size_t>(record.part)] += record.bytes;
      ledger.layer_bytes += record.bytes;
    } else if (std::abs(record.sizes.count() - tokens * shape.vocab_size) <= tokens) {
      ledger.logits_kept_bytes += record.bytes;
    } else {
      ledger.outside_bytes += record.bytes;
    }
  }
  const std::int64_t not_looked_at = shape.num_layers - looked_at.num_layers;
  ledger.layers_bytes += not_looked_at * ledger.layer_bytes;
  ledger.cast_bytes = all_cast + not_looked_at * shown_cast;
  ledger.logits_bytes = most_at_once(tape, tokens * shape.vocab_size, tokens);
  ledger.layer_input_bytes = tokens * shape.hidden_size * bytes_of(unquantized_dtype(settings));
  return ledger;
}

std::int64_t activation_bytes(const ActivationLedger& ledger, const ModelShape& shape, const StepSettings& settings) {
  if (settings.checkpointing == Checkpointing::none) return ledger.layers_bytes;
  const std::int64_t layers = shape.num_layers;
  const std::int64_t checkpointed = std::min(settings.checkpointed_layers.value_or(layers), layers);
  const std::int64_t segment = std::min(settings.checkpoint_every, checkpointed);
  if (segment == 0) return ledger.layers_bytes;
  const std::int64_t inputs = (checkpointed + segment - 1) / segment * ledger.layer_input_bytes;
  // Whole layers are there behind the last checkpoint, and once they are done, those of one segment.
  const std::int64_t whole = std::max(layers - checkpointed, segment) * ledger.layer_bytes;
  return inputs + whole;
}

Result<StepLedger> step_ledger(const ModelShape& shape, const StepSettings& settings) {
  auto activations = activation_ledger(shape, settings);
  if (!activations) return activations.error();
  StepLedger ledger{state_ledger(shape, settings), *std::move(activations)};
  ledger.layers_bytes = activation_bytes(ledger.activations, shape, settings);
  return ledger;
}

}  // namespace qlab
