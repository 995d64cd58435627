#include "app/cli/train_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

namespace qlab::cli {
namespace {

using namespace training;

Error usage(std::string what, const char* hint) {
  return {Errc::bad_argument, std::move(what), "qloralab train", hint};
}

Result<Done> check_numbers(const TrainOptions& options) {
  struct Whole {
    const char* name;
    std::int64_t value, least;
  };
  for (const auto& [name, value, least] :
       {Whole{"--steps", options.steps, 0}, Whole{"--batch", options.batch, 1},
        Whole{"--sequence", options.sequence, 2}, Whole{"--accumulate", options.accumulate, 1},
        Whole{"--warmup", options.warmup, 0}}) {
    if (value < least || value > 1'000'000'000) {
      return usage(fmt::format("{} is {}", name, value), least == 0 ? "use a whole number" : "use a larger number");
    }
  }
  struct Real {
    const char* name;
    double value;
  };
  for (const auto& [name, value] : {Real{"--lr", options.learning_rate}, Real{"--weight-decay", options.weight_decay},
                                    Real{"--clip", options.clip}}) {
    if (!(value >= 0) || !std::isfinite(value)) return usage(fmt::format("{} is {}", name, value), "use 0 or more");
  }
  return Done{};
}

Result<Done> check_files(const TrainOptions& options) {
  if (options.batches.empty() == options.corpus.empty()) {
    return usage(options.batches.empty() ? "no data to train on" : "--batches and --corpus exclude each other",
                 "use --corpus FILE, sentences or questions, or --batches FILE.safetensors");
  }
  if (options.resume && options.out.empty()) return usage("--resume without --out", "name the folder of the run");
  if (options.method == "full" && !options.adapter.empty()) {
    return usage("--adapter with --method full", "use --method lora or qlora");
  }
  return Done{};
}

Result<std::uint64_t> read_seed(const std::string& typed) {
  if (typed.empty()) return std::uint64_t{1};
  std::uint64_t seed = 0;
  const auto [end, code] = std::from_chars(typed.data(), typed.data() + typed.size(), seed);
  if (code == std::errc() && end == typed.data() + typed.size()) return seed;
  return usage(fmt::format("--seed is '{}'", typed), "use a whole number");
}

}  // namespace

void declare_train_options(CLI::App& cli, TrainOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* takes, const char* help) {
    return cli.add_option(name, value, help)->type_name(takes);
  };
  add("--model", options.model, "DIR",
      "a model's folder: config.json and model.safetensors (the small base model that the "
      "program trains once and keeps)");
  add("--batches", options.batches, "FILE", "train on exactly its tensor 'batches' (I32, [steps, batch, sequence])");
  add("--corpus", options.corpus, "FILE",
      "train on random windows of a text, byte by byte; or the program's own: sentences, questions");
  add("--method", options.method, "full|lora|qlora", "what is trained (qlora)");
  add("--adapter", options.adapter, "DIR", "start from a PEFT adapter; rank, alpha, dropout and targets are its own");
  add("--type", options.type, "TYPE", "qlora: nf4, fp4, int4, int8 ... (nf4)");
  add("--block", options.block_size, "N", "qlora: values a block, 16 to 4096 (64)");
  cli.add_flag("--double-quant", options.double_quantization, "qlora: quantize the blocks' constants too");
  add("--rank", options.rank, "R", "of new adapters (8)");
  add("--alpha", options.alpha, "X", "of new adapters; they count alpha / rank (16)");
  add("--dropout", options.dropout, "X", "share of an adapter's inputs that is dropped (0)");
  add("--targets", options.targets, "NAME,...", "layers to adapt: q_proj,v_proj ... (all seven)")
      ->delimiter(',')
      ->allow_extra_args(false);
  add("--optimizer", options.optimizer, "NAME", "adamw, adamw8bit, sgd or sgd_momentum (adamw)");
  add("--lr", options.learning_rate, "X", "learning rate (0.001)");
  add("--weight-decay", options.weight_decay, "X", "weight decay (0.01)");
  add("--clip", options.clip, "X", "largest norm of the gradient; 0: any (0)");
  add("--warmup", options.warmup, "N", "steps in which the learning rate rises from 0 (0)");
  add("--schedule", options.schedule, "constant|cosine", "the learning rate afterwards (constant)");
  add("--steps", options.steps, "N", "updates (all batches; 100 on a corpus)");
  add("--batch", options.batch, "N", "corpus: sequences a batch (8)");
  add("--sequence", options.sequence, "N", "corpus: tokens a sequence (128)");
  add("--accumulate", options.accumulate, "N", "batches a step, whose gradients are added (1)");
  cli.add_flag("--checkpointing", options.checkpointing, "compute activations again instead of keeping them");
  add("--out", options.out, "DIR", "save the adapter or the model there, and the run's state");
  cli.add_flag("--merge", options.merge, "save the whole model with the adapters merged into its weights");
  cli.add_flag("--resume", options.resume, "go on with the run whose state lies in --out");
}

Result<TrainSettings> read_train_settings(const TrainOptions& options, const Common& common) {
  if (auto checked = check_files(options); !checked) return checked.error();
  if (auto checked = check_numbers(options); !checked) return checked.error();
  TrainSettings settings;
  const auto method = parse_method(options.method);
  if (!method) return method.error();
  settings.method = *method;
  const auto optimizer = parse_optimizer(options.optimizer);
  if (!optimizer) return optimizer.error();
  settings.optimizer.kind = *optimizer;
  settings.optimizer.weight_decay = options.weight_decay;
  auto quantization = quantization_of(options.type, options.block_size, options.double_quantization);
  if (!quantization) return quantization.error();
  settings.quantization = *std::move(quantization);
  if (options.schedule != "constant" && options.schedule != "cosine") {
    return usage(fmt::format("--schedule is '{}'", options.schedule), "use constant or cosine");
  }
  settings.schedule = options.schedule == "cosine" ? Schedule::cosine : Schedule::constant;
  const auto seed = read_seed(common.seed);
  if (!seed) return seed.error();
  settings.seed = *seed;
  settings.lora = {options.rank, options.alpha, options.dropout, options.targets, *seed};
  settings.learning_rate = options.learning_rate;
  settings.clip = options.clip;
  settings.warmup = options.warmup;
  settings.checkpointing = options.checkpointing;
  return settings;
}

// Checkpointing and threads change no bit of a run; neither do steps, unless the schedule ends with them.
std::string TrainOptions::fingerprint(const TrainSettings& settings) const {
  std::string lines;
  const auto add = [&](const char* name, const auto& value) { lines += fmt::format("{} {}\n", name, value); };
  add("--model", model);
  add(batches.empty() ? "--corpus" : "--batches", batches.empty() ? corpus : batches);
  add("--method", method);
  add("--optimizer", optimizer);
  add("--lr", learning_rate);
  add("--weight-decay", weight_decay);
  add("--clip", clip);
  add("--warmup", warmup);
  add("--schedule", schedule);
  if (settings.schedule == Schedule::cosine) add("--steps", settings.steps);
  add("--seed", settings.seed);
  add("--accumulate", accumulate);
  if (batches.empty()) {
    add("--batch", batch);
    add("--sequence", sequence);
  }
  if (settings.method != Method::full) {
    add("--rank", settings.lora.rank);
    add("--alpha", settings.lora.alpha);
    add("--dropout", settings.lora.dropout);
    add("--targets", fmt::format("{}", fmt::join(settings.lora.targets, ",")));
  }
  if (settings.method == Method::qlora) {
    add("--type", type);
    add("--block", block_size);
    add("--double-quant", double_quantization);
  }
  return lines;
}

}  // namespace qlab::cli
