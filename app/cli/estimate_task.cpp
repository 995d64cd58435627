// Reads the options of `qloralab estimate`: the model, the recipe, the card.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/cli/estimate.hpp"
#include "app/data_root.hpp"
#include "core/memory/fit/check_plan.hpp"
#include "core/memory/step/step_cases.hpp"

namespace qlab::cli {
namespace {

namespace fs = std::filesystem;

const std::string where = "qloralab estimate";

bool is_path(const std::string& named) { return named.find('/') != std::string::npos || named.ends_with(".json"); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// The file of assets/FOLDER that is called so; not_found with the names there are.
Result<fs::path> find_asset(const char* folder, const char* what, const std::string& named) {
  const auto root = data_root();
  if (!root) return root.error();
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(*root / "assets" / folder, code)) {
    if (entry.path().extension() != ".json") continue;
    names.push_back(entry.path().stem().string());
    if (names.back() == lower(named)) return entry.path();
  }
  std::sort(names.begin(), names.end());
  return Error{Errc::not_found, fmt::format("no {} is called '{}'", what, named.substr(0, 40)), where,
               fmt::format("give the path of a JSON file or one of {}", fmt::join(names, ", "))};
}

constexpr std::int64_t most_layers = 4096, most_hidden = 262'144, most_vocab = 16'777'216;

Result<ModelShape> free_shape(const EstimateOptions& typed) {
  const auto check = [](const char* option, std::int64_t value, std::int64_t most) -> std::optional<Error> {
    if (value >= 1 && value <= most) return std::nullopt;
    return Error{Errc::bad_argument, fmt::format("{} is {}", option, value), where,
                 fmt::format("use a whole number from 1 to {}", most)};
  };
  const std::int64_t hidden = typed.hidden.value_or(4096), layers = typed.layers.value_or(32);
  const std::int64_t vocab = typed.vocab.value_or(32000);
  if (auto error = check("--hidden", hidden, most_hidden)) return *error;
  if (auto error = check("--layers", layers, most_layers)) return *error;
  if (auto error = check("--vocab", vocab, most_vocab)) return *error;
  return llama_like_shape(hidden, layers, vocab);
}

Result<ModelShape> read_model(const EstimateOptions& typed, std::string& name) {
  const bool free = typed.hidden || typed.layers || typed.vocab;
  if (free && !typed.model.empty()) {
    return Error{Errc::bad_argument, "--model beside --hidden, --layers or --vocab", where, "give one or the other"};
  }
  if (free) {
    auto shape = free_shape(typed);
    if (shape) name = fmt::format("H {}, L {}, V {}", shape->hidden_size, shape->num_layers, shape->vocab_size);
    return shape;
  }
  name = typed.model;
  if (is_path(typed.model)) return load_model_shape(typed.model);
  const auto file = find_asset("models", "model", typed.model);
  if (!file) return file.error();
  name = file->stem().string();
  return load_model_shape(*file);
}

Result<Profile> read_profile(const EstimateOptions& typed) {
  const std::string named = typed.profile.empty() ? "peft-kbit" : typed.profile;
  if (is_path(named)) return load_profile(named);
  const auto file = find_asset("profiles", "profile", named);
  if (!file) return file.error();
  return load_profile(*file);
}

/// The options as the settings of a case, whose reader knows every name and range.
nlohmann::json case_of(const EstimateOptions& typed, const Profile& profile, const std::string& method) {
  const bool full = method.starts_with("full");
  const std::string canonical = method == "full" ? "full_bf16" : method == "lora" ? "lora_bf16" : method;
  nlohmann::json described = {{"method", canonical}, {"batch", typed.batch}, {"seq", typed.seq}};
  if (!full) {
    const auto& named = typed.targets.empty() ? profile.targets : typed.targets;
    const nlohmann::json targets = named.size() == 1 ? nlohmann::json(named.front()) : nlohmann::json(named);
    described["lora"] = {typed.rank.value_or(profile.rank), targets};
    if (typed.lora_dropout) described["lora_dropout"] = *typed.lora_dropout;
  }
  if (!typed.attention.empty()) described["attn"] = typed.attention;
  if (!typed.checkpointing.empty()) described["ckpt"] = typed.checkpointing;
  if (!typed.optimizer.empty()) described["optimizer"] = typed.optimizer;
  if (!typed.half.empty()) described["half"] = typed.half;
  if (typed.accumulation) described["accumulation"] = *typed.accumulation;
  return described;
}

}  // namespace

Result<Plan> plan_of(const EstimateOptions& typed, const Profile& profile, const ModelShape& shape,
                     const std::string& method) {
  const auto read = parse_step_settings(case_of(typed, profile, method).dump(), shape, where);
  if (!read) return read.error();
  Profile chosen = profile;
  if (!typed.half.empty()) {  // the profile's 16-bit types follow
    for (Dtype* type : {&chosen.full_weights, &chosen.lora_base, &chosen.unquantized, &chosen.adapters}) {
      if (*type != Dtype::f32) *type = read->half;
    }
    chosen.half = read->half;
  }
  Plan plan{shape, settings_of(chosen, read->method, shape), typed.expandable_segments};
  StepSettings& settings = plan.settings;
  settings.batch = read->batch;
  settings.seq = read->seq;
  settings.accumulation = read->accumulation;
  if (method.find('_') != std::string::npos) {  // a name of the reference runs says these itself
    settings.base = read->base;
    settings.adapters_fp32 = read->adapters_fp32;
    settings.kbit_preparation = read->kbit_preparation;
  }
  if (settings.lora) {
    settings.lora->rank = read->lora->rank;
    if (!typed.targets.empty()) settings.lora->targets = read->lora->targets;
    if (typed.lora_dropout) settings.lora->dropout = read->lora->dropout;
  }
  if (!typed.attention.empty()) settings.attention = read->attention;
  if (!typed.checkpointing.empty()) settings.checkpointing = read->checkpointing;
  if (!typed.optimizer.empty()) settings.optimizer = read->optimizer;
  if (typed.no_double_quantization) settings.double_quantization = false;
  if (typed.checkpoint_every) {
    if (*typed.checkpoint_every < 1 || *typed.checkpoint_every > shape.num_layers) {
      return Error{Errc::bad_argument, fmt::format("--ckpt-every is {}", *typed.checkpoint_every), where,
                   fmt::format("use a whole number from 1 to {}", shape.num_layers)};
    }
    settings.checkpoint_every = *typed.checkpoint_every;
  }
  return plan;
}

Result<views::ExportSettings> export_settings(const EstimateOptions& typed, const Common& common) {
  views::ExportSettings settings;
  if (typed.out.empty() && typed.formats.empty()) return settings;
  if (typed.out.empty() || typed.formats.empty()) {
    return Error{Errc::bad_argument, typed.out.empty() ? "--export without --out" : "--out without --export", where,
                 "use both: --out DIR --export png,svg,pdf,csv,json,html"};
  }
  auto formats = views::parse_export_formats(typed.formats);
  if (!formats) return formats.error();
  settings.formats = *std::move(formats);
  settings.folder = typed.out;
  settings.style.theme = common.theme;
  settings.style.language = common.language;
  return settings;
}

Result<EstimateTask> read_task(const EstimateOptions& typed, const Common& common) {
  EstimateTask task;
  task.command = typed.command;
  auto exported = export_settings(typed, common);
  if (!exported) return exported.error();
  task.exported = *std::move(exported);
  const auto shape = read_model(typed, task.model);
  if (!shape) return shape.error();
  auto profile = read_profile(typed);
  if (!profile) return profile.error();
  task.profile = *std::move(profile);
  auto plan = plan_of(typed, task.profile, *shape, typed.method);
  if (!plan) return plan.error();
  task.plan = *std::move(plan);
  const auto root = data_root();
  if (!root) return root.error();
  if (!typed.gpu.empty()) {
    const auto cards = load_cards(*root / "assets" / "gpus.json");
    if (!cards) return cards.error();
    auto memory = parse_card_memory(typed.gpu, *cards);
    if (!memory) return memory.error();
    task.memory = *std::move(memory);
    task.plan.settings.flash_attention = task.memory->overheads.flash_attention;
    if (!task.memory->hint.empty()) fmt::print(stderr, "qloralab: note: {}\n", task.memory->hint);
  }
  const auto warnings = check_plan(task.plan);
  if (!warnings) return warnings.error();
  for (const std::string& warning : *warnings) fmt::print(stderr, "qloralab: warning: {}\n", warning);
  return task;
}

Result<std::vector<Preset>> load_presets() {
  const auto root = data_root();
  if (!root) return root.error();
  std::vector<Preset> presets;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(*root / "assets" / "models", code)) {
    auto shape = load_model_shape(entry.path());
    if (!shape) return shape.error();
    presets.push_back({entry.path().stem().string(), *std::move(shape)});
  }
  std::sort(presets.begin(), presets.end(), [](const Preset& a, const Preset& b) { return a.name < b.name; });
  return presets;
}

}  // namespace qlab::cli
