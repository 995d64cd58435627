// A training run: the method applied to a model, steps of one or several batches, a schedule, and a state from which
// the run goes on bit for bit. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/adapter.hpp"
#include "core/training/optimizer.hpp"
#include "core/training/pass.hpp"

namespace qlab::training {

enum class Method { full, lora, qlora };

/// "full", "lora", "qlora"; the error lists them.
Result<Method> parse_method(std::string_view name);
std::string_view name_of(Method method);

enum class Schedule {
  constant,
  cosine,  ///< half a cosine from the warm-up's end down to 0 at the last step
};

struct TrainSettings {
  Method method = Method::full;
  LoraSettings lora;              ///< lora and qlora
  QuantizeSettings quantization;  ///< qlora
  OptimizerSettings optimizer;
  double learning_rate = 1e-3;
  double clip = 0;          ///< largest norm of the gradient; 0: not clipped
  std::int64_t steps = 0;   ///< of the whole run; the cosine ends there
  std::int64_t warmup = 0;  ///< steps whose rate rises from 0, as transformers counts them
  Schedule schedule = Schedule::constant;
  bool checkpointing = false;
  std::uint64_t seed = 1;  ///< of dropout
};

/// The format of a name and how its constants are kept, for `quantization`. Errors: as find_format().
Result<QuantizeSettings> quantization_of(std::string_view type, int block_size, bool double_quantization);

/// What the method does to a model before the first step: quantizes the linear layers of all decoder layers (qlora)
/// and attaches new adapters, or those of a PEFT folder, whose rank, alpha, dropout and targets `settings` then takes.
Result<Done> prepare(Engine& engine, Decoder& decoder, TrainSettings& settings, const std::filesystem::path& adapter);

/// Learning rate of step `step`, the first being 0.
double learning_rate_at(const TrainSettings& settings, std::int64_t step);

struct StepResult {
  double loss = 0;           ///< before the update, mean over all targets of the step
  double gradient_norm = 0;  ///< before clipping
};

class Trainer {
 public:
  /// The model is prepared; both outlive the trainer.
  Trainer(Engine& engine, Decoder& decoder, const TrainSettings& settings);

  /// One update from the gradients of all batches together, as if they were one. Error: bad_argument that names the
  /// step if the run diverges (loss or gradient not finite, or a loss far above chance); the model is then as it was
  /// before the step.
  Result<StepResult> step(std::span<const Batch> batches);

  std::int64_t steps_done() const { return optimizer_->steps(); }
  std::span<const StepResult> history() const { return history_; }

  /// Writes everything the rest of the run depends on into one file, whole or not at all. `run` names, a line
  /// each, the options that must be the same when the run goes on.
  Result<Done> save(const std::filesystem::path& file, const std::string& run) const;
  /// The opposite. Errors: as any file; bad_argument with the first line of `run` that differs, bad_file for tensors
  /// that do not fit.
  Result<Done> restore(const std::filesystem::path& file, const std::string& run);

 private:
  Error diverged(const char* what, double value) const;

  Engine& engine_;
  Decoder& decoder_;
  TrainSettings settings_;
  std::vector<Parameter*> parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<StepResult> history_;
};

/// Mean loss in nats of a batch's targets, nothing kept.
double evaluate(Engine& engine, Decoder& decoder, const Batch& batch);

}  // namespace qlab::training
