#include <cstdlib>
#include <utility>

#include "lessons/01-why-qlora/why_qlora.hpp"

namespace qlab::lessons::why_qlora {
namespace {

/// "llama-2-7b" is called a model of 7e9 parameters.
double nominal_parameters(const std::string& id) {
  return 1e9 * std::strtod(id.c_str() + id.find_last_of('-') + 1, nullptr);
}

}  // namespace

Result<Subject> subject_of(const Parameters& parameters, const Context& context) {
  Subject subject;
  subject.id = parameters.text("model");
  auto shape = load_model_shape(context.assets / "models" / (subject.id + ".json"));
  if (!shape) return shape.error();
  subject.shape = *std::move(shape);
  subject.nominal = nominal_parameters(subject.id);
  subject.parameters = static_cast<double>(count_parameters(subject.shape).total());
  subject.sizes = {parameters.integer("batch_size"), parameters.integer("seq_length"), parameters.integer("rank")};
  subject.printed = classroom::practice_task(subject.nominal);
  for (std::size_t i = 0; i < methods.size(); ++i) {
    Run& run = subject.runs[i];
    run.settings = recipe(methods[i], subject.shape, subject.sizes);
    auto ledger = step_ledger(subject.shape, run.settings);
    if (!ledger) return ledger.error();
    auto step = simulate_figures(subject.shape, run.settings);
    if (!step) return step.error();
    run.ledger = *std::move(ledger);
    run.step = *step;
  }
  return subject;
}

Result<StepFigures> published_run(TrainingMethod method, const ModelShape& llama_2_7b) {
  StepSettings settings;
  settings.method = method;
  settings.seq = 1304;
  settings.checkpointing = Checkpointing::none;
  settings.lora = LoraSettings{8, lora_targets(llama_2_7b, "qv"), 0};
  settings.adapters_fp32 = settings.kbit_preparation = settings.autocast = settings.double_quantization = false;
  return simulate_figures(llama_2_7b, settings);
}

}  // namespace qlab::lessons::why_qlora
