#include "core/memory/sharding.hpp"

#include "core/base/check.hpp"
#include "core/memory/optimizer_memory.hpp"

namespace qlab {
namespace {

std::int64_t bytes_of_layer(const ModelShape& shape, const StepSettings& settings) {
  ModelShape one = shape, none = shape;
  one.num_layers = 1;
  none.num_layers = 0;
  const auto held = [&](const ModelShape& model) {
    const StateLedger ledger = state_ledger(model, settings);
    return ledger.base.total() + ledger.adapter;
  };
  return held(one) - held(none);
}

}  // namespace

ShardedState sharded_state(const ModelShape& shape, const StepSettings& settings, Sharding sharding, std::int64_t cards,
                           bool offload, bool master_weights) {
  QLAB_CHECK(cards >= 1);
  const StateLedger whole = state_ledger(shape, settings);
  const auto share = [&](std::int64_t bytes, Sharding from) {
    return sharding >= from ? (bytes + cards - 1) / cards : bytes;
  };
  ShardedState state;
  state.weights = share(whole.base.total() + whole.adapter, Sharding::zero3);
  state.gradients = share(whole.gradients, Sharding::zero2);
  const std::int64_t master = master_weights ? master_weight_bytes(trained_tensors(shape, settings)) : 0;
  state.optimizer_state = share(whole.optimizer_state + whole.paged_state + master, Sharding::zero1);
  if (cards > 1 && sharding >= Sharding::zero3) {
    state.gathered = (sharding == Sharding::fsdp ? 2 : 1) * bytes_of_layer(shape, settings);
  }
  if (offload) {
    state.host = cards * (state.gradients + state.optimizer_state);
    state.gradients = state.optimizer_state = 0;
  }
  return state;
}

}  // namespace qlab
