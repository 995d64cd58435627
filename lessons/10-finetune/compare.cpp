// The runs behind the lesson, on core's trainer.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/base/utf8.hpp"
#include "core/memory/model_shape.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/training/base_model.hpp"
#include "lessons/10-finetune/finetune.hpp"

namespace qlab::lessons {
namespace {

using namespace training;

constexpr std::int64_t batch_size = 8;
constexpr std::int64_t unseen_count = 64;
constexpr std::uint64_t unseen_seed = 90001;  // of questions that no run is trained on
constexpr std::int64_t answer_bytes = 8;
constexpr std::int64_t steps_between_reports = 5;

std::vector<std::int32_t> bytes_of(const std::string& text) {
  std::vector<std::int32_t> bytes;
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

/// The model's answer up to the end of the line; bytes that are no text become points.
std::string answer(Engine& engine, Decoder& decoder, const Sample& question, const Sampling& sampling) {
  std::string text;
  for (const std::int32_t byte : generate(engine, decoder, bytes_of(question.prompt), answer_bytes, sampling)) {
    if (byte == '\n' || byte == 0) break;
    text += static_cast<char>(byte);
  }
  while (const auto broken = find_broken_utf8(text)) text.replace(*broken, 1, ".");
  return text;
}

std::vector<std::string> answers(Engine& engine, Decoder& decoder, const Comparison& comparison,
                                 const Sampling& sampling) {
  std::vector<std::string> all;
  for (const Sample& one : comparison.questions) all.push_back(answer(engine, decoder, one, sampling));
  return all;
}

double unseen_loss(Engine& engine, Decoder& decoder) {
  return evaluate(engine, decoder, question_batch(unseen_count, unseen_seed, 0));
}

std::vector<float> unseen_logits(Engine& engine, Decoder& decoder) {
  Pass pass(engine, decoder, question_batch(4, unseen_seed, 0), {});
  pass.forward_logits();
  return {pass.logits().values().begin(), pass.logits().values().end()};
}

/// Every linear layer from its dense weight to 4 bits.
Result<Done> requantize(Engine& engine, Decoder& decoder, const QuantizeSettings& settings) {
  for (Linear* linear : decoder.linears()) {
    if (auto quantized = quantize_weight(engine, *linear, settings); !quantized) return quantized;
  }
  return Done{};
}

/// What PyTorch, peft and bitsandbytes would take for such a step, by the simulator.
std::optional<std::int64_t> simulated_peak(const ModelConfig& config, const FinetuneSettings& settings,
                                           training::Method method) {
  const auto shape = parse_model_shape(config_json(config), "the base model");
  if (!shape) return std::nullopt;
  StepSettings step;
  step.method = method == training::Method::full   ? TrainingMethod::full
                : method == training::Method::lora ? TrainingMethod::lora
                                                   : TrainingMethod::qlora;
  step.batch = batch_size;
  step.seq = longest_sample;
  step.attention = AttentionKernel::eager;
  step.checkpointing = settings.train.checkpointing ? Checkpointing::nonreentrant : Checkpointing::none;
  step.base = Dtype::f32;
  step.autocast = false;
  step.kbit_preparation = false;
  step.double_quantization = settings.train.quantization.constants == ConstantType::dynamic8;
  if (method != training::Method::full) {
    step.lora = qlab::LoraSettings{settings.train.lora.rank, {"all-linear"}, settings.train.lora.dropout};
  }
  const auto figures = simulate_figures(*shape, step);
  if (!figures) return std::nullopt;
  return figures->peak_bytes;
}

double mean(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

/// One comparison on its way.
class Runs {
 public:
  Runs(const FinetuneSettings& settings, const Context& context,
       const std::function<void(const Comparison&, double)>& tell)
      : settings_(settings), context_(context), tell_(tell) {}

  Result<Comparison> all() {
    auto begun = begin();
    for (std::int64_t seed = 0; begun && seed < settings_.seeds && !stopped(); ++seed) {
      for (MethodResult& result : comparison_.methods) {
        if (stopped()) break;
        if (auto done = tune(result, seed); !done) return done.error();
      }
    }
    if (!begun && begun.error().code != Errc::cancelled) return begun.error();
    return std::move(comparison_);
  }

 private:
  bool stopped() const { return context_.stop.stop_requested(); }

  Result<Done> begin() {
    comparison_.steps = settings_.steps;
    comparison_.seeds = settings_.seeds;
    auto base = base_model(engine_, context_.stop, [&](double done) { tell_(comparison_, base_share * done); });
    if (!base) return base.error();
    for (std::uint64_t i = 0; i < 4; ++i) comparison_.questions.push_back(question(unseen_seed, 1000 + i));
    comparison_.loss_before = unseen_loss(engine_, *base);
    comparison_.answers_before = answers(engine_, *base, comparison_, settings_.sampling);
    for (const training::Method method : settings_.methods) {
      MethodResult result;
      result.method = method;
      result.pytorch_peak = simulated_peak(base->config, settings_, method);
      comparison_.methods.push_back(std::move(result));
    }
    if (comparison_.find(training::Method::qlora) != nullptr) {
      comparison_.four_bits = {
          {"quantize_then_tune",
           {"quantize, then tune (QLoRA), adapter kept in fp32", "先量化再微调（QLoRA），适配器保持 fp32"},
           {}},
          {"requantized", {"QLoRA merged and quantized again", "QLoRA 合并后再次量化"}, {}}};
    }
    if (comparison_.find(training::Method::lora) != nullptr) {
      comparison_.four_bits.push_back(
          {"tune_then_quantize", {"tune (LoRA), merge, then quantize", "先微调（LoRA）、合并，再量化"}, {}});
    }
    return Done{};
  }

  TrainSettings settings_for(training::Method method, std::int64_t seed) const {
    TrainSettings own = settings_.train;
    own.method = method;
    own.learning_rate = method == training::Method::full ? settings_.full_rate : settings_.adapter_rate;
    own.steps = settings_.steps;
    own.seed = own.lora.seed = settings_.seed + static_cast<std::uint64_t>(seed);
    return own;
  }

  Result<Done> tune(MethodResult& result, std::int64_t seed) {
    auto model = base_model(engine_, context_.stop, {});
    if (!model) return model.error();
    TrainSettings own = settings_for(result.method, seed);
    if (auto prepared = prepare(engine_, *model, own, {}); !prepared) return prepared;
    if (result.method == training::Method::qlora) note_weights(*model);
    Trainer trainer(engine_, *model, own);
    result.trainable = 0;
    for (const Parameter* one : model->trainable()) result.trainable += one->size();
    result.curves.emplace_back();
    engine_.memory().restart_peak();
    for (std::int64_t step = 0; step < settings_.steps; ++step) {
      if (stopped()) return Done{};
      const std::vector<Batch> batches = {question_batch(batch_size, own.seed, step)};
      const auto start = std::chrono::steady_clock::now();
      const auto taken = trainer.step(batches);
      if (!taken) return taken.error();
      result.step_ms.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      result.curves.back().push_back(taken->loss);
      ++steps_done_;
      if (step % steps_between_reports == 0) tell_(comparison_, progress());
    }
    if (seed == 0) result.peak = engine_.memory().peak_shares();
    return finish(result, *model, seed);
  }

  double progress() const {
    const auto all =
        static_cast<double>(settings_.steps * settings_.seeds) * static_cast<double>(settings_.methods.size());
    return base_share + (1 - base_share) * static_cast<double>(steps_done_) / all;
  }

  void note_weights(const Decoder& model) {
    double dense = 0, packed = 0;
    for (const DecoderLayer& layer : model.layers) {
      for (const Linear* linear : layer.linears()) {
        dense += 4.0 * static_cast<double>(linear->weight.size());
        packed += static_cast<double>(linear->quantized->bytes());
      }
    }
    comparison_.weights_mb_dense = dense / 1e6;
    comparison_.weights_mb_packed = packed / 1e6;
  }

  /// Judges the tuned model, then merges and quantizes it.
  Result<Done> finish(MethodResult& result, Decoder& model, std::int64_t seed) {
    result.final_losses.push_back(unseen_loss(engine_, model));
    if (seed == 0) result.answers = answers(engine_, model, comparison_, settings_.sampling);
    if (result.method == training::Method::full) return Done{};
    const bool qlora = result.method == training::Method::qlora;
    if (qlora) end("quantize_then_tune").losses.push_back(result.final_losses.back());
    const auto before = unseen_logits(engine_, model);
    merge_adapters(engine_, model);
    if (qlora) {
      const auto after = unseen_logits(engine_, model);
      for (std::size_t i = 0; i < before.size(); ++i) {
        comparison_.merged_difference = std::max(comparison_.merged_difference, std::abs(double{before[i]} - after[i]));
      }
    }
    if (auto quantized = requantize(engine_, model, settings_.train.quantization); !quantized) return quantized;
    end(qlora ? "requantized" : "tune_then_quantize").losses.push_back(unseen_loss(engine_, model));
    return Done{};
  }

  FourBitEnd& end(const char* id) { return *std::ranges::find(comparison_.four_bits, id, &FourBitEnd::id); }

  static constexpr double base_share = 0.2;  // of the progress bar

  const FinetuneSettings& settings_;
  const Context& context_;
  const std::function<void(const Comparison&, double)>& tell_;
  Engine engine_{0};
  Comparison comparison_;
  std::int64_t steps_done_ = 0;
};

}  // namespace

double MethodResult::mean_loss() const { return mean(final_losses); }

double MethodResult::spread() const {
  if (final_losses.size() < 2) return 0;
  double sum = 0;
  for (const double one : final_losses) sum += (one - mean_loss()) * (one - mean_loss());
  return std::sqrt(sum / static_cast<double>(final_losses.size() - 1));
}

double MethodResult::median_ms() const {
  std::vector<double> sorted = step_ms;
  std::ranges::sort(sorted);
  return sorted[sorted.size() / 2];
}

const MethodResult* Comparison::find(training::Method method) const {
  const auto found = std::ranges::find(methods, method, &MethodResult::method);
  return found == methods.end() ? nullptr : &*found;
}

Result<Comparison> compare_methods(const FinetuneSettings& settings, const Context& context,
                                   const std::function<void(const Comparison& so_far, double done)>& tell) {
  return Runs(settings, context, tell).all();
}

}  // namespace qlab::lessons
