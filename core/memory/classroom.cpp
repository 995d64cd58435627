#include "core/memory/classroom.hpp"

#include "core/base/units.hpp"

namespace qlab::classroom {

std::int64_t parameter_count(const Stats& stats) {
  return 12 * stats.hidden_size * stats.hidden_size * stats.num_layers;
}

PagedMemory paged_memory(const Stats& stats) {
  const std::int64_t parameters = parameter_count(stats);
  PagedMemory memory;
  memory.fp16_bytes = parameters * 2;
  memory.int8_bytes = parameters;
  memory.int4_bytes = parameters / 2;
  memory.optimizer_bytes = memory.int4_bytes * 2;
  memory.qlora_bytes = memory.int4_bytes + memory.optimizer_bytes;
  memory.fp16_gb = static_cast<double>(memory.fp16_bytes) / bytes_per_GiB;
  memory.qlora_gb = static_cast<double>(memory.qlora_bytes) / bytes_per_GiB;
  return memory;
}

Checkpointing checkpointing(const Stats& stats, double saved_share, std::int64_t batch_size) {
  Checkpointing result;
  result.activations = stats.hidden_size * stats.seq_length * stats.num_layers * 2 * batch_size;
  const double saved = static_cast<double>(result.activations) * saved_share;
  result.activations_gb = static_cast<double>(result.activations) / bytes_per_GiB;
  result.saved_gb = saved / bytes_per_GiB;
  result.kept_gb = result.activations_gb - result.saved_gb;
  return result;
}

PracticeTask practice_task(double parameters) {
  PracticeTask task;
  task.weights_gb = parameters * 2 / bytes_per_GB;
  task.optimizer_gb = task.weights_gb * 2;
  task.gradients_gb = task.weights_gb;
  task.weights_4bit_gb = parameters * 0.5 / bytes_per_GB;
  return task;
}

}  // namespace qlab::classroom
