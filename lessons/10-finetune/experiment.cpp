// finetune: the five stages of a training script on a model small enough to watch.
#include "lessons/10-finetune/finetune.hpp"

namespace qlab::lessons {
namespace {

Result<FinetuneSettings> settings_of(const Parameters& parameters) {
  FinetuneSettings settings;
  for (const training::Method method : {training::Method::full, training::Method::lora, training::Method::qlora}) {
    if (parameters.flag(training::name_of(method))) settings.methods.push_back(method);
  }
  if (settings.methods.empty()) {
    return Error{Errc::bad_argument, "no method is chosen", "finetune", "choose full, lora or qlora"};
  }
  auto quantization = training::quantization_of(
      parameters.text("type"), static_cast<int>(parameters.integer("block_size")), parameters.flag("double_quant"));
  if (!quantization) return quantization.error();
  settings.train.quantization = *std::move(quantization);
  settings.train.lora.rank = parameters.integer("rank");
  settings.train.lora.alpha = parameters.number("alpha");
  settings.train.clip = 1;
  settings.train.schedule = training::Schedule::cosine;
  settings.train.checkpointing = parameters.flag("checkpointing");
  settings.full_rate = parameters.number("full_rate");
  settings.adapter_rate = parameters.number("adapter_rate");
  settings.steps = parameters.integer("steps");
  settings.seeds = parameters.integer("seeds");
  settings.seed = static_cast<std::uint64_t>(parameters.integer("seed"));
  settings.sampling = {parameters.number("temperature"), parameters.number("top_p"), settings.seed};
  return settings;
}

}  // namespace

Result<Report> finetune_experiment(const Parameters& parameters, const Context& context) {
  const auto settings = settings_of(parameters);
  if (!settings) return settings.error();
  const auto comparison = compare_methods(*settings, context, [&](const Comparison& so_far, double done) {
    context.tell(report_of(so_far, *settings));
    context.tell_progress(done);
  });
  if (!comparison) return comparison.error();
  Report report = report_of(*comparison, *settings);
  report.complete = !context.stop.stop_requested();
  return report;
}

}  // namespace qlab::lessons
