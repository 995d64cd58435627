// `qloralab train`: trains a small transformer by full fine-tuning, LoRA or QLoRA, and saves what came of it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/cli/interrupt.hpp"
#include "app/cli/terminal.hpp"
#include "app/cli/train_options.hpp"
#include "app/views/columns.hpp"
#include "core/training/base_model.hpp"
#include "core/training/batches.hpp"
#include "core/training/hub_folder.hpp"
#include "core/training/text_task.hpp"
#include "core/training/trainer.hpp"

namespace qlab::cli {
namespace {

using namespace training;

constexpr const char* state_file = "training_state.safetensors";

/// Where the batches of a run come from: a file of them, the program's own texts, or a text.
struct Source {
  std::optional<BatchTensor> tensor;
  std::optional<Corpus> corpus;
  bool sentences = false, questions = false;
  std::int64_t count = 0, length = 0, accumulate = 1;
  std::uint64_t seed = 1;

  std::vector<Batch> step(std::int64_t step) const {
    std::vector<Batch> batches;
    for (std::int64_t i = 0; i < accumulate; ++i) {
      const std::int64_t place = step * accumulate + i;
      batches.push_back(batch(place));
    }
    return batches;
  }

 private:
  Batch batch(std::int64_t place) const {
    if (tensor) return tensor->batch(place);
    if (sentences) return sentence_batch(count, length, seed, place);
    return questions ? question_batch(count, seed, place) : corpus->batch(count, length, seed, place);
  }
};

struct Outcome {
  std::vector<StepResult> history;
  std::int64_t steps_wanted = 0;
  std::int64_t parameters = 0, trainable = 0;
  std::int64_t peak_bytes = 0;
  double seconds_per_step = 0;  ///< median of this call's steps
  std::string device;

  bool complete() const { return static_cast<std::int64_t>(history.size()) == steps_wanted; }
};

Result<Source> make_source(const TrainOptions& options, const ModelConfig& config, TrainSettings& settings) {
  Source source;
  source.accumulate = options.accumulate;
  source.seed = settings.seed;
  if (!options.batches.empty()) {
    auto tensor = load_batches(options.batches, config);
    if (!tensor) return tensor.error();
    const std::int64_t there = tensor->steps / options.accumulate;
    if (options.steps > there) {
      return Error{Errc::bad_argument, fmt::format("--steps is {}, but there are batches for {}", options.steps, there),
                   options.batches, "use fewer steps or more batches"};
    }
    settings.steps = options.steps > 0 ? options.steps : there;
    source.tensor = *std::move(tensor);
    return source;
  }
  source.sentences = options.corpus == "sentences";
  source.questions = options.corpus == "questions";
  if (!source.sentences && !source.questions) {
    auto corpus = load_corpus(options.corpus);
    if (!corpus) return corpus.error();
    if (auto checked = check_corpus(*corpus, options.sequence); !checked) return checked.error();
    source.corpus = *std::move(corpus);
  }
  if (auto checked = check_byte_tokens(config, options.corpus); !checked) return checked.error();
  source.count = options.batch;
  source.length = options.sequence;
  settings.steps = options.steps > 0 ? options.steps : default_steps;
  return source;
}

/// The folder of a model, or the program's own.
Result<Decoder> load_model(Engine& engine, const std::string& folder, const std::stop_token& stop) {
  if (!folder.empty()) return load_decoder(engine, folder);
  ProgressBar bar;
  return base_model(engine, stop, bar.sink());
}

/// Steps until the end, an interruption or an error; returns the median of their times.
Result<double> take_steps(Trainer& trainer, const Source& source, std::int64_t steps, const std::stop_token& stop) {
  ProgressBar bar;
  const auto progress = bar.sink();
  std::vector<double> seconds;
  while (trainer.steps_done() < steps && !stop.stop_requested()) {
    const auto batches = source.step(trainer.steps_done());
    const auto start = std::chrono::steady_clock::now();
    if (const auto result = trainer.step(batches); !result) return result.error();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (progress) progress(static_cast<double>(trainer.steps_done()) / static_cast<double>(steps));
  }
  if (seconds.empty()) return 0.0;
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

Result<Done> save(Engine& engine, Decoder& decoder, const Trainer& trainer, const TrainOptions& options,
                  const TrainSettings& settings) {
  const bool adapters = settings.method != Method::full && !options.merge;
  auto saved = adapters ? save_adapters(decoder, settings.lora, options.model, options.out)
                        : save_decoder(engine, decoder, options.out);
  if (!saved) return saved;
  return trainer.save(std::filesystem::path(options.out) / state_file, options.fingerprint(settings));
}

Result<Outcome> run(const TrainOptions& options, const Common& common) {
  auto settings = read_train_settings(options, common);
  if (!settings) return settings.error();
  const InterruptWatch interrupt;  // before the engine's threads, which leave the signals to it
  Engine engine(common.threads);
  auto decoder = load_model(engine, options.model, interrupt.token());
  if (!decoder) return decoder.error();
  Outcome outcome;
  outcome.parameters = decoder->parameter_count();
  const auto source = make_source(options, decoder->config, *settings);
  if (!source) return source.error();
  if (auto prepared = prepare(engine, *decoder, *settings, options.adapter); !prepared) return prepared.error();
  Trainer trainer(engine, *decoder, *settings);
  for (const Parameter* one : decoder->trainable()) outcome.trainable += one->size();
  if (options.resume) {
    const auto state = std::filesystem::path(options.out) / state_file;
    if (auto restored = trainer.restore(state, options.fingerprint(*settings)); !restored) return restored.error();
  }
  engine.memory().restart_peak();
  const auto seconds = take_steps(trainer, *source, settings->steps, interrupt.token());
  if (!seconds) return seconds.error();
  outcome.history.assign(trainer.history().begin(), trainer.history().end());
  outcome.steps_wanted = settings->steps;
  outcome.peak_bytes = engine.memory().peak();
  outcome.seconds_per_step = *seconds;
  outcome.device = fmt::format("cpu, {}, threads {}", engine.set().name, engine.team().threads());
  if (!options.out.empty()) {
    if (auto saved = save(engine, *decoder, trainer, options, *settings); !saved) return saved.error();
  }
  return outcome;
}

std::string as_json(const Outcome& outcome) {
  nlohmann::ordered_json document = {{"format_version", 1},
                                     {"device", outcome.device},
                                     {"complete", outcome.complete()},
                                     {"parameters", outcome.parameters},
                                     {"trainable", outcome.trainable},
                                     {"losses", nlohmann::json::array()},
                                     {"grad_norms", nlohmann::json::array()},
                                     {"peak_bytes", outcome.peak_bytes},
                                     {"seconds_per_step", outcome.seconds_per_step}};
  for (const StepResult& one : outcome.history) {
    document["losses"].push_back(one.loss);
    document["grad_norms"].push_back(one.gradient_norm);
  }
  return document.dump(2) + "\n";
}

std::string as_csv(const Outcome& outcome) {
  std::string text = "step,loss,grad_norm\n";
  for (std::size_t i = 0; i < outcome.history.size(); ++i) {
    text += fmt::format("{},{},{}\n", i + 1, outcome.history[i].loss, outcome.history[i].gradient_norm);
  }
  return text;
}

std::string as_text(const Outcome& outcome, const views::TextStyle& style) {
  const Text head = {"{0} parameters, {1} trained; {2:.1f} ms a step, peak {3:.2f} MB ({4})",
                     "{0} 个参数，训练其中 {1} 个；每步 {2:.1f} ms，峰值 {3:.2f} MB（{4}）"};
  std::string text =
      fmt::format(fmt::runtime(head.in(style.language)), outcome.parameters, outcome.trainable,
                  outcome.seconds_per_step * 1e3, static_cast<double>(outcome.peak_bytes) / 1e6, outcome.device) +
      "\n\n";
  views::Columns columns{{{"step", "loss", "perplexity", "grad_norm"}}, {true, true, true, true}};
  const std::size_t count = outcome.history.size();
  const std::size_t every = std::max<std::size_t>(1, count / 20);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % every != 0 && i + 1 != count) continue;
    const StepResult& one = outcome.history[i];
    columns.rows.push_back({std::to_string(i + 1), fmt::format("{:.4f}", one.loss),
                            fmt::format("{:.3f}", std::exp(one.loss)), fmt::format("{:.4f}", one.gradient_norm)});
  }
  for (const std::string& line : views::aligned(columns, style.width)) text += line + "\n";
  return text;
}

Result<int> train(const TrainOptions& options, const Common& common) {
  if (common.format == Format::log) return no_such_format(common.format, "train", "text, json or csv");
  const auto outcome = run(options, common);
  if (!outcome) return outcome.error();
  const auto printed = print(common.format == Format::json  ? as_json(*outcome)
                             : common.format == Format::csv ? as_csv(*outcome)
                                                            : as_text(*outcome, text_style(common.language)));
  if (!printed) return printed.error();
  return outcome->complete() ? 0 : 1;
}

}  // namespace

Handler declare_train(CLI::App& cli) {
  const auto options = std::make_shared<TrainOptions>();
  declare_train_options(cli, *options);
  return [options](const Common& common) { return train(*options, common); };
}

}  // namespace qlab::cli
