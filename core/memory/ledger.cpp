#include "core/memory/ledger.hpp"

#include <algorithm>

namespace qlab {
namespace {

constexpr std::int64_t fp16_bytes = 2;
constexpr std::int64_t fp32_bytes = 4;

std::int64_t ceil_divide(std::int64_t count, std::int64_t by) { return (count + by - 1) / by; }

void add_linear(const LinearModule& linear, WeightStore store, std::int64_t count, WeightBytes& sum) {
  constexpr std::int64_t block = 64, nested_block = 256, levels = 16;
  const std::int64_t absmax = ceil_divide(linear.weights(), block);
  switch (store) {
    case WeightStore::bits16: sum.codes += count * fp16_bytes * linear.weights(); break;
    case WeightStore::int8:
      sum.codes += count * linear.weights();
      sum.constants += count * fp32_bytes * linear.outputs;
      break;
    case WeightStore::nf4:
    case WeightStore::nf4_double:
      sum.codes += count * ceil_divide(linear.weights(), 2);
      sum.tables += count * fp32_bytes * levels;
      sum.constants +=
          count * (store == WeightStore::nf4 ? fp32_bytes * absmax
                                             : absmax + fp32_bytes * (ceil_divide(absmax, nested_block) + 1));
      break;
  }
  sum.biases += count * fp16_bytes * linear.biases();
}

}  // namespace

WeightBytes weight_bytes(const ModelShape& shape, WeightStore store) {
  const ParameterCounts counts = count_parameters(shape);
  WeightBytes sum;
  sum.norms = fp16_bytes * counts.norm;
  sum.embedding = fp16_bytes * counts.embedding;
  sum.lm_head = fp16_bytes * counts.lm_head;
  if (store == WeightStore::nf4_double) sum.tables = fp32_bytes * 256;
  for (const LinearModule& linear : linears_of_layer(shape)) add_linear(linear, store, shape.num_layers, sum);
  return sum;
}

LayerActivations layer_activations(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length) {
  return {34 * batch * seq_length * shape.hidden_size, 5 * shape.num_heads * batch * seq_length * seq_length};
}

std::int64_t layer_input_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length) {
  return fp16_bytes * batch * seq_length * shape.hidden_size;
}

std::int64_t logits_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t seq_length) {
  return 2 * fp32_bytes * batch * seq_length * shape.vocab_size;
}

StepLedger step_ledger(const ModelShape& shape, const StepSetup& setup) {
  StepLedger ledger;
  if (setup.method == Method::full) {
    ledger.weights = weight_bytes(shape, WeightStore::bits16);
    ledger.trainable_parameters = count_parameters(shape).total();
    ledger.gradients = fp16_bytes * ledger.trainable_parameters;
  } else {
    ledger.weights = weight_bytes(shape, setup.method == Method::lora ? WeightStore::bits16 : WeightStore::nf4_double);
    ledger.trainable_parameters = adapter_parameters(shape, setup.rank, lora_targets(shape, "qkvo"));
    ledger.adapters = fp32_bytes * ledger.trainable_parameters;
    ledger.gradients = fp32_bytes * ledger.trainable_parameters;
  }
  ledger.optimizer_states = 2 * fp32_bytes * ledger.trainable_parameters;
  ledger.activations = shape.num_layers * layer_activations(shape, setup.batch, setup.seq_length).dense;
  ledger.logits = logits_bytes(shape, setup.batch, setup.seq_length);
  return ledger;
}

}  // namespace qlab
