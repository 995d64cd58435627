#include "core/memory/step/simulate.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/memory/step/caching_allocator.hpp"
#include "core/memory/step/network.hpp"
#include "core/memory/step/ops.hpp"
#include "core/memory/step/optimizer_step.hpp"

namespace qlab {
namespace {

using step::Category;
using step::Phase;
using step::StorageRecord;
using step::Tape;
using step::Tensor;

/// A storage of about tokens x vocabulary values belongs to the logits.
Category category_of(const StorageRecord& record, std::int64_t logit_count, std::int64_t tokens) {
  if (record.category != Category::temporaries) return record.category;
  const std::int64_t count = record.sizes.count();
  if (count >= logit_count - tokens && count <= logit_count + tokens) return Category::logits_and_loss;
  return record.saved ? Category::saved_activations : Category::temporaries;
}

void run_step(Tape& tape, step::Network& network, step::OptimizerState& optimizer, const StepSettings& settings,
              SimulatedStep& result) {
  result.start_bytes = tape.live_bytes();
  result.first_event = static_cast<std::uint32_t>(tape.events().size());
  tape.set_phase(Phase::forward);
  for (const auto& trainable : network.trainable()) trainable.leaf->grad.reset();
  tape.reset_peak();
  Tensor logits;
  {
    Tensor loss;
    for (std::int64_t pass = 0; pass < settings.accumulation; ++pass) {
      {
        const Tape::AutocastScope scope(tape, settings.autocast);
        auto outputs = network.forward();
        loss = std::move(outputs.loss);
        logits = std::move(outputs.logits);
        if (settings.accumulation > 1) loss = step::div_scalar(tape, loss);
        if (settings.outputs == OutputLifetime::until_backward) logits.reset();
      }
      result.bytes_before_backward = tape.live_bytes();
      tape.set_phase(Phase::backward);
      const Tensor gradient = tape.make(step::Op::ones_like, {}, loss.dtype());
      tape.backward(loss, gradient);
      result.bytes_after_backward = tape.live_bytes();
      if (settings.outputs == OutputLifetime::through_backward) logits.reset();
      tape.clear_graph();
    }
  }
  optimizer.step(network.trainable());
}

}  // namespace

AllocatorReplay replay_allocator(const SimulatedStep& step, bool expandable_segments) {
  step::CachingAllocator allocator(expandable_segments);
  const Tape& tape = *step.tape;
  std::vector<step::CachingAllocator::Handle> handles(tape.storages().size());
  for (std::uint32_t i = 0; i < step.last_event; ++i) {
    const step::Event event = tape.events()[i];
    const auto id = static_cast<std::size_t>(event < 0 ? -event : event);
    if (tape.storages()[id].bytes == 0) continue;
    if (event < 0) {
      allocator.free(handles[id]);
    } else {
      handles[id] = allocator.allocate(tape.storages()[id].bytes);
    }
  }
  return {allocator.peak_reserved_bytes(), allocator.peak_block_bytes()};
}

const char* name_of(Phase phase) {
  constexpr std::array names{"setup", "forward", "loss", "backward", "optimizer"};
  return names[static_cast<std::size_t>(phase)];
}

const char* name_of(Category category) {
  constexpr std::array names{
      "weights",         "quantized_weights", "quant_constants", "adapter",         "buffers",           "inputs",
      "optimizer_state", "gradients",         "cast_weights",    "logits_and_loss", "saved_activations", "temporaries"};
  static_assert(names.size() == step::category_count);
  return names[static_cast<std::size_t>(category)];
}

Result<SimulatedStep> simulate_step(const ModelShape& shape, const StepSettings& settings, int steps) {
  if (shape.attention_softcap && settings.attention == AttentionKernel::sdpa) {
    return Error{Errc::unsupported, "sdpa attention has no softcap, which this model's attention needs", "",
                 "use eager"};
  }
  SimulatedStep result;
  auto tape = std::make_shared<Tape>();
  tape->autocast_dtype = settings.half;
  {
    step::Network network(*tape, shape, settings);
    step::OptimizerState optimizer(*tape, settings.optimizer);
    for (int i = 0; i < steps; ++i) run_step(*tape, network, optimizer, settings, result);
    result.last_event = static_cast<std::uint32_t>(tape->events().size());
    const Tape::Peak& peak = tape->peak();
    result.peak_bytes = peak.bytes;
    result.peak_bytes_cuda = peak.cuda_bytes;
    result.phase_peaks = peak.by_phase;
    auto& forward = result.phase_peaks[static_cast<std::size_t>(Phase::forward)];
    forward = std::max(forward, result.phase_peaks[static_cast<std::size_t>(Phase::loss)]);
    const auto id = static_cast<step::StorageId>(std::max<step::Event>(tape->events()[peak.event], 0));
    result.peak_phase = tape->storages()[id].phase;
    result.paged_tensors = optimizer.paged();
    result.paged_bytes = std::accumulate(result.paged_tensors.begin(), result.paged_tensors.end(), std::int64_t{0});
    const std::int64_t tokens = settings.batch * settings.seq;
    for (const StorageRecord& record : tape->storages()) {
      if (record.bytes == 0 || record.born > peak.event || record.died <= peak.event) continue;
      const auto category = category_of(record, tokens * shape.vocab_size, tokens);
      result.breakdown[static_cast<std::size_t>(category)] += step::rounded_allocation(record.bytes);
    }
    // The model goes with the network, behind the last event that counts.
  }
  result.tape = std::move(tape);
  return result;
}

}  // namespace qlab
