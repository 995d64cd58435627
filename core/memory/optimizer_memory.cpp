#include "core/memory/optimizer_memory.hpp"

#include "core/memory/bitsandbytes.hpp"

namespace qlab {
namespace {

namespace bnb = bitsandbytes;

constexpr std::int64_t fp32_bytes = 4;

/// `moments` of one tensor as bitsandbytes keeps them.
OptimizerBytes moments_of_bitsandbytes(const TrainedTensor& tensor, int moments, bool eight_bits, bool paged) {
  const std::int64_t values = tensor.values();
  const bool small = eight_bits && values < bnb::fewest_8bit_values;
  const std::int64_t bytes = moments * values * (eight_bits && !small ? 1 : fp32_bytes);
  OptimizerBytes sum;
  (paged && values >= bnb::fewest_paged_values ? sum.paged : sum.on_card) += bytes;
  if (eight_bits && !small) sum.on_card += moments * fp32_bytes * bnb::blocks(values, bnb::state_block);
  return sum;
}

OptimizerBytes state_of(OptimizerRule rule, const TrainedTensor& tensor) {
  const std::int64_t as_parameter = tensor.values() * bytes_of(tensor.dtype);
  switch (rule) {
    case OptimizerRule::adamw: return {2 * as_parameter, 0};
    case OptimizerRule::adamw_fused: return {2 * as_parameter + fp32_bytes, 0};
    case OptimizerRule::adamw_8bit: return moments_of_bitsandbytes(tensor, 2, true, false);
    case OptimizerRule::paged_adamw: return moments_of_bitsandbytes(tensor, 2, false, true);
    case OptimizerRule::paged_adamw_8bit: return moments_of_bitsandbytes(tensor, 2, true, true);
    case OptimizerRule::sgd: return {};
    case OptimizerRule::sgd_momentum:
    case OptimizerRule::lion: return {as_parameter, 0};
    case OptimizerRule::lion_8bit: return moments_of_bitsandbytes(tensor, 1, true, false);
    case OptimizerRule::adafactor: break;
  }
  return {fp32_bytes * (tensor.rows + tensor.columns), 0};
}

/// 8-bit moments share a map of their levels, one for each moment.
int maps_of(OptimizerRule rule) {
  switch (rule) {
    case OptimizerRule::adamw_8bit:
    case OptimizerRule::paged_adamw_8bit: return 2;
    case OptimizerRule::lion_8bit: return 1;
    default: return 0;
  }
}

}  // namespace

OptimizerRule rule_of(Optimizer optimizer) {
  switch (optimizer) {
    case Optimizer::adamw_foreach: return OptimizerRule::adamw;
    case Optimizer::adamw_fused: return OptimizerRule::adamw_fused;
    case Optimizer::adamw_8bit: return OptimizerRule::adamw_8bit;
    case Optimizer::paged_adamw_8bit: return OptimizerRule::paged_adamw_8bit;
    case Optimizer::paged_adamw_32bit: return OptimizerRule::paged_adamw;
    case Optimizer::sgd: break;
  }
  return OptimizerRule::sgd;
}

bool is_formula(OptimizerRule rule) {
  return rule == OptimizerRule::sgd_momentum || rule == OptimizerRule::lion || rule == OptimizerRule::lion_8bit ||
         rule == OptimizerRule::adafactor;
}

OptimizerBytes optimizer_bytes(OptimizerRule rule, std::span<const TrainedTensor> trained) {
  OptimizerBytes sum;
  bool any_8bit = false;
  for (const TrainedTensor& tensor : trained) {
    const OptimizerBytes one = state_of(rule, tensor);
    sum.on_card += tensor.times * one.on_card;
    sum.paged += tensor.times * one.paged;
    any_8bit = any_8bit || tensor.values() >= bnb::fewest_8bit_values;
  }
  if (any_8bit) sum.on_card += maps_of(rule) * fp32_bytes * bnb::levels_8bit;
  return sum;
}

std::int64_t master_weight_bytes(std::span<const TrainedTensor> trained) {
  std::int64_t sum = 0;
  for (const TrainedTensor& tensor : trained) {
    if (bytes_of(tensor.dtype) < fp32_bytes) sum += tensor.times * tensor.values() * fp32_bytes;
  }
  return sum;
}

}  // namespace qlab
