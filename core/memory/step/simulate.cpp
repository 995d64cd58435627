#include "core/memory/step/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/memory/step/caching_allocator.hpp"
#include "core/memory/step/network.hpp"
#include "core/memory/step/ops.hpp"
#include "core/memory/step/optimizer_step.hpp"

namespace qlab {
namespace {

using step::Moments;
using step::Phase;
using step::Tape;
using step::Tensor;

Moments run_step(Tape& tape, step::Network& network, step::OptimizerState& optimizer, const StepSettings& settings) {
  Moments moments;
  moments.step = tape.now();
  tape.set_phase(Phase::forward);
  for (const auto& parameter : network.trainable()) {
    tape.set_layer(parameter.leaf->layer);
    parameter.leaf->grad.reset();
  }
  tape.set_layer(-1);
  step::Network::Outputs held;  // as the model's output object holds them
  {
    Tensor loss;
    for (std::int64_t pass = 0; pass < settings.accumulation; ++pass) {
      {
        const Tape::AutocastScope scope(tape, settings.autocast);
        held = network.forward();
        loss = settings.accumulation > 1 ? step::div_scalar(tape, held.loss) : held.loss;
        if (settings.outputs == OutputLifetime::until_backward) held = {};
      }
      moments.backward = tape.now();
      tape.set_phase(Phase::backward);
      const Tensor gradient = tape.make(step::Op::ones_like, {}, loss.dtype());
      tape.backward(loss, gradient);
      moments.backward_end = tape.now();
      if (settings.outputs == OutputLifetime::through_backward) held = {};
      tape.clear_graph();
    }
  }
  optimizer.step(network.trainable());
  return moments;
}

/// A tape with a model's trace, and where its last step is.
struct Trace {
  std::shared_ptr<Tape> tape;
  Moments moments;
  std::vector<step::OptimizerState::Paged> paged;
};

/// Runs the first steps, or with `first_steps` 0 one in the steady state.
Trace run(const ModelShape& shape, const StepSettings& settings, int first_steps,
          std::vector<step::SavedTensor>* saves = nullptr) {
  constexpr std::size_t storages_of_layer = 512;  // of the model, and of two passes
  Trace trace;
  trace.tape = std::make_shared<Tape>(storages_of_layer * static_cast<std::size_t>(shape.num_layers + 1));
  Tape& tape = *trace.tape;
  tape.autocast_dtype = settings.half;
  step::Network network(tape, shape, settings);
  step::OptimizerState optimizer(tape, settings.optimizer);
  if (first_steps == 0) {
    optimizer.make_states(network.trainable());
    network.leave_first_step();
  }
  tape.watch_saves(saves);
  for (int i = 0; i < std::max(first_steps, 1); ++i) trace.moments = run_step(tape, network, optimizer, settings);
  tape.watch_saves(nullptr);
  trace.moments.end = tape.now();
  trace.paged = optimizer.paged();
  return trace;  // the model goes with the network, behind the last event that counts
}

step::LogitCount logits_of(const ModelShape& shape, const StepSettings& settings) {
  return {settings.batch * settings.seq, shape.vocab_size};
}

SimulatedStep report(const ModelShape& shape, const StepSettings& settings, Trace trace) {
  SimulatedStep result;
  result.logits = logits_of(shape, settings);
  static_cast<StepFigures&>(result) = step::measure(*trace.tape, trace.moments, result.logits);
  for (const auto& paged : trace.paged) {
    result.paged_bytes += paged.bytes;
    result.paged_tensors.push_back(paged.bytes);
  }
  result.tape = std::move(trace.tape);
  result.moments = trace.moments;
  result.first_event = trace.moments.step;
  result.last_event = trace.moments.end;
  return result;
}

// A tensor's sizes are 32 bits, also where it is flat: the packed codes of a 4-bit Linear, two in a byte, and the
// constants of an 8-bit optimizer. And what is alive has to be countable in 64 bits.
constexpr std::int64_t max_size = INT32_MAX;
constexpr std::int64_t max_linear = std::int64_t{1} << 32;
constexpr std::int64_t max_parameter = std::int64_t{1} << 36;
constexpr std::int64_t max_elements = std::int64_t{1} << 40;
constexpr std::int64_t max_traced_layers = 4'096;

/// Whether the product of positive factors is at most `maximum`.
bool product_within(std::initializer_list<std::int64_t> factors, std::int64_t maximum) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    if (factor < 1 || factor > maximum / product) return false;
    product *= factor;
  }
  return true;
}

Result<Done> check_sizes(const ModelShape& shape, const StepSettings& settings) {
  const auto refuse = [](std::string what, const char* hint) {
    return Error{Errc::bad_argument, std::move(what), "the simulated step", hint};
  };
  const std::int64_t B = settings.batch;
  const std::int64_t S = settings.seq;
  const std::int64_t rank = settings.lora ? settings.lora->rank : 1;
  if (!product_within({B, S, 2}, max_size)) {
    return refuse(fmt::format("a batch of {} sequences of {} tokens", B, S), "use fewer than 2^30 tokens");
  }
  if (!product_within({shape.num_layers, settings.accumulation}, max_traced_layers)) {
    return refuse(fmt::format("{} layers and {} accumulated batches", shape.num_layers, settings.accumulation),
                  "use layers times accumulated batches up to 4096");
  }
  for (const std::int64_t size : {shape.hidden_size, shape.intermediate_size, shape.num_heads, shape.head_dim,
                                  shape.num_key_value_heads, shape.vocab_size, rank, settings.checkpoint_every}) {
    if (!product_within({size, 6}, max_size)) {
      return refuse(fmt::format("a size of the model or its adapters is {}", size), "use 1 to 2^31 / 6");
    }
  }
  const std::int64_t hidden = shape.hidden_size;
  // One Linear may make query, key and value, or gate and up.
  if (!product_within({shape.num_heads, shape.head_dim, 3}, max_size)) {
    return refuse("the heads of this model", "use fewer or smaller ones");
  }
  const std::int64_t heads = shape.num_heads * shape.head_dim * (shape.projections == Projections::separate ? 1 : 3);
  const std::int64_t inner = shape.intermediate_size * (shape.fused_gate_up ? 2 : 1);
  if (!product_within({hidden, std::max(inner, heads)}, max_linear) ||
      !product_within({std::max(hidden, rank), std::max({shape.vocab_size, shape.position_rows, std::int64_t{1}})},
                      max_parameter)) {
    return refuse("a Linear or an embedding of this model", "use Linears of at most 2^32 weights, embeddings of 2^36");
  }
  const std::int64_t widest = std::max({hidden, inner, heads, shape.vocab_size, rank});
  const bool squares = settings.attention == AttentionKernel::eager || shape.sliding_window > 0;
  if (!product_within({B * (S + 1), widest}, max_elements) ||
      (squares && !product_within({B, shape.num_heads, S, S}, max_elements))) {
    return refuse(fmt::format("with {} tokens in a batch a tensor has more than 2^40 elements", B * S),
                  "use a shorter sequence, a smaller batch or a smaller model");
  }
  return Done{};
}

Result<Done> check(const ModelShape& shape, const StepSettings& settings) {
  if (shape.attention_softcap && settings.attention == AttentionKernel::sdpa) {
    return Error{Errc::unsupported, "sdpa attention has no softcap, which this model's attention needs", "",
                 "use eager"};
  }
  return check_sizes(shape, settings);
}

}  // namespace

const char* name_of(Phase phase) {
  constexpr std::array names{"setup", "forward", "loss", "backward", "optimizer"};
  return names[static_cast<std::size_t>(phase)];
}

const char* name_of(step::Category category) {
  constexpr std::array names{
      "weights",         "quantized_weights", "quant_constants", "adapter",         "buffers",           "inputs",
      "optimizer_state", "gradients",         "cast_weights",    "logits_and_loss", "saved_activations", "temporaries"};
  static_assert(names.size() == step::category_count);
  return names[static_cast<std::size_t>(category)];
}

step::Category category_of(const SimulatedStep& step, const step::StorageRecord& record) {
  return step::category_of(record, step.logits);
}

Result<SimulatedStep> simulate_step(const ModelShape& shape, const StepSettings& settings) {
  if (const auto possible = check(shape, settings); !possible) return possible.error();
  return report(shape, settings, run(shape, settings, 0));
}

Result<SimulatedStep> simulate_first_steps(const ModelShape& shape, const StepSettings& settings, int count) {
  QLAB_CHECK(count >= 1);
  if (const auto possible = check(shape, settings); !possible) return possible.error();
  return report(shape, settings, run(shape, settings, count));
}

Result<StepFigures> simulate_figures(const ModelShape& shape, const StepSettings& settings) {
  if (const auto possible = check(shape, settings); !possible) return possible.error();
  if (const auto fold = step::plan_fold(shape, settings)) {
    ModelShape shallow = shape;
    shallow.num_layers = fold->shallow_layers;
    const Trace trace = run(shallow, settings, 0);
    if (auto figures = step::measure(*trace.tape, trace.moments, logits_of(shape, settings), *fold)) {
      for (const auto& paged : trace.paged) {
        const bool in_second_tile = paged.layer >= 0 && paged.layer / fold->tile == 1;
        figures->paged_bytes += paged.bytes * (in_second_tile ? fold->repeats - 1 : 1);
      }
      return *figures;
    }
  }
  return static_cast<StepFigures>(report(shape, settings, run(shape, settings, 0)));
}

Result<SavedTensors> simulate_saved_tensors(const ModelShape& shape, const StepSettings& settings) {
  if (const auto possible = check(shape, settings); !possible) return possible.error();
  StepSettings once = settings;
  once.accumulation = 1;
  SavedTensors result;
  result.tape = run(shape, once, 0, &result.tensors).tape;
  return result;
}

Result<AllocatorReplay> replay_allocator(const ModelShape& shape, const StepSettings& settings,
                                         bool expandable_segments) {
  if (const auto possible = check(shape, settings); !possible) return possible.error();
  const Trace trace = run(shape, settings, 2);
  const Tape& tape = *trace.tape;
  step::CachingAllocator allocator(expandable_segments);
  std::vector<step::CachingAllocator::Handle> handles(tape.storages().size());
  for (std::uint32_t i = 0; i < trace.moments.end; ++i) {
    const step::Event event = tape.events()[i];
    const auto id = static_cast<std::size_t>(std::abs(event));
    if (tape.storages()[id].bytes == 0) continue;
    if (event < 0) {
      allocator.free(handles[id]);
    } else {
      handles[id] = allocator.allocate(tape.storages()[id].bytes);
    }
  }
  return AllocatorReplay{allocator.peak_reserved_bytes(), allocator.peak_block_bytes()};
}

}  // namespace qlab
