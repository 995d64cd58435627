// `qloralab estimate`: how much memory a training step takes. Cases of a file, measured runs of a file, or one model
// from the command line with a verdict for a card.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/cli/command.hpp"
#include "app/cli/terminal.hpp"
#include "app/data_root.hpp"
#include "app/views/columns.hpp"
#include "core/base/units.hpp"
#include "core/memory/step/measured_runs.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/memory/step/step_cases.hpp"

namespace qlab::cli {
namespace {

using Json = nlohmann::ordered_json;

struct EstimateOptions {
  std::string cases, measured, model, method = "qlora", targets = "all-linear", attention = "sdpa";
  std::string checkpointing = "nonreentrant", optimizer = "paged_adamw_8bit", gpu;
  std::int64_t seq = 1024, batch = 1, rank = 16;
};

constexpr std::uintmax_t max_file_bytes = 64 << 20;

Result<std::string> read_text(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    return Error{Errc::not_found, "no such file", path, "give the path of a JSON file"};
  }
  if (std::filesystem::file_size(path, code) > max_file_bytes || code) {
    return Error{Errc::bad_file, "too large to read", path, "give a file of at most 64 MiB"};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) return Error{Errc::io, "cannot be read", path, "check its permissions"};
  return text;
}

Json parameters_json(const ModelShape& shape, const StepSettings& settings) {
  const ParameterCounts counts = count_parameters(shape);
  Json by_kind = {
      {"embedding", counts.embedding}, {"attention", counts.attention}, {"mlp", counts.mlp}, {"norm", counts.norm}};
  if (counts.lm_head > 0) by_kind["lm_head"] = counts.lm_head;
  const bool quantized = settings.method == TrainingMethod::qlora;
  const std::int64_t trainable =
      settings.lora ? adapter_parameters(shape, settings.lora->rank, settings.lora->targets) : counts.total();
  return {{"total", counts.total()},
          {"by_kind", by_kind},
          {"quantized", quantized ? quantized_linears(shape).weights : 0},
          {"trainable", trainable}};
}

Json step_json(const ModelShape& shape, const StepSettings& settings, const StepFigures& step, std::int64_t reserved) {
  Json phases;
  for (std::size_t i = 1; i < step.phase_peaks.size(); ++i) {
    phases[name_of(static_cast<step::Phase>(i))] = step.phase_peaks[i];
  }
  Json breakdown;
  for (std::size_t i = 0; i < step.breakdown.size(); ++i) {
    if (step.breakdown[i] != 0) breakdown[name_of(static_cast<step::Category>(i))] = step.breakdown[i];
  }
  return {{"peak_bytes", step.peak_bytes},
          {"peak_bytes_cuda", step.peak_bytes_cuda},
          {"peak_phase", name_of(step.peak_phase)},
          {"phase_peaks", phases},
          {"breakdown", breakdown},
          {"peak_reserved_bytes", reserved},
          {"optimizer_paged_bytes", step.paged_bytes},
          {"parameters", parameters_json(shape, settings)}};
}

Result<int> estimate_cases(const EstimateOptions& typed, const Common& common) {
  if (common.format != Format::json) return no_such_format(common.format, "estimate --cases", "json");
  const auto text = read_text(typed.cases);
  if (!text) return text.error();
  const Json cases = Json::parse(*text, nullptr, false);
  if (!cases.is_array()) {
    return Error{Errc::bad_file, "not a JSON array of cases", typed.cases,
                 R"(give [{"config": ..., "settings": ...}])"};
  }
  const auto folder = std::filesystem::path(typed.cases).parent_path();
  Json answer = Json::array();
  for (const Json& one : cases) {
    const std::string where = fmt::format("{}, case {}", typed.cases, answer.size());
    if (!one.is_object() || !one.contains("config") || !one["config"].is_string() || !one.contains("settings")) {
      return Error{Errc::bad_file, "a case lacks config or settings", where,
                   R"(give "config": PATH, "settings": {...})"};
    }
    // A relative path counts from where the program runs, or else from the file of cases.
    std::filesystem::path config = one["config"].get<std::string>();
    if (config.is_relative() && !std::filesystem::exists(config)) config = folder / config;
    const auto shape = load_model_shape(config);
    if (!shape) return shape.error();
    const auto settings = parse_step_settings(one["settings"].dump(), *shape, where);
    if (!settings) return settings.error();
    const auto step = simulate_figures(*shape, *settings);
    if (!step) return Error{step.error().code, step.error().what, where, step.error().hint};
    const auto replay = replay_allocator(*shape, *settings);
    if (!replay) return replay.error();
    answer.push_back(step_json(*shape, *settings, *step, replay->peak_reserved_bytes));
  }
  const auto printed = print(answer.dump(2) + "\n");
  if (!printed) return printed.error();
  return 0;
}

Result<int> estimate_measured(const EstimateOptions& typed, const Common& common) {
  if (common.format != Format::json && common.format != Format::text) {
    return no_such_format(common.format, "estimate --measured", "text or json");
  }
  const auto text = read_text(typed.measured);
  if (!text) return text.error();
  const auto runs = parse_measured_runs(*text, typed.measured);
  if (!runs) return runs.error();
  Json rows = Json::array();
  views::Columns table{{{"run", "measured MiB", "predicted MiB", "of it cuBLAS", "error %"}},
                       {false, true, true, true, true}};
  double sum = 0;
  double worst = 0;
  for (const MeasuredRun& run : *runs) {
    const auto predicted = predicted_bytes(run);
    if (!predicted) return predicted.error();
    const double error =
        100.0 * static_cast<double>(*predicted - run.measured_bytes) / static_cast<double>(run.measured_bytes);
    sum += std::abs(error);
    if (std::abs(error) > std::abs(worst)) worst = error;
    rows.push_back({{"measured_bytes", run.measured_bytes},
                    {"predicted_bytes", *predicted},
                    {"error_percent", error},
                    {"cublas_workspace_bytes", run.workspace_bytes},
                    {"name", run.name}});
    const auto mib = [](std::int64_t bytes) { return fmt::format("{:.2f}", static_cast<double>(bytes) / (1 << 20)); };
    table.rows.push_back(
        {run.name, mib(run.measured_bytes), mib(*predicted), mib(run.workspace_bytes), fmt::format("{:+.3f}", error)});
  }
  const double mean = runs->empty() ? 0.0 : sum / static_cast<double>(runs->size());
  std::string out;
  if (common.format == Format::json) {
    const Json document = {{"format_version", 1},
                           {"rows", rows},
                           {"mean_abs_error_percent", mean},
                           {"worst_error_percent", std::abs(worst)}};
    out = document.dump(2) + "\n";
  } else {
    for (const std::string& line : views::aligned(table, text_style(common.language).width)) out += line + "\n";
    out += fmt::format("\nmean {:.3f} %, worst {:.3f} %\n", mean, std::abs(worst));
  }
  const auto printed = print(out);
  if (!printed) return printed.error();
  return 0;
}

/// "24" and "24GiB" are GiB, "24GB" and "24e9" are bytes in powers of ten.
Result<std::int64_t> card_bytes(const std::string& typed) {
  const std::string hint = "give 24 or 24GiB (2^30 bytes each), 24GB (1e9) or 24e9 (bytes)";
  char* end = nullptr;
  const double number = std::strtod(typed.c_str(), &end);
  const std::string unit = end;
  const bool plain_bytes = typed.find_first_of("eE") != std::string::npos && unit.empty();
  const double scale = unit == "GB" ? bytes_per_GB : plain_bytes ? 1.0 : bytes_per_GiB;
  if (end == typed.c_str() || !(unit.empty() || unit == "GiB" || unit == "GB") || !(number * scale >= 1e8) ||
      !(number * scale <= 1e15)) {
    return Error{Errc::bad_argument, fmt::format("--gpu is '{}'", typed.substr(0, 40)), "qloralab estimate", hint};
  }
  return std::llround(number * scale);
}

Result<ModelShape> find_model(const std::string& named) {
  if (named.find('/') != std::string::npos || named.ends_with(".json")) return load_model_shape(named);
  const auto root = data_root();
  if (!root) return root.error();
  const auto preset = *root / "assets" / "models" / (named + ".json");
  std::error_code code;
  if (std::filesystem::exists(preset, code)) return load_model_shape(preset);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(*root / "assets" / "models", code)) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return Error{Errc::not_found, fmt::format("no model is called '{}'", named.substr(0, 40)), "qloralab estimate",
               fmt::format("give the path of a config.json or one of {}", fmt::join(names, ", "))};
}

/// What a card has to hold besides: the CUDA context as measured on a T4, and the workspaces of cuBLAS.
constexpr std::int64_t context_bytes = std::int64_t{141} << 20;

Result<int> estimate_one(const EstimateOptions& typed, const Common& common) {
  if (common.format != Format::text && common.format != Format::json) {
    return no_such_format(common.format, "estimate", "text or json");
  }
  const auto shape = find_model(typed.model);
  if (!shape) return shape.error();
  const bool full = typed.method == "full" || typed.method.starts_with("full_");
  const std::string method = typed.method == "full" ? "full_bf16" : typed.method == "lora" ? "lora_bf16" : typed.method;
  Json described = {{"method", method},
                    {"batch", typed.batch},
                    {"seq", typed.seq},
                    {"attn", typed.attention},
                    {"ckpt", typed.checkpointing},
                    {"optimizer", typed.optimizer},
                    {"autocast", method == "qlora"}};
  if (!full) described["lora"] = {typed.rank, typed.targets};
  const auto settings = parse_step_settings(described.dump(), *shape, "qloralab estimate");
  if (!settings) return settings.error();
  std::optional<std::int64_t> capacity;
  if (!typed.gpu.empty()) {
    const auto bytes = card_bytes(typed.gpu);
    if (!bytes) return bytes.error();
    capacity = *bytes;
  }
  const auto step = simulate_figures(*shape, *settings);
  if (!step) return step.error();
  const auto replay = replay_allocator(*shape, *settings);
  if (!replay) return replay.error();
  const std::int64_t reserved = std::max(replay->peak_reserved_bytes, step->peak_bytes_cuda);
  const std::int64_t workspaces = cublas_workspace_bytes("");
  const std::int64_t process = reserved + workspaces + context_bytes;
  const bool fits = !capacity || process <= *capacity;

  Json document = step_json(*shape, *settings, *step, replay->peak_reserved_bytes);
  document["cublas_workspace_bytes"] = workspaces;
  document["cuda_context_bytes"] = context_bytes;
  document["process_bytes"] = process;
  if (capacity) {
    document["gpu_bytes"] = *capacity;
    document["fits"] = fits;
  }
  std::string out;
  if (common.format == Format::json) {
    Json versioned = {{"format_version", 1}};
    versioned.update(document);
    out = versioned.dump(2) + "\n";
  } else {
    views::Columns table{{{"part", "GiB"}}, {false, true}};
    const auto row = [&table](const std::string& name, std::int64_t bytes) {
      table.rows.push_back({name, fmt::format("{:.3f}", static_cast<double>(bytes) / bytes_per_GiB)});
    };
    for (std::size_t i = 0; i < step->breakdown.size(); ++i) {
      if (step->breakdown[i] != 0) row(name_of(static_cast<step::Category>(i)), step->breakdown[i]);
    }
    row(fmt::format("peak of tensors ({})", name_of(step->peak_phase)), step->peak_bytes);
    row("peak with what kernels take", step->peak_bytes_cuda);
    row("reserved by the allocator", reserved);
    row("cuBLAS workspaces", workspaces);
    row("CUDA context", context_bytes);
    row("what nvidia-smi would show", process);
    for (const std::string& line : views::aligned(table, text_style(common.language).width)) out += line + "\n";
    if (capacity) {
      const double margin = static_cast<double>(*capacity - process) / bytes_per_GiB;
      out += fits ? fmt::format("\nfits, with {:.2f} GiB to spare\n", margin)
                  : fmt::format("\ndoes not fit: {:.2f} GiB too much, at the {}'s peak\n", -margin,
                                name_of(step->peak_phase));
    }
  }
  if (settings->lora) {
    const auto unmatched = unmatched_targets(*shape, settings->lora->targets);
    std::vector<std::string> names;
    for (const LinearModule& linear : linears_of_layer(*shape)) names.emplace_back(linear.name);
    if (!unmatched.empty()) {
      fmt::print(stderr, "qloralab: warning: no module is called {} (--targets): the model has {}\n",
                 fmt::join(unmatched, ", "), fmt::join(names, ", "));
    }
  }
  const auto printed = print(out);
  if (!printed) return printed.error();
  return fits ? 0 : 1;
}

Result<int> run_estimate(const EstimateOptions& typed, const Common& common) {
  const int given = (typed.cases.empty() ? 0 : 1) + (typed.measured.empty() ? 0 : 1) + (typed.model.empty() ? 0 : 1);
  if (given != 1) {
    return Error{Errc::bad_argument, "it takes exactly one of --model, --cases and --measured", "qloralab estimate",
                 "see qloralab estimate --help"};
  }
  if (!typed.cases.empty()) return estimate_cases(typed, common);
  if (!typed.measured.empty()) return estimate_measured(typed, common);
  return estimate_one(typed, common);
}

}  // namespace

Handler declare_estimate(CLI::App& cli) {
  const auto o = std::make_shared<EstimateOptions>();
  cli.add_option("--model", o->model, "a preset, or the path of a config.json as it comes from the hub")
      ->type_name("NAME|FILE");
  cli.add_option("--method", o->method, "what is trained: full, lora, qlora, or a name of the reference runs")
      ->capture_default_str();
  cli.add_option("--seq", o->seq, "tokens in a sequence")->capture_default_str();
  cli.add_option("--batch", o->batch, "sequences in a batch")->capture_default_str();
  cli.add_option("--rank", o->rank, "of the adapters")->capture_default_str();
  cli.add_option("--targets", o->targets, "of the adapters: qv, qkvo, all-linear or the name of a Linear")
      ->capture_default_str();
  cli.add_option("--optimizer", o->optimizer,
                 "adamw_torch_foreach, adamw_torch_fused, adamw_bnb_8bit, paged_adamw_8bit, paged_adamw_32bit or sgd")
      ->capture_default_str();
  cli.add_option("--attn", o->attention, "eager or sdpa")->capture_default_str();
  cli.add_option("--ckpt", o->checkpointing, "none, nonreentrant or reentrant")->capture_default_str();
  cli.add_option("--gpu", o->gpu, "the card's memory, for a verdict: 24 or 24GiB, 24GB, 24e9")->type_name("SIZE");
  cli.add_option("--cases", o->cases, "a JSON array of {\"config\", \"settings\"}; answers as JSON")->type_name("FILE");
  cli.add_option("--measured", o->measured, "measured runs, to set predictions beside them")->type_name("FILE");
  return [o](const Common& common) { return run_estimate(*o, common); };
}

}  // namespace qlab::cli
