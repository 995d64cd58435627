// `qloralab estimate`: how much memory a training step takes, and whether a card has it.
#include "app/cli/estimate.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "app/cli/terminal.hpp"
#include "app/views/csv.hpp"
#include "app/views/text.hpp"
#include "lessons/engine/shell.hpp"

namespace qlab::cli {
namespace {

Result<int> run_estimate(const EstimateOptions& typed, const Common& common) {
  const bool shape = !typed.model.empty() || typed.hidden || typed.layers || typed.vocab;
  const int given = (typed.cases.empty() ? 0 : 1) + (typed.measured.empty() ? 0 : 1) + (shape ? 1 : 0);
  if (given != 1) {
    return Error{Errc::bad_argument, "it takes exactly one of --model, --cases and --measured", "qloralab estimate",
                 "see qloralab estimate --help"};
  }
  if (!typed.trace.empty() && !shape) {
    return Error{Errc::bad_argument, "--trace without --model", "qloralab estimate", "a trace is of one step"};
  }
  if (!typed.cases.empty()) return estimate_cases(typed.cases, common);
  if (!typed.measured.empty()) return estimate_measured(typed, common);
  if (!typed.sweep.empty() && !typed.compare.empty()) {
    return Error{Errc::bad_argument, "--sweep beside --compare", "qloralab estimate", "give one or the other"};
  }
  if (!typed.trace.empty() && !(typed.sweep.empty() && typed.compare.empty())) {
    return Error{Errc::bad_argument, "--trace beside --sweep or --compare", "qloralab estimate",
                 "a trace is of one step"};
  }
  if (!typed.sweep.empty()) return estimate_sweep(typed, common);
  if (!typed.compare.empty()) return estimate_compare(typed, common);
  return estimate_one(typed, common);
}

/// What was typed, but for where files go.
std::string command_line(const CLI::App& app) {
  std::string line = "qloralab estimate";
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || name == "--out" || name == "--export" || name == "--help") continue;
    line += " " + name;
    if (option->get_expected_max() == 0) continue;  // a flag
    std::string values;
    for (const std::string& value : option->results()) values += (values.empty() ? "" : ",") + value;
    line += " " + lessons::shell_quoted(values);
  }
  return line;
}

}  // namespace

Result<Done> show(EstimateAnswer answer, const views::ExportSettings& exported, const std::string& command,
                  const Common& common) {
  lessons::Lesson page;  // what the views call the answer
  page.id = "estimate";
  page.title = std::move(answer.title);
  page.summary = std::move(answer.summary);
  page.scenarios.push_back({.name = "default", .title = {}, .set = {}, .expectations = {}});
  const lessons::LessonRun run{&page, "default", Parameters({}), std::move(answer.report), command};
  if (!exported.formats.empty()) {
    if (const auto written = views::export_run(run, exported); !written) return written.error();
  }
  switch (common.format) {
    case Format::json: return print(answer.json);
    case Format::csv: return print(views::csv_of_tables(run.report, common.language));
    case Format::text: return print(views::text(run, text_style(common.language)));
    case Format::log: break;
  }
  return no_such_format(common.format, "estimate", "text, json or csv");
}

Handler declare_estimate(CLI::App& cli) {
  const auto o = std::make_shared<EstimateOptions>();
  const auto group = [](const char* name) { return [name](CLI::Option* option) { return option->group(name); }; };
  const auto what = group("What is trained");
  what(cli.add_option("--model", o->model, "a preset, or a config.json as it comes from the hub"))
      ->type_name("NAME|FILE");
  what(cli.add_option("--hidden", o->hidden, "instead of --model: a llama-like shape of this hidden size"))
      ->type_name("H");
  what(cli.add_option("--layers", o->layers, "of that shape"))->type_name("L");
  what(cli.add_option("--vocab", o->vocab, "of that shape"))->type_name("V");
  what(cli.add_option("--method", o->method, "full, lora, qlora, or a name of the reference runs"))
      ->capture_default_str()
      ->type_name("METHOD");
  what(cli.add_option("--seq", o->seq, "tokens in a sequence"))->capture_default_str()->type_name("T");
  what(cli.add_option("--batch", o->batch, "sequences in a batch"))->capture_default_str()->type_name("B");
  what(cli.add_option("--accumulation", o->accumulation, "batches before the optimizer's step"))->type_name("N");
  const auto how = group("How (the profile says what is not given)");
  how(cli.add_option("--profile", o->profile,
                     "peft-kbit (default), peft-plain, litgpt-bf16-true, torchtune, or a file"))
      ->type_name("NAME|FILE");
  how(cli.add_option("--rank", o->rank, "of the adapters"))->type_name("R");
  how(cli.add_option("--targets", o->targets, "of the adapters: qv, qkvo, all-linear, or names of Linears"))
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  how(cli.add_option("--lora-dropout", o->lora_dropout, "of the adapters' inputs"))->type_name("P");
  how(cli.add_option("--dtype", o->half, "the 16-bit type: bf16 or fp16"))->type_name("TYPE");
  how(cli.add_flag("--no-double-quant", o->no_double_quantization, "keep the constants of 4-bit weights in fp32"));
  how(cli.add_option("--optimizer", o->optimizer,
                     "adamw_torch_foreach, adamw_torch_fused, adamw_bnb_8bit, paged_adamw_8bit, paged_adamw_32bit, "
                     "sgd"))
      ->type_name("NAME");
  how(cli.add_option("--attn", o->attention, "eager or sdpa"))->type_name("KIND");
  how(cli.add_option("--ckpt", o->checkpointing, "none, nonreentrant or reentrant"))->type_name("KIND");
  how(cli.add_option("--ckpt-every", o->checkpoint_every, "layers behind one checkpoint"))->type_name("K");
  how(cli.add_flag("--expandable-segments", o->expandable_segments,
                   "as PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True"));
  const auto answer = group("What is answered");
  answer(cli.add_option("--gpu", o->gpu, "a verdict for a card: 24 or 24GiB, 24GB, 24e9, \"RTX 4090\", A100-40GB ..."))
      ->type_name("SIZE|CARD");
  answer(cli.add_flag("--suggest", o->suggest, "how far batch, length, rank and model may go; what makes it fit"));
  answer(cli.add_option("--compare", o->compare, "methods side by side, for example full,lora,qlora"))
      ->type_name("METHOD,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  answer(cli.add_option("--sweep", o->sweep,
                        "a grid over one or two of seq, batch, rank, accumulation, layers, hidden, vocab: "
                        "seq=512:8192:512,batch=1:8"))
      ->type_name("KEY=FIRST:LAST:STEP,...");
  answer(cli.add_option("--trace", o->trace,
                        "write every allocation and free: .csv, .json, or .pickle for pytorch.org/memory_viz"))
      ->type_name("FILE");
  answer(cli.add_option("--out", o->out, "folder for exported files"))->type_name("DIR");
  answer(cli.add_option("--export", o->formats, "what to export, for example png,csv"))
      ->type_name("png,svg,pdf,csv,json,html");
  const auto files = group("Files of runs");
  files(cli.add_option("--cases", o->cases, "a JSON array of {\"config\", \"settings\"}; answers as JSON"))
      ->type_name("FILE");
  files(cli.add_option("--measured", o->measured, "measured runs, to set predictions beside them"))->type_name("FILE");
  return [o, &cli](const Common& common) {
    o->command = command_line(cli);
    return run_estimate(*o, common);
  };
}

}  // namespace qlab::cli
