#include "core/memory/paging/step_work.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/base/check.hpp"

namespace qlab::paging {
namespace {

enum Part { forward, backward, update };
constexpr int parts = 3;

Part part_of(step::Phase phase) {
  switch (phase) {
    case step::Phase::setup:
    case step::Phase::forward:
    case step::Phase::loss: return forward;
    case step::Phase::backward: return backward;
    case step::Phase::optimizer: return update;
  }
  return forward;
}

/// Calls visit(part, live bytes) at the step's beginning and behind each of its events.
template <class Visit>
void walk(const SimulatedStep& step, Visit visit) {
  std::int64_t live = step.start_bytes;
  Part part = forward;
  visit(part, live);
  for (std::uint32_t i = step.first_event; i < step.last_event; ++i) {
    const step::Event event = step.tape->events()[i];
    const step::StorageRecord& storage = step.tape->storages()[static_cast<std::size_t>(std::abs(event))];
    if (event > 0) part = part_of(storage.phase);
    live += (event > 0 ? 1 : -1) * step::rounded_allocation(storage.bytes);
    visit(part, live);
  }
}

/// Bytes that the optimizer moves: state and weights in and out, gradients in.
double update_bytes(const SimulatedStep& step, double trained, std::int64_t bytes_of_weight) {
  const auto state =
      static_cast<double>(step.paged_bytes + step.breakdown[static_cast<std::size_t>(step::Category::optimizer_state)]);
  return 2 * state + 3 * trained * static_cast<double>(bytes_of_weight);
}

double trained_parameters(const ModelShape& shape, const StepSettings& settings) {
  if (settings.method == TrainingMethod::full) return static_cast<double>(count_parameters(shape).total());
  QLAB_CHECK(settings.lora.has_value());
  return static_cast<double>(adapter_parameters(shape, settings.lora->rank, settings.lora->targets));
}

}  // namespace

StepProducts step_products(const ModelShape& shape, const StepSettings& settings) {
  const auto tokens = static_cast<double>(settings.batch * settings.seq * settings.accumulation);
  double layers = 0;
  for (const LinearModule& linear : linears_of_layer(shape))
    layers += 2 * tokens * static_cast<double>(linear.weights());
  layers += 4 * tokens * static_cast<double>(settings.seq) * static_cast<double>(shape.num_heads * shape.head_dim);
  layers *= static_cast<double>(shape.num_layers);
  const double head = 2 * tokens * static_cast<double>(shape.embedding_size * shape.vocab_size);
  StepProducts products;
  products.forward = layers + head;
  products.backward = products.forward;
  const double attention = 4 * tokens * static_cast<double>(settings.seq) *
                           static_cast<double>(shape.num_heads * shape.head_dim * shape.num_layers);
  if (settings.method == TrainingMethod::full) {
    products.backward += products.forward;
  } else {
    const double adapters = 2 * tokens * trained_parameters(shape, settings);
    products.forward += adapters;
    products.backward += 2 * adapters + attention;  // both operands of attention's products want a gradient
  }
  if (settings.checkpointing != Checkpointing::none) {
    const std::int64_t again = std::min(settings.checkpointed_layers.value_or(shape.num_layers), shape.num_layers);
    products.recompute = (products.forward - head) * static_cast<double>(again) / static_cast<double>(shape.num_layers);
  }
  return products;
}

StepWork step_work(const ModelShape& shape, const StepSettings& settings, const SimulatedStep& step,
                   const CardSpeed& speed, int slices) {
  QLAB_CHECK(slices > 0 && speed.products_TFLOPs > 0 && speed.memory_GBps > 0);
  const StepProducts products = step_products(shape, settings);
  const bool full = settings.method == TrainingMethod::full;
  const std::int64_t bytes_of_weight = full ? bytes_of(settings.base) : settings.adapters_fp32 ? 4 : 2;
  std::array<double, parts> seconds{
      products.forward / (speed.products_TFLOPs * 1e12),
      (products.backward + products.recompute) / (speed.products_TFLOPs * 1e12),
      update_bytes(step, trained_parameters(shape, settings), bytes_of_weight) / (speed.memory_GBps * 1e9)};

  std::array<std::int64_t, parts> events{}, seen{};
  walk(step, [&](Part part, std::int64_t) { ++events[part]; });

  constexpr int update_slices = 4;
  StepWork work;
  work.compute_seconds = seconds[forward] + seconds[backward];
  work.update_seconds = seconds[update];
  const std::array<int, parts> slices_of{slices, slices, update_slices};
  const std::array<double, parts> begin{0, seconds[forward], work.compute_seconds};
  std::array<std::vector<std::int64_t>, parts> most;
  for (int part = 0; part < parts; ++part) most[part].assign(static_cast<std::size_t>(slices_of[part]), -1);
  std::int64_t left = 0;  // by the backward pass; a paged update itself may allocate nothing
  walk(step, [&](Part part, std::int64_t live) {
    const auto slice = static_cast<std::size_t>(seen[part]++ * slices_of[part] / events[part]);
    most[part][slice] = std::max(most[part][slice], live);
    if (part != update) left = live;
  });
  most[update][0] = std::max(most[update][0], left);
  for (int part = 0; part < parts; ++part) {
    for (int slice = 0; slice < slices_of[part]; ++slice) {
      const std::int64_t bytes = most[part][static_cast<std::size_t>(slice)];
      if (bytes >= 0) work.demand.push_back({begin[part] + seconds[part] * slice / slices_of[part], bytes});
    }
  }
  return work;
}

}  // namespace qlab::paging
