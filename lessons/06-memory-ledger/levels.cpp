#include <utility>

#include "core/base/check.hpp"
#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {

Text label_of(Level level) {
  switch (level) {
    case Level::classroom: return {"classroom", "课堂公式"};
    case Level::ledger: return {"ledger", "账本"};
    case Level::simulated: break;
  }
  return {"simulated step", "模拟一步"};
}

StepSettings Sliders::settings(TrainingMethod trained) const {
  StepSettings settings = recipe(trained, shape(), {.batch = batch_size, .seq = seq_length});
  if (!checkpointed) settings.checkpointing = Checkpointing::none;
  return settings;
}

std::int64_t Sliders::full_state_with_fp32_moments() const {
  StepSettings fp32_moments = settings(TrainingMethod::full);
  fp32_moments.optimizer = Optimizer::paged_adamw_32bit;
  const StateLedger ledger = state_ledger(shape(), fp32_moments);
  return ledger.total() + ledger.paged_state;
}

double Sliders::classroom_gib() const {
  const classroom::PagedMemory memory = classroom::paged_memory(stats());
  const classroom::Checkpointing activations = classroom::checkpointing(stats(), checkpointed ? 0.5 : 0);
  return (method == TrainingMethod::qlora ? memory.qlora_gb : memory.fp16_gb) + activations.kept_gb;
}

StepLedger ledger_of(const Sliders& sliders, TrainingMethod method) {
  auto ledger = step_ledger(sliders.shape(), sliders.settings(method));
  QLAB_CHECK(ledger);
  return *std::move(ledger);
}

StepFigures step_of(const Sliders& sliders, TrainingMethod method) {
  auto step = simulate_figures(sliders.shape(), sliders.settings(method));
  QLAB_CHECK(step);
  return *step;
}

}  // namespace qlab::lessons::memory_ledger
