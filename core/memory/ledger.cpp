#include "core/memory/ledger.hpp"

#include "core/memory/bitsandbytes.hpp"
#include "core/memory/optimizer_memory.hpp"

namespace qlab {
namespace {

namespace bnb = bitsandbytes;

constexpr std::int64_t fp32_bytes = 4;

/// Calls visit(module, times) for every module of the model, those of a layer once for all layers.
template <class Visit>
void for_each_module(const ModelShape& shape, const Visit& visit) {
  for (const Module& module : modules_before_layers(shape)) visit(module, std::int64_t{1});
  for (const Module& module : modules_of_layer(shape)) visit(module, shape.num_layers);
  for (const Module& module : modules_after_layers(shape)) visit(module, std::int64_t{1});
}

void add_linear(const Module& linear, WeightStore store, Dtype rest, std::int64_t times, WeightBytes& sum) {
  const std::int64_t absmax = bnb::blocks(linear.weights(), bnb::weight_block);
  switch (store) {
    case WeightStore::plain: sum.codes += times * bytes_of(rest) * linear.weights(); break;
    case WeightStore::int8:
      sum.codes += times * linear.weights();
      sum.constants += times * fp32_bytes * linear.outputs;
      break;
    case WeightStore::bits4:
    case WeightStore::bits4_double: {
      sum.codes += times * bnb::blocks(linear.weights(), 2);
      sum.tables += times * fp32_bytes * bnb::levels_4bit;
      const std::int64_t nested = bnb::blocks(absmax, bnb::constant_block);
      sum.constants += times * (store == WeightStore::bits4 ? fp32_bytes * absmax : absmax + fp32_bytes * (nested + 1));
      break;
    }
  }
}

}  // namespace

WeightBytes weight_bytes(const ModelShape& shape, WeightStore store, Dtype rest) {
  WeightBytes sum;
  if (store == WeightStore::bits4_double) sum.tables = fp32_bytes * bnb::levels_8bit;
  for_each_module(shape, [&](const Module& module, std::int64_t times) {
    const std::int64_t weights = module.tied ? 0 : times * bytes_of(rest) * module.weights();
    sum.biases += module.is_linear() ? times * bytes_of(rest) * module.biases() : 0;
    if (module.part == LayerPart::lm_head) {
      sum.lm_head += weights;
    } else if (module.is_linear()) {
      add_linear(module, store, rest, times, sum);
    } else if (module.kind == ModuleKind::norm) {
      sum.norms += weights + times * bytes_of(rest) * module.biases();
    } else {
      sum.embedding += weights;
    }
  });
  return sum;
}

WeightStore weight_store(const StepSettings& settings) {
  if (settings.method != TrainingMethod::qlora) return WeightStore::plain;
  return settings.double_quantization ? WeightStore::bits4_double : WeightStore::bits4;
}

Dtype unquantized_dtype(const StepSettings& settings) {
  return settings.method == TrainingMethod::qlora && settings.kbit_preparation ? Dtype::f32 : settings.base;
}

Dtype adapter_dtype(const StepSettings& settings) { return settings.adapters_fp32 ? Dtype::f32 : settings.half; }

std::vector<TrainedTensor> trained_tensors(const ModelShape& shape, const StepSettings& settings) {
  std::vector<TrainedTensor> tensors;
  for_each_module(shape, [&](const Module& module, std::int64_t times) {
    if (settings.method == TrainingMethod::full) {
      const Dtype dtype = unquantized_dtype(settings);
      if (!module.tied && module.kind == ModuleKind::norm) tensors.push_back({module.outputs, 0, dtype, times});
      if (!module.tied && module.kind != ModuleKind::norm) {
        tensors.push_back({module.inputs, module.outputs, dtype, times});
      }
      if (module.bias) tensors.push_back({module.outputs, 0, dtype, times});
    } else if (settings.lora && is_target(module, settings.lora->targets)) {
      tensors.push_back({settings.lora->rank, module.inputs, adapter_dtype(settings), times});
      tensors.push_back({module.outputs, settings.lora->rank, adapter_dtype(settings), times});
    }
  });
  return tensors;
}

std::int64_t count_values(const std::vector<TrainedTensor>& tensors) {
  std::int64_t sum = 0;
  for (const TrainedTensor& tensor : tensors) sum += tensor.times * tensor.values();
  return sum;
}

StateLedger state_ledger(const ModelShape& shape, const StepSettings& settings) {
  StateLedger ledger;
  ledger.base = weight_bytes(shape, weight_store(settings), unquantized_dtype(settings));
  const bool quantized = settings.method == TrainingMethod::qlora;
  ledger.weights = ledger.base.rest() + (quantized ? 0 : ledger.base.linear());
  ledger.quantized_weights = quantized ? ledger.base.codes : 0;
  ledger.quant_constants = quantized ? ledger.base.constants + ledger.base.tables : 0;
  const std::vector<TrainedTensor> trained = trained_tensors(shape, settings);
  ledger.trained_values = count_values(trained);
  for (const TrainedTensor& tensor : trained) {
    ledger.gradients += tensor.times * tensor.values() * bytes_of(tensor.dtype);
  }
  if (settings.method != TrainingMethod::full) ledger.adapter = ledger.gradients;
  const OptimizerBytes state = optimizer_bytes(rule_of(settings.optimizer), trained);
  ledger.optimizer_state = state.on_card;
  ledger.paged_state = state.paged;
  return ledger;
}

}  // namespace qlab
